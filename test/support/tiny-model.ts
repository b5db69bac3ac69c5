/** @file A DETR small enough for tests that need no particular size: ResNet-18, 32 channels, two layers of each kind. */
import { type DetectionModel, detrModel, detrR50, type LoadedModel } from '../../src/models/index.js'
import { loadByRule } from './rule-weights.js'

/** Classes of the tiny model; the last of three is not used. */
export const TINY_CLASSES: readonly (string | null)[] = ['circle', 'square', null]

/** The model's record; `shortest` and `longest` keep its inputs small. */
export const tinyModel: DetectionModel = {
  ...detrModel('tiny', 'DETR for tests', {
    ...detrR50,
    dropout: 0,
    backbone: { depth: 18 },
    hiddenDim: 32,
    heads: 4,
    feedforwardDim: 64,
    encoderLayers: 2,
    decoderLayers: 2,
    queries: 12,
    classes: TINY_CLASSES.length,
  }),
  classNames: TINY_CLASSES,
  input: {
    resize: { kind: 'pad', shortest: 96, longest: 160 },
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
  },
}

/** The tiny model filled by the rule. */
export function loadTinyModel(seed = 1): LoadedModel {
  return loadByRule(tinyModel, seed)
}
