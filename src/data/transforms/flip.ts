/** @file Mirroring, left to right and top to bottom. */
import { moveDraft } from './draft.js'
import { probability } from './field-checks.js'
import { mirrorColumns, mirrorRows } from './pixel-grid.js'
import { placement } from './placement.js'
import type { TransformKind } from './transform-kind.js'

/** Left becomes right, with a probability. */
export interface HorizontalFlip {
  readonly kind: 'horizontal-flip'
  readonly probability: number
}

/** Top becomes bottom, with a probability. */
export interface VerticalFlip {
  readonly kind: 'vertical-flip'
  readonly probability: number
}

/** Mirrors left to right; half of the photos unless told otherwise. */
export function horizontalFlip(options: { readonly probability?: number } = {}): HorizontalFlip {
  return { kind: 'horizontal-flip', probability: options.probability ?? 0.5 }
}

/** Mirrors top to bottom; half of the photos unless told otherwise. For photos without an up and a down. */
export function verticalFlip(options: { readonly probability?: number } = {}): VerticalFlip {
  return { kind: 'vertical-flip', probability: options.probability ?? 0.5 }
}

export const horizontalFlipKind: TransformKind<HorizontalFlip> = {
  fields: { probability },
  apply(draft, record, { draws }) {
    if (!draws.chance(record.probability)) return draft
    return moveDraft(draft, draft.window, placement({ scaleX: -1, shiftX: draft.window.width }), mirrorColumns)
  },
}

export const verticalFlipKind: TransformKind<VerticalFlip> = {
  fields: { probability },
  apply(draft, record, { draws }) {
    if (!draws.chance(record.probability)) return draft
    return moveDraft(draft, draft.window, placement({ scaleY: -1, shiftY: draft.window.height }), mirrorRows)
  },
}
