/** @file SSD's distortion of colours (Liu et al., arXiv:1512.02325), in torchvision's form. */
import { adjustBrightness, adjustContrast, adjustHue, adjustSaturation, permuteChannels } from './colour.js'
import { type Draft, draftOf, settle } from './draft.js'
import type { Draws } from './draws.js'
import { numberFrom, optional, probability, rangeOf } from './field-checks.js'
import type { TransformKind } from './transform-kind.js'

/** Changes brightness, contrast, saturation and hue and swaps channels, each with the same probability. */
export interface Photometric {
  readonly kind: 'photometric'
  /** Of each of the five changes by itself. */
  readonly probability: number
  /** Smallest and largest factor; 1 changes nothing. */
  readonly brightness: readonly [smallest: number, largest: number]
  readonly contrast: readonly [smallest: number, largest: number]
  readonly saturation: readonly [smallest: number, largest: number]
  /** Share of the colour circle, -0.5..0.5; 0 changes nothing. */
  readonly hue: readonly [smallest: number, largest: number]
  /** Of swapping channels; that of the others when left out, 0 for classes that are told apart by colour. */
  readonly swapProbability?: number
}

/** torchvision's settings unless told otherwise. */
export function photometric(options: Partial<Omit<Photometric, 'kind'>> = {}): Photometric {
  return {
    kind: 'photometric',
    probability: options.probability ?? 0.5,
    brightness: options.brightness ?? [0.875, 1.125],
    contrast: options.contrast ?? [0.5, 1.5],
    saturation: options.saturation ?? [0.5, 1.5],
    hue: options.hue ?? [-0.05, 0.05],
    ...(options.swapProbability === undefined ? {} : { swapProbability: options.swapProbability }),
  }
}

/** Every order of three channels. */
const ORDERS: readonly (readonly [number, number, number])[] = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
]

const factors = rangeOf(numberFrom(0))

export const photometricKind: TransformKind<Photometric> = {
  fields: {
    probability,
    brightness: factors,
    contrast: factors,
    saturation: factors,
    hue: rangeOf(numberFrom(-0.5, 0.5)),
    swapProbability: optional(probability),
  },
  apply(draft, record, { draws }) {
    const changes = drawChanges(record, draws)
    return changes.length === 0 ? draft : repaint(draft, changes)
  },
}

type Change = (data: Uint8Array) => void

/** The changes in order. All decisions are drawn first, whether they are used or not. */
function drawChanges(record: Photometric, draws: Draws): Change[] {
  const factorOf = (range: readonly [number, number], adjust: (data: Uint8Array, factor: number) => void): Change[] => {
    if (!draws.chance(record.probability)) return []
    const factor = draws.real(...range)
    return [(data) => adjust(data, factor)]
  }
  const brightness = factorOf(record.brightness, adjustBrightness)
  const contrast = factorOf(record.contrast, adjustContrast)
  const saturation = factorOf(record.saturation, adjustSaturation)
  const hue = factorOf(record.hue, adjustHue)
  const contrastFirst = draws.chance(0.5)
  const swap: Change[] = []
  if (draws.chance(record.swapProbability ?? record.probability)) {
    const order = ORDERS[draws.integer(0, ORDERS.length - 1)]!
    swap.push((data) => permuteChannels(data, order))
  }
  const colours = [...saturation, ...hue]
  return [...brightness, ...(contrastFirst ? [...contrast, ...colours] : [...colours, ...contrast]), ...swap]
}

function repaint(draft: Draft, changes: readonly Change[]): Draft {
  const { image, objects } = settle(draft)
  const data = image.data.slice()
  for (const change of changes) change(data)
  return draftOf({ image: { ...image, data }, objects })
}
