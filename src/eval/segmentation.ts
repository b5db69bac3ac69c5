/** @file Segmentations of records: the checks, and their way to run lengths. */
import type { CocoSegmentation } from './coco-records.js'
import { fieldFault, isNumberList, isRecord, type RecordList } from './fault.js'
import { MAX_COORDINATE, rleFromPolygons } from './polygon.js'
import { checkRuns, checkSize, malformedRuns, parseCounts, parseRleString, type Rle } from './rle.js'
import { rleFromCounts, rleFromString } from './rle.js'
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
  return typeof counts === 'string'
    ? rleFromString(counts, size[0], size[1])
    : rleFromCounts(counts, size[0], size[1])
}

const scratch = new RunList()

/**
 * Checks the segmentation of record `index`.
 * @param size height and width of its photo, pixels; 0 where unknown
 * @returns its size as [height, width]
 * @throws FileError when it is malformed, or is polygons and the photo's size is not known.
 */
export function checkSegmentation(
  value: unknown,
  list: RecordList,
  index: number,
  size: readonly [height: number, width: number],
): readonly [height: number, width: number] {
  if (Array.isArray(value)) {
    checkPolygons(value, list, index)
    if (size[0] === 0) {
      const next = 'Polygons need the size of their photo: give images a width and a height.'
      throw fieldFault(list, index, 'segmentation', 'a photo of known size', 'polygons in one of unknown size', next)
    }
    return size
  }
  if (!isRecord(value)) throw fieldFault(list, index, 'segmentation', KINDS, value)
  const { size: own, counts } = value
  if (!isNumberList(own, 2)) throw fieldFault(list, index, 'segmentation.size', '[height, width]', own)
  const where = `${list.name}: ${list.key}[${index}].segmentation`
  const [height, width] = own as [number, number]
  checkSize(height, width, where)
  if (typeof counts !== 'string' && !Array.isArray(counts)) {
    throw fieldFault(list, index, 'segmentation.counts', 'text or a list of run lengths', counts)
  }
  scratch.clear()
  const wellFormed = typeof counts === 'string' ? parseRleString(counts, scratch) : parseCounts(counts, scratch)
  if (!wellFormed) throw malformedRuns(where)
  checkRuns(scratch.data, scratch.length, height, width, where)
  return [height, width]
}

function checkPolygons(value: readonly unknown[], list: RecordList, index: number): void {
  if (value.length === 0) throw fieldFault(list, index, 'segmentation', KINDS, value)
  for (const polygon of value) {
    const good = isNumberList(polygon) && polygon.length >= 4 && polygon.length % 2 === 0
    if (!good) {
      throw fieldFault(list, index, 'segmentation', 'polygons of x, y pairs, [[x1, y1, x2, y2, x3, y3, …], …]', polygon)
    }
    for (const coordinate of polygon) {
      if (Math.abs(coordinate) <= MAX_COORDINATE) continue
      throw fieldFault(list, index, 'segmentation', `coordinates of at most ${MAX_COORDINATE}`, coordinate)
    }
  }
}

/** Foreground pixels of run lengths that were just checked by `checkSegmentation`. */
export function areaJustChecked(): number {
  let area = 0
  for (let j = 1; j < scratch.length; j += 2) area += scratch.data[j]!
  return area
}
