/** @file Resizing to an exact size, whatever the photo's ratio. */
import type { ImageSize } from '../image.js'
import { resizeDraft } from './draft.js'
import { imageSize, listOf, truth } from './field-checks.js'
import type { TransformKind } from './transform-kind.js'

/** Stretches to one of several sizes, each as likely. */
export interface Stretch {
  readonly kind: 'stretch'
  /** Sizes to choose from, pixels. */
  readonly sizes: readonly ImageSize[]
  /** Whether all photos of a batch are given the same size, so that nothing is padded. */
  readonly perBatch: boolean
}

/** Stretches to one of the sizes, the same for all photos of a batch unless told otherwise. */
export function stretch(options: { readonly sizes: readonly ImageSize[]; readonly perBatch?: boolean }): Stretch {
  return { kind: 'stretch', sizes: options.sizes, perBatch: options.perBatch ?? true }
}

export const stretchKind: TransformKind<Stretch> = {
  fields: { sizes: listOf(imageSize), perBatch: truth },
  apply(draft, { sizes, perBatch }, { draws, batchDraws }) {
    return resizeDraft(draft, sizes[(perBatch ? batchDraws : draws).integer(0, sizes.length - 1)]!)
  },
}
