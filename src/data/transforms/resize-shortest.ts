/** @file Resizing to a shorter side that is drawn from a list, with the ratio kept. */
import { resizeShortestEdge } from '../resize.js'
import { resizeDraft } from './draft.js'
import { listOf, optional, side } from './field-checks.js'
import type { TransformKind } from './transform-kind.js'

/** Resizes to one of several shorter sides, each as likely. */
export interface ResizeShortest {
  readonly kind: 'resize-shortest'
  /** Shorter sides to choose from, pixels. */
  readonly shortest: readonly number[]
  /** Upper limit of the longer side, pixels. */
  readonly longest?: number
}

/** Resizes by DETR's rule (`resizeShortestEdge`). */
export function resizeShortest(options: {
  readonly shortest: readonly number[]
  readonly longest?: number
}): ResizeShortest {
  return { kind: 'resize-shortest', ...options }
}

export const resizeShortestKind: TransformKind<ResizeShortest> = {
  fields: { shortest: listOf(side), longest: optional(side) },
  apply(draft, { shortest, longest }, { draws }) {
    const chosen = shortest[draws.integer(0, shortest.length - 1)]!
    return resizeDraft(draft, resizeShortestEdge(draft.window, chosen, longest))
  },
}
