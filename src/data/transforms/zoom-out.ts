/** @file SSD's zoom-out: the photo at a random place of a larger, empty one, so that objects become small. */
import type { ImageSize } from '../image.js'
import { MAX_PIXELS } from '../limits.js'
import { moveDraft } from './draft.js'
import { colour, numberFrom, probability, rangeOf } from './field-checks.js'
import { frameGrid } from './pixel-grid.js'
import { placement } from './placement.js'
import type { TransformKind } from './transform-kind.js'

/** Puts the photo into a larger one, with a probability. */
export interface ZoomOut {
  readonly kind: 'zoom-out'
  readonly probability: number
  /** Smallest and largest factor of both sides, from 1 up. */
  readonly factor: readonly [smallest: number, largest: number]
  /** Red, green and blue of the empty part, 0..255. */
  readonly fill: readonly number[]
}

/** Half of the photos become up to four times as wide and high, black around, unless told otherwise. */
export function zoomOut(options: Partial<Omit<ZoomOut, 'kind'>> = {}): ZoomOut {
  return {
    kind: 'zoom-out',
    probability: options.probability ?? 0.5,
    factor: options.factor ?? [1, 4],
    fill: options.fill ?? [0, 0, 0],
  }
}

export const zoomOutKind: TransformKind<ZoomOut> = {
  fields: { probability, factor: rangeOf(numberFrom(1, 100)), fill: colour },
  apply(draft, record, { draws }) {
    if (!draws.chance(record.probability)) return draft
    const { width, height } = draft.window
    const size = enlarged(draft.window, draws.real(...record.factor))
    const x = Math.trunc((size.width - width) * draws.real(0, 1))
    const y = Math.trunc((size.height - height) * draws.real(0, 1))
    const at = { x, y, width, height }
    return moveDraft(draft, size, placement({ shiftX: x, shiftY: y }), (grid, channels) =>
      frameGrid(grid, channels === 1 ? [0] : record.fill, size, at),
    )
  },
}

/** The size times the factor, or times what keeps it within `MAX_PIXELS`. */
export function enlarged({ width, height }: ImageSize, factor: number): ImageSize {
  const largest = Math.max(1, Math.sqrt(MAX_PIXELS / (width * height)))
  const used = Math.min(factor, largest)
  return { width: Math.trunc(width * used), height: Math.trunc(height * used) }
}
