/** @file The published RT-DETR and RT-DETRv2 detectors (arXiv:2304.08069, Table 2; arXiv:2407.17140, Table 1). */
import { hgNetV2H, hgNetV2L, hgNetV2X } from '../../backbones/index.js'
import { sigmoidTopK } from '../../postprocess/index.js'
import { ConfigError } from '../../tensor/index.js'
import { COCO_CLASSES } from '../coco-classes.js'
import type {
  ConfiguredParts,
  DetectionModel,
  InputConvention,
  ModelChoices,
  PublishedFigures,
  PublishedWeights,
} from '../model.js'
import { rtdetrLayouts } from './layouts.js'
import { type HybridRtDetrConfig, RtDetr, type RtDetrConfig, rtdetrR50 } from './rtdetr.js'

/** 640×640 whatever the proportions were; values 0..1, no other normalisation. */
export const rtdetrInput: InputConvention = {
  resize: { kind: 'stretch', height: 640, width: 640 },
  mean: [0, 0, 0],
  std: [1, 1, 1],
}

/** Detections per image, as the authors evaluate. */
const DETECTIONS = 300

/** An RT-DETR that can be named, from its configuration. */
export function rtdetrModel(
  name: string,
  title: string,
  config: RtDetrConfig,
  published?: { readonly weights?: PublishedWeights; readonly figures: PublishedFigures },
): DetectionModel {
  const layers = Array.from({ length: config.decoder.layers }, (_, i) => `decoder.dec_score_head.${i}`)
  return {
    family: 'rtdetr',
    name,
    title,
    ...configured(name, config),
    classNames: COCO_CLASSES,
    input: rtdetrInput,
    layouts: rtdetrLayouts,
    classHead: [
      ...['decoder.enc_score_head', ...layers].flatMap((head) => [`${head}.weight`, `${head}.bias`]),
      'decoder.denoising_class_embed.weight',
    ],
    ...(published?.weights === undefined ? {} : { weights: published.weights }),
    ...(published === undefined ? {} : { published: published.figures }),
    classesOfHead: (rows) => rows,
    postprocess: ({ logits, boxes }, imageSizes) => sigmoidTopK(logits, boxes, imageSizes, DETECTIONS),
  }
}

function configured(name: string, config: RtDetrConfig): ConfiguredParts {
  return {
    config: { ...config },
    queries: config.decoder.queries,
    create: (classes = config.decoder.classes) => new RtDetr({ ...config, decoder: { ...config.decoder, classes } }),
    adjusted: (choices) => configured(name, adjustedConfig(name, config, choices)),
  }
}

/** @throws ConfigError for more decoder layers than there are. */
function adjustedConfig(name: string, config: RtDetrConfig, { queries, decoderLayers }: ModelChoices): RtDetrConfig {
  const { layers } = config.decoder
  if (
    decoderLayers !== undefined &&
    !(Number.isInteger(decoderLayers) && decoderLayers >= 1 && decoderLayers <= layers)
  ) {
    throw new ConfigError({ where: name, expected: `1 to ${layers} decoder layers`, got: String(decoderLayers) })
  }
  const decoder = {
    ...config.decoder,
    ...(queries === undefined ? {} : { queries }),
    ...(decoderLayers === undefined ? {} : { layersUsed: decoderLayers }),
  }
  return { ...config, decoder }
}

const PAPER = 'arXiv:2304.08069, Table 2'
const PAPER_V2 = 'arXiv:2407.17140, Table 1'

/** ResNet-18: half as wide fusion blocks, three decoder layers, norms that were trained. */
export const rtdetrR18: HybridRtDetrConfig = {
  backbone: { kind: 'resnet-vd', depth: 18, norms: 'trained' },
  encoder: { ...rtdetrR50.encoder, expansion: 0.5 },
  decoder: { ...rtdetrR50.decoder, layers: 3 },
}

/** ResNet-34: four decoder layers. */
export const rtdetrR34: RtDetrConfig = {
  ...rtdetrR18,
  backbone: { kind: 'resnet-vd', depth: 34, norms: 'trained' },
  decoder: { ...rtdetrR50.decoder, layers: 4 },
}

/** ResNet-50 with the small encoder; six decoder layers are trained and three used. */
export const rtdetrR50M: RtDetrConfig = {
  ...rtdetrR50,
  encoder: rtdetrR18.encoder,
  decoder: { ...rtdetrR50.decoder, layersUsed: 3 },
}

/** ResNet-101 and a wider encoder. */
export const rtdetrR101: RtDetrConfig = {
  ...rtdetrR50,
  backbone: { kind: 'resnet-vd', depth: 101, norms: 'frozen' },
  encoder: { ...rtdetrR50.encoder, hiddenDim: 384, feedforwardDim: 2048 },
}

/** HGNetv2-L. */
export const rtdetrL: RtDetrConfig = { ...rtdetrR50, backbone: hgNetV2L }

/** HGNetv2-X and R101's encoder. */
export const rtdetrX: RtDetrConfig = { ...rtdetrR101, backbone: hgNetV2X }

/** HGNetv2-H and the widest encoder, two layers of AIFI. */
export const rtdetrH: RtDetrConfig = {
  ...rtdetrR50,
  backbone: hgNetV2H,
  encoder: { ...rtdetrR50.encoder, hiddenDim: 512, feedforwardDim: 2048, layers: 2 },
}

/**
 * A small RT-DETR that learns from nothing on a few hundred photos: half of ResNet-18 and of the encoder, three decoder layers.
 * 5.1 million parameters.
 */
export const rtdetrSmall: RtDetrConfig = {
  backbone: { kind: 'resnet-vd', depth: 18, norms: 'trained', width: 32 },
  encoder: { kind: 'hybrid', hiddenDim: 128, heads: 8, feedforwardDim: 512, layers: 1, expansion: 0.5, blocks: 3 },
  decoder: { ...rtdetrR50.decoder, hiddenDim: 128, feedforwardDim: 512, layers: 3, queries: 100 },
}

/** The parts of a page as DocLayNet names and orders them (arXiv:2206.01062). */
export const PAGE_CLASSES: readonly string[] = [
  'Caption',
  'Footnote',
  'Formula',
  'List-item',
  'Page-footer',
  'Page-header',
  'Picture',
  'Section-header',
  'Table',
  'Text',
  'Title',
]

/** A network for pages of text: narrow, because detail counts more than kinds of things, and many queries. 2.9 million parameters. */
export const rtdetrPage: RtDetrConfig = {
  backbone: { kind: 'resnet-vd', depth: 18, norms: 'trained', width: 24 },
  encoder: { kind: 'hybrid', hiddenDim: 96, heads: 8, feedforwardDim: 384, layers: 1, expansion: 0.5, blocks: 3 },
  decoder: { ...rtdetrR50.decoder, hiddenDim: 96, feedforwardDim: 384, layers: 3, queries: 200, classes: 11 },
}

function official(path: string): PublishedWeights {
  return { url: `https://github.com/lyuwenyu/storage/releases/download/${path}`, licence: 'Apache-2.0' }
}

const figures = (ap: number, gflops: number, paper = PAPER): PublishedFigures => ({ ap, gflops, paper })

/** RT-DETRv2 changes how the network is trained, and lets levels have points of different number. */
const v2 = (
  name: string,
  title: string,
  config: RtDetrConfig,
  file: string,
  ap: number,
  gflops: number,
): DetectionModel =>
  rtdetrModel(name, title, config, { weights: official(file), figures: figures(ap, gflops, PAPER_V2) })

/** The same with other reading points: fewer on every level (§4.3), or whole pixels without interpolation (§3.2, discrete sampling). */
const reading = (
  config: RtDetrConfig,
  choice: Partial<Pick<RtDetrConfig['decoder'], 'points' | 'sampling'>>,
): RtDetrConfig => ({
  ...config,
  decoder: { ...config.decoder, ...choice },
})

/** RT-DETRv2, ResNet-18, with `count` points on each level. */
const withPoints = (count: number, ap: number): DetectionModel =>
  v2(
    `rtdetrv2-r18-sp${count}`,
    `RT-DETRv2, ResNet-18-vd, ${count} of 4 points`,
    reading(rtdetrR18, { points: [count, count, count] }),
    `v0.1/rtdetrv2_r18vd_sp${count}_120e_coco.pth`,
    ap,
    60,
  )

/** RT-DETRv2 that reads whole pixels. */
const discrete = (
  name: string,
  title: string,
  config: RtDetrConfig,
  file: string,
  ap: number,
  gflops: number,
): DetectionModel =>
  v2(`${name}-dsp`, `${title}, discrete sampling`, reading(config, { sampling: 'nearest' }), `v0.1/${file}`, ap, gflops)

const OBJECTS365 = 'pretrained on Objects365'

/** All of them, smallest first. */
export const rtdetrModels: readonly DetectionModel[] = [
  {
    ...rtdetrModel('rtdetr-small', 'RT-DETR, half ResNet-18-vd', rtdetrSmall),
    input: { ...rtdetrInput, resize: { kind: 'stretch', height: 256, width: 320 } },
  },
  {
    ...rtdetrModel('rtdetr-page', 'RT-DETR for pages, 3/8 ResNet-18-vd', rtdetrPage),
    classNames: PAGE_CLASSES,
    included: 'rtdetr-page.safetensors',
    wholeImages: true,
    // A page's ink may be drawn by alpha alone: dropped, it leaves a black page.
    input: { ...rtdetrInput, resize: { kind: 'stretch', height: 704, width: 512 }, ground: 'white' },
  },
  rtdetrModel('rtdetr-r18', 'RT-DETR, ResNet-18-vd', rtdetrR18, {
    weights: official('v0.1/rtdetr_r18vd_dec3_6x_coco_from_paddle.pth'),
    figures: figures(46.5, 60),
  }),
  rtdetrModel('rtdetr-r34', 'RT-DETR, ResNet-34-vd', rtdetrR34, {
    weights: official('v0.1/rtdetr_r34vd_dec4_6x_coco_from_paddle.pth'),
    figures: figures(48.9, 92),
  }),
  rtdetrModel('rtdetr-r50-m', 'RT-DETR, ResNet-50-vd, medium', rtdetrR50M, {
    weights: official('v0.1/rtdetr_r50vd_m_6x_coco_from_paddle.pth'),
    figures: figures(51.3, 100),
  }),
  rtdetrModel('rtdetr-r50', 'RT-DETR, ResNet-50-vd', rtdetrR50, {
    weights: official('v0.1/rtdetr_r50vd_6x_coco_from_paddle.pth'),
    figures: figures(53.1, 136),
  }),
  rtdetrModel('rtdetr-r101', 'RT-DETR, ResNet-101-vd', rtdetrR101, {
    weights: official('v0.1/rtdetr_r101vd_6x_coco_from_paddle.pth'),
    figures: figures(54.3, 259),
  }),
  rtdetrModel('rtdetr-l', 'RT-DETR, HGNetv2-L', rtdetrL, { figures: figures(53.0, 110) }),
  rtdetrModel('rtdetr-x', 'RT-DETR, HGNetv2-X', rtdetrX, { figures: figures(54.8, 234) }),
  rtdetrModel('rtdetr-h', 'RT-DETR, HGNetv2-H', rtdetrH),
  rtdetrModel('rtdetr-r18-o365', `RT-DETR, ResNet-18-vd, ${OBJECTS365}`, rtdetrR18, {
    weights: official('v0.1/rtdetr_r18vd_5x_coco_objects365_from_paddle.pth'),
    figures: figures(49.2, 60),
  }),
  rtdetrModel('rtdetr-r50-o365', `RT-DETR, ResNet-50-vd, ${OBJECTS365}`, rtdetrR50, {
    weights: official('v0.1/rtdetr_r50vd_2x_coco_objects365_from_paddle.pth'),
    figures: figures(55.3, 136),
  }),
  rtdetrModel('rtdetr-r101-o365', `RT-DETR, ResNet-101-vd, ${OBJECTS365}`, rtdetrR101, {
    weights: official('v0.1/rtdetr_r101vd_2x_coco_objects365_from_paddle.pth'),
    figures: figures(56.2, 259),
  }),
  v2('rtdetrv2-r18', 'RT-DETRv2, ResNet-18-vd', rtdetrR18, 'v0.2/rtdetrv2_r18vd_120e_coco_rerun_48.1.pth', 48.1, 60),
  v2('rtdetrv2-r34', 'RT-DETRv2, ResNet-34-vd', rtdetrR34, 'v0.1/rtdetrv2_r34vd_120e_coco_ema.pth', 49.9, 92),
  v2(
    'rtdetrv2-r50-m',
    'RT-DETRv2, ResNet-50-vd, medium',
    rtdetrR50M,
    'v0.1/rtdetrv2_r50vd_m_7x_coco_ema.pth',
    51.9,
    100,
  ),
  v2('rtdetrv2-r50', 'RT-DETRv2, ResNet-50-vd', rtdetrR50, 'v0.1/rtdetrv2_r50vd_6x_coco_ema.pth', 53.4, 136),
  v2(
    'rtdetrv2-r101',
    'RT-DETRv2, ResNet-101-vd',
    rtdetrR101,
    'v0.1/rtdetrv2_r101vd_6x_coco_from_paddle.pth',
    54.3,
    259,
  ),
  withPoints(1, 47.3),
  withPoints(2, 47.7),
  withPoints(3, 47.8),
  discrete('rtdetrv2-r18', 'RT-DETRv2, ResNet-18-vd', rtdetrR18, 'rtdetrv2_r18vd_dsp_3x_coco.pth', 47.4, 60),
  // The file's name has the r twice.
  discrete('rtdetrv2-r34', 'RT-DETRv2, ResNet-34-vd', rtdetrR34, 'rrtdetrv2_r34vd_dsp_1x_coco.pth', 49.2, 92),
  discrete(
    'rtdetrv2-r50-m',
    'RT-DETRv2, ResNet-50-vd, medium',
    rtdetrR50M,
    'rtdetrv2_r50vd_m_dsp_3x_coco.pth',
    51.4,
    100,
  ),
  discrete('rtdetrv2-r50', 'RT-DETRv2, ResNet-50-vd', rtdetrR50, 'rtdetrv2_r50vd_dsp_1x_coco.pth', 52.9, 136),
]
