/** @file SSD's crop (Liu et al., arXiv:1512.02325), which keeps at least one object well inside. */
import { cornersIou } from '../../boxes/index.js'
import type { ImageSize, Region } from '../image.js'
import { cropDraft } from './draft.js'
import type { Draws } from './draws.js'
import { listOf, numberFrom, rangeOf, wholeFrom } from './field-checks.js'
import type { SampleObject } from './sample.js'
import type { TransformKind } from './transform-kind.js'

/**
 * Cuts out a rectangle that holds an object's centre and overlaps its box by a bound that is drawn from a list. Objects
 * whose centre is outside are removed.
 */
export interface IouCrop {
  readonly kind: 'iou-crop'
  /** Smallest and largest width and height, as shares of the photo's. */
  readonly scale: readonly [smallest: number, largest: number]
  /** Smallest and largest width / height. */
  readonly ratio: readonly [smallest: number, largest: number]
  /** Bounds to choose from: smallest IoU of the best object with the crop. 1 or more leaves the photo as it is. */
  readonly overlaps: readonly number[]
  /** Rectangles to try before another bound is drawn. */
  readonly trials: number
}

/** SSD's and torchvision's settings unless told otherwise. */
export function iouCrop(options: Partial<Omit<IouCrop, 'kind'>> = {}): IouCrop {
  return {
    kind: 'iou-crop',
    scale: options.scale ?? [0.3, 1],
    ratio: options.ratio ?? [0.5, 2],
    overlaps: options.overlaps ?? [0, 0.1, 0.3, 0.5, 0.7, 0.9, 1],
    trials: options.trials ?? 40,
  }
}

/** A list of bounds that no rectangle can meet must come to an end; then the photo stays as it is. */
const MOST_BOUNDS = 50

export const iouCropKind: TransformKind<IouCrop> = {
  fields: {
    scale: rangeOf(numberFrom(0, 1)),
    ratio: rangeOf(numberFrom(0)),
    overlaps: listOf(numberFrom(0)),
    trials: wholeFrom(1, 10_000),
  },
  apply(draft, record, { draws }) {
    if (draft.objects.length === 0) return draft
    const region = findRegion(draft.window, draft.objects, record, draws)
    if (region === undefined) return draft
    return cropDraft({ ...draft, objects: draft.objects.filter((object) => holdsCentre(region, object)) }, region)
  },
}

function findRegion(
  whole: ImageSize,
  objects: readonly SampleObject[],
  { scale, ratio, overlaps, trials }: IouCrop,
  draws: Draws,
): Region | undefined {
  for (let round = 0; round < MOST_BOUNDS; round++) {
    const bound = overlaps[draws.integer(0, overlaps.length - 1)]!
    if (bound >= 1) return undefined
    for (let trial = 0; trial < trials; trial++) {
      const width = Math.trunc(whole.width * draws.real(...scale))
      const height = Math.trunc(whole.height * draws.real(...scale))
      if (!(width / height >= ratio[0] && width / height <= ratio[1])) continue
      const x = Math.trunc((whole.width - width) * draws.real(0, 1))
      const y = Math.trunc((whole.height - height) * draws.real(0, 1))
      const region = { x, y, width, height }
      if (width === 0 || height === 0) continue
      const best = Math.max(
        -1,
        ...objects.flatMap((object) => (holdsCentre(region, object) ? overlapOf(region, object) : [])),
      )
      if (best >= bound) return region
    }
  }
  return undefined
}

function holdsCentre({ x, y, width, height }: Region, { box: [xmin, ymin, xmax, ymax] }: SampleObject): boolean {
  const [centreX, centreY] = [0.5 * (xmin + xmax), 0.5 * (ymin + ymax)]
  return x < centreX && centreX < x + width && y < centreY && centreY < y + height
}

function overlapOf({ x, y, width, height }: Region, { box }: SampleObject): number {
  return cornersIou(...box, x, y, x + width, y + height)
}
