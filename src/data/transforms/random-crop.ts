/** @file DETR's crop: a rectangle of random size at a random place. */
import { cropDraft } from './draft.js'
import { rangeOf, side } from './field-checks.js'
import type { TransformKind } from './transform-kind.js'

/** Cuts out a rectangle whose width and height are drawn independently. */
export interface RandomCrop {
  readonly kind: 'random-crop'
  /** Smallest and largest side, pixels, both included. A photo's side that is smaller limits both. */
  readonly sides: readonly [smallest: number, largest: number]
}

/** Cuts out a rectangle; 384 to 600 pixels wide and high, as DETR does, unless told otherwise. */
export function randomCrop(options: { readonly sides?: readonly [number, number] } = {}): RandomCrop {
  return { kind: 'random-crop', sides: options.sides ?? [384, 600] }
}

export const randomCropKind: TransformKind<RandomCrop> = {
  fields: { sides: rangeOf(side) },
  apply(draft, { sides: [smallest, largest] }, { draws }) {
    const whole = draft.window
    const width = draws.integer(Math.min(smallest, whole.width), Math.min(largest, whole.width))
    const height = draws.integer(Math.min(smallest, whole.height), Math.min(largest, whole.height))
    if (width === whole.width && height === whole.height) return cropDraft(draft, { x: 0, y: 0, width, height })
    const y = draws.integer(0, whole.height - height)
    const x = draws.integer(0, whole.width - width)
    return cropDraft(draft, { x, y, width, height })
  },
}
