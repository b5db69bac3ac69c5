/** @file How images of any size become the size that a model takes. */
import type { ImageSize } from './image.js'
import { resizeShortestEdge } from './resize.js'

/** A model's rule, in pixels. */
export type ResizeRule =
  /** The shorter side becomes `shortest`, but the longer one never more than `longest`; batches of several sizes are padded. */
  | { readonly kind: 'pad'; readonly shortest: number; readonly longest: number }
  /** Every image becomes this size, whatever its proportions were. */
  | { readonly kind: 'stretch'; readonly height: number; readonly width: number }

/** The size that an image of `size` becomes. @throws ImageError when the rule makes no sense. */
export function targetSize(size: ImageSize, rule: ResizeRule): ImageSize {
  if (rule.kind === 'stretch') return { height: rule.height, width: rule.width }
  return resizeShortestEdge(size, rule.shortest, rule.longest)
}
