/** @file The four DETR detectors whose weights are published for COCO (README of facebookresearch/detr). */
import { softmaxNoObject } from '../../postprocess/index.js'
import { COCO_SPARSE_CLASSES } from '../coco-classes.js'
import type { DetectionModel, InputConvention, PublishedFigures, PublishedWeights } from '../model.js'
import { Detr, type DetrConfig, detrR50 } from './detr.js'
import { detrLayouts } from './layouts.js'

/** Shorter side 800, longer side at most 1333, ImageNet's statistics (supplement A.4). */
export const detrInput: InputConvention = {
  resize: { kind: 'pad', shortest: 800, longest: 1333 },
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
}

/** A DETR that can be named, from its configuration. */
export function detrModel(
  name: string,
  title: string,
  config: DetrConfig,
  published?: { readonly weights: PublishedWeights; readonly figures: PublishedFigures },
): DetectionModel {
  return {
    family: 'detr',
    name,
    title,
    config: { ...config },
    classNames: COCO_SPARSE_CLASSES,
    input: detrInput,
    queries: config.queries,
    layouts: detrLayouts,
    classHead: ['class_embed.weight', 'class_embed.bias'],
    ...(published === undefined ? {} : { weights: published.weights, published: published.figures }),
    classesOfHead: (rows) => rows - 1,
    create: (classes = config.classes) => new Detr({ ...config, classes }),
    postprocess: ({ logits, boxes }, imageSizes) => softmaxNoObject(logits, boxes, imageSizes),
  }
}

const PAPER = 'arXiv:2005.12872, Table 1'

function official(file: string, sizeMegabytes: number): PublishedWeights {
  return {
    url: `https://dl.fbaipublicfiles.com/detr/${file}`,
    // The eight hex digits in the name are the first of the file's SHA-256.
    sha256: /-([0-9a-f]{8})\.pth$/.exec(file)?.[1] ?? '',
    sizeMegabytes,
    licence: 'Apache-2.0',
  }
}

/**
 * A small DETR that can be trained from nothing on a few hundred photos: ResNet-18 at half width with trained norms, whose
 * last stage is left out so that the features keep stride 16; positions at the input, too.
 */
export const detrSmall: DetrConfig = {
  ...detrR50,
  backbone: { depth: 18, norms: 'trained', width: 32, stages: 3 },
  hiddenDim: 128,
  feedforwardDim: 512,
  encoderLayers: 2,
  decoderLayers: 4,
  dropout: 0,
  positions: 'input',
}

/** `detr-small`, for photos of about 320×240. */
export const detrSmallModel: DetectionModel = {
  ...detrModel('detr-small', 'DETR, half ResNet-18, stride 16', detrSmall),
  input: { ...detrInput, resize: { kind: 'pad', shortest: 256, longest: 320 } },
}

/** All of them, smallest first. */
export const detrModels: readonly DetectionModel[] = [
  detrSmallModel,
  detrModel('detr-r50', 'DETR, ResNet-50', detrR50, {
    weights: official('detr-r50-e632da11.pth', 159),
    figures: { ap: 42.0, gflops: 86, paper: PAPER },
  }),
  detrModel(
    'detr-r50-dc5',
    'DETR, ResNet-50, dilated C5',
    { ...detrR50, backbone: { depth: 50, dilatedC5: true } },
    {
      weights: official('detr-r50-dc5-f0fb7ef5.pth', 159),
      figures: { ap: 43.3, gflops: 187, paper: PAPER },
    },
  ),
  detrModel(
    'detr-r101',
    'DETR, ResNet-101',
    { ...detrR50, backbone: { depth: 101 } },
    {
      weights: official('detr-r101-2c7b67e5.pth', 232),
      figures: { ap: 43.5, gflops: 152, paper: PAPER },
    },
  ),
  detrModel(
    'detr-r101-dc5',
    'DETR, ResNet-101, dilated C5',
    { ...detrR50, backbone: { depth: 101, dilatedC5: true } },
    {
      weights: official('detr-r101-dc5-a2e86def.pth', 232),
      figures: { ap: 44.9, gflops: 253, paper: PAPER },
    },
  ),
]
