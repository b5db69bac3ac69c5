/** @file Segmentations of records: the checks, and their way to run lengths. */
import type { CocoSegmentation } from './coco-records.js'
import { fault, fieldFault, isNumberList, isRecord, type RecordList } from './fault.js'
import { MAX_COORDINATE, rleFromPolygons } from './polygon.js'
import {
  checkRuns,
  checkSize,
  malformedRuns,
  parseCounts,
  parseRleString,
  type Rle,
  rleFromCounts,
  rleFromString,
} from './rle.js'
import { RunList } from './run-list.js'

const KINDS = 'polygons [[x1, y1, x2, y2, …], …] or run lengths {size, counts}'

/**
 * A segmentation as run lengths.
 * @param height height of its photo, pixels, for polygons; run lengths bring their own size
 * @throws FileError when run lengths do not fit their size, or polygons cannot be drawn.
 */
export function rleFromSegmentation(segmentation: CocoSegmentation, height: number, width: number): Rle {
  if (!('counts' in segmentation)) return rleFromPolygons(segmentation, height, width)
  const { size, counts } = segmentation
  return typeof counts === 'string' ? rleFromString(counts, size[0], size[1]) : rleFromCounts(counts, size[0], size[1])
}

/** Checks the segmentations of a list of records, one after the other. */
export class SegmentationCheck {
  readonly #list: RecordList
  readonly #runs: RunList = new RunList()
  /** Pixels of the mask that was checked last. */
  height = 0
  width = 0
  /** How many masks so far had run lengths of another size than their photo. */
  otherSize = 0

  constructor(list: RecordList) {
    this.#list = list
  }

  /**
   * Checks the segmentation of record `index`.
   * @param photo height and width of its photo, pixels; 0 where unknown
   * @throws FileError when it is malformed, or is polygons and the photo's size is not known.
   */
  check(value: unknown, index: number, photo: readonly [height: number, width: number]): void {
    const list = this.#list
    if (Array.isArray(value)) {
      checkPolygons(value, list, index)
      if (photo[0] === 0) {
        const next = 'Give the photos in images a width and a height.'
        throw fault(whereOf(list, index), 'a photo of known size for its polygons', 'none', next)
      }
      this.height = photo[0]
      this.width = photo[1]
      this.#runs.clear()
    } else if (isRecord(value)) {
      this.#checkRle(value, index)
      if (photo[0] !== 0 && (this.height !== photo[0] || this.width !== photo[1])) this.otherSize++
    } else throw fieldFault(list, index, 'segmentation', KINDS, value)
  }

  #checkRle({ size, counts }: Readonly<Record<string, unknown>>, index: number): void {
    const list = this.#list
    if (!isNumberList(size, 2)) throw fieldFault(list, index, 'segmentation.size', '[height, width]', size)
    const [height, width] = size as [number, number]
    const where = whereOf(list, index)
    checkSize(height, width, where)
    if (typeof counts !== 'string' && !Array.isArray(counts)) {
      throw fieldFault(list, index, 'segmentation.counts', 'text or a list of run lengths', counts)
    }
    const runs = this.#runs
    runs.clear()
    const wellFormed = typeof counts === 'string' ? parseRleString(counts, runs) : parseCounts(counts, runs)
    if (!wellFormed) throw malformedRuns(where)
    checkRuns(runs.data, runs.length, height, width, where)
    this.height = height
    this.width = width
  }

  /** A sentence about masks of another size than their photo, where there were some. */
  notes(): string[] {
    const { otherSize } = this
    return otherSize === 0 ? [] : [`${this.#list.name}: ${otherSize} masks do not have the size of their photo.`]
  }

  /** Foreground pixels of the segmentation that was checked last. */
  area(value: CocoSegmentation): number {
    const drawn = 'counts' in value ? undefined : rleFromPolygons(value, this.height, this.width).counts
    const runs = drawn ?? this.#runs.data
    const length = drawn?.length ?? this.#runs.length
    let area = 0
    for (let j = 1; j < length; j += 2) area += runs[j]!
    return area
  }
}

function whereOf({ name, key }: RecordList, index: number): string {
  return `${name}: ${key}[${index}].segmentation`
}

function checkPolygons(value: readonly unknown[], list: RecordList, index: number): void {
  if (value.length === 0) throw fault(whereOf(list, index), KINDS, 'an empty list')
  for (const polygon of value) {
    const good = isNumberList(polygon) && polygon.length >= 4 && polygon.length % 2 === 0
    if (!good)
      throw fieldFault(list, index, 'segmentation', 'polygons of pairs x, y with two corners at least', polygon)
    for (const coordinate of polygon) {
      if (Math.abs(coordinate) <= MAX_COORDINATE) continue
      throw fieldFault(list, index, 'segmentation', `coordinates of at most ${MAX_COORDINATE}`, coordinate)
    }
  }
}
