/**
 * @file Pillow's antialiased bilinear resize of 8-bit images, in its own 22-bit fixed-point arithmetic, and DETR's rule
 * for the size to resize to. Every value equals Pillow's: the detectors were trained on these very pixels, and resizing
 * in another way moves their logits.
 */
import type { ImageSize, Region, RgbImage } from './image.js'
import { resizePlain } from './resize-plain.js'
import { checkSide, planResize } from './resize-plan.js'
import { resizeSimd } from './resize-simd.js'

/**
 * The image at `size`, as `PIL.Image.resize((width, height), BILINEAR)` gives it: triangle filter whose support grows
 * with the reduction, horizontal pass first, each pass rounded to 8 bits.
 *
 * Pillow 13 takes the vertical pass first when the height shrinks by more than twice what the width does, which moves a
 * quarter of the values by one level. The order here is that of the versions before, with which the published
 * checkpoints were made; a resize that keeps the ratio is the same in all versions.
 * @param window The part of the resized image that is wanted, the whole when left out: its pixels are those that cutting
 *   it out afterwards would give, and nothing else is computed.
 * @throws ImageError when a side is not a positive integer, the window has more than `MAX_PIXELS` pixels or reaches out
 *   of the size, or the data does not fit the image's size.
 */
export function resizeBilinear(image: RgbImage, size: ImageSize, window?: Region): RgbImage {
  const plan = planResize(image, size, window)
  if (plan === undefined) return { width: image.width, height: image.height, data: image.data.slice() }
  const { width, height } = plan.output
  return { width, height, data: resizeSimd(plan) ?? resizePlain(plan) }
}

/**
 * DETR's size rule: the shorter side becomes `shortest`, unless the longer one would then exceed `longest`; the longer
 * side is truncated, not rounded. 640×480 with (800, 1333) gives 1066×800.
 *
 * Past a ratio of 2 × `longest` the rule's shorter side rounds to 0, and the reference fails; here such a strip becomes
 * 1 × `longest`.
 * @param size Size of the upright image, pixels.
 * @param shortest Wanted shorter side, pixels.
 * @param longest Upper limit of the longer side, pixels; none when left out.
 * @throws ImageError when a number is not a positive integer.
 * @see get_size_with_aspect_ratio in facebookresearch/detr, datasets/transforms.py
 */
export function resizeShortestEdge(size: ImageSize, shortest: number, longest?: number): ImageSize {
  checkSide('resizeShortestEdge.width', size.width)
  checkSide('resizeShortestEdge.height', size.height)
  checkSide('resizeShortestEdge.shortest', shortest)
  if (longest !== undefined) checkSide('resizeShortestEdge.longest', longest)
  const { width, height } = size
  const short = Math.min(width, height)
  const long = Math.max(width, height)
  let target = shortest
  if (longest !== undefined && (long / short) * shortest > longest) {
    target = roundHalfToEven((longest * short) / long)
    if (target === 0) return width < height ? { width: 1, height: longest } : { width: longest, height: 1 }
  }
  if (short === target) return { width, height }
  const other = Math.trunc((target * long) / short)
  return width < height ? { width: target, height: other } : { width: other, height: target }
}

/** Python's `round` of a positive number: a tie goes to the even neighbour. */
function roundHalfToEven(value: number): number {
  const below = Math.floor(value)
  const fraction = value - below
  if (fraction !== 0.5) return Math.round(value)
  return below % 2 === 0 ? below : below + 1
}
