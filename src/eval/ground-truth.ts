/** @file Ground truth as columns: records are checked once, then read as numbers. */

import type { CocoAnnotation, CocoCategory, CocoImageId, CocoRegionType, CocoSegmentation } from './coco-records.js'
import { CornerBoxes } from './corner-boxes.js'
import { fault, fieldFault, isNumberList, isRecord, type RecordList, shown } from './fault.js'
import { SegmentationCheck } from './segmentation.js'

/** Most classes: the arrays of an evaluation take 200 KB for each. */
const MAX_CLASSES = 20_000

/** Photos of a data set, in ascending order of their ids. */
export interface PhotoColumns {
  readonly ids: readonly CocoImageId[]
  readonly indexOf: ReadonlyMap<unknown, number>
  /** Height and width in pixels; 0, 0 where unknown. */
  readonly sizes: readonly (readonly [height: number, width: number])[]
}

/** Regions of a list of records: boxes, four numbers each, or the records' masks. */
export interface RegionColumns {
  readonly boxes: Float64Array
  /** Empty where boxes are compared. */
  readonly masks: readonly CocoSegmentation[]
}

/** Annotations by their position in the file. */
export interface GroundTruthColumns extends RegionColumns {
  readonly photos: PhotoColumns
  /** In ascending order of their ids. */
  readonly categories: readonly CocoCategory[]
  readonly categoryIndexOf: ReadonlyMap<unknown, number>
  /** Index of each annotation's photo in `photos`. */
  readonly photo: Int32Array
  /** Index of each annotation's class in `categories`. */
  readonly category: Int32Array
  readonly id: Float64Array
  readonly area: Float64Array
  /** 1 for crowds. */
  readonly crowd: Uint8Array
  /** 1 for what need not be found, and whose finding counts for nothing: crowds, and those that the caller names. */
  readonly ignored: Uint8Array
}

/**
 * Checks ground truth and turns it into columns.
 * @param name what it is called in errors, such as its file's name
 * @param notes receives a sentence for whatever is odd and yet evaluated
 * @throws FileError naming the first record that is at fault.
 */
export function readGroundTruth(
  value: unknown,
  name: string,
  type: CocoRegionType,
  notes: string[],
): GroundTruthColumns {
  if (!isRecord(value)) {
    const isList = Array.isArray(value)
    const next = isList ? 'A list is a results file: it belongs on the side of the detections.' : undefined
    throw fault(name, 'an object with images, annotations and categories', isList ? 'a list' : shown(value), next)
  }
  const photos = readPhotos(listOf(value, 'images', name), { name, key: 'images' })
  const { categories, categoryIndexOf } = readCategories(listOf(value, 'categories', name), name)
  const annotations = listOf(value, 'annotations', name)
  const columns = emptyColumns(photos, categories, categoryIndexOf, annotations.length, type)
  fillColumns(columns, annotations, { name, key: 'annotations' }, type, notes)
  return columns
}

function listOf(value: Readonly<Record<string, unknown>>, key: string, name: string): readonly unknown[] {
  const list = value[key]
  if (Array.isArray(list)) return list
  const keys = Object.keys(value).slice(0, 8).join(', ')
  const next = list === undefined ? `Its keys are: ${keys === '' ? 'none' : keys}.` : undefined
  throw fault(`${name}: ${key}`, 'a list', shown(list), next)
}

function readPhotos(records: readonly unknown[], list: RecordList): PhotoColumns {
  const sizeOf = new Map<CocoImageId, readonly [height: number, width: number]>()
  records.forEach((record, i) => {
    const id = isRecord(record) ? record['id'] : undefined
    if (!isRecord(record) || !isImageId(id)) throw idFault(list, i, record, 'a whole number or text')
    if (sizeOf.has(id)) throw duplicate(list, i, id)
    const { height, width } = record
    // Some tools write 0 where they do not know; that matters to polygons only.
    const known = isSide(height) && isSide(width)
    sizeOf.set(id, known ? [height, width] : [0, 0])
  })
  const ids = [...sizeOf.keys()]
  const texts = ids.filter((id) => typeof id === 'string').length
  if (texts > 0 && texts < ids.length) {
    const got = `${texts} of text among ${ids.length}`
    throw fault(`${list.name}: ${list.key}`, 'ids that are all numbers or all text', got)
  }
  ids.sort((a, b) => (a < b ? -1 : 1))
  const indexOf = new Map<unknown, number>(ids.map((id, i) => [id, i]))
  return { ids, indexOf, sizes: ids.map((id) => sizeOf.get(id)!) }
}

function readCategories(records: readonly unknown[], name: string) {
  const list = { name, key: 'categories' }
  if (records.length > MAX_CLASSES) throw fault(`${name}: categories`, `at most ${MAX_CLASSES}`, `${records.length}`)
  const byId = new Map<unknown, CocoCategory>()
  records.forEach((record, i) => {
    const id = isRecord(record) ? record['id'] : undefined
    if (!isRecord(record) || !Number.isSafeInteger(id)) throw idFault(list, i, record, 'a whole number')
    if (byId.has(id)) throw duplicate(list, i, id)
    const label = record['name']
    byId.set(id, { id: id as number, name: typeof label === 'string' && label !== '' ? label : `class ${id}` })
  })
  const categories = [...byId.values()].sort((a, b) => a.id - b.id)
  return { categories, categoryIndexOf: new Map<unknown, number>(categories.map(({ id }, i) => [id, i])) }
}

function isImageId(value: unknown): value is CocoImageId {
  return Number.isSafeInteger(value) || (typeof value === 'string' && value !== '')
}

function isSide(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1
}

function idFault(list: RecordList, index: number, record: unknown, expected: string): Error {
  if (!isRecord(record)) return fieldFault(list, index, '', 'an object', record)
  return fieldFault(list, index, 'id', expected, record['id'])
}

function duplicate(list: RecordList, index: number, id: unknown): Error {
  return fieldFault(list, index, 'id', 'an id that no other has', id, 'Ids must be unique within a file.')
}

function emptyColumns(
  photos: PhotoColumns,
  categories: readonly CocoCategory[],
  categoryIndexOf: ReadonlyMap<unknown, number>,
  count: number,
  type: CocoRegionType,
): GroundTruthColumns {
  return {
    photos,
    categories,
    categoryIndexOf,
    photo: new Int32Array(count),
    category: new Int32Array(count),
    id: new Float64Array(count),
    area: new Float64Array(count),
    crowd: new Uint8Array(count),
    ignored: new Uint8Array(count),
    boxes: new Float64Array(type === 'bbox' ? 4 * count : 0),
    masks: type === 'bbox' ? [] : new Array<CocoSegmentation>(count),
  }
}

function fillColumns(
  columns: GroundTruthColumns,
  records: readonly unknown[],
  list: RecordList,
  type: CocoRegionType,
  notes: string[],
): void {
  const { photos, boxes } = columns
  const masks = type === 'segm' ? (columns.masks as CocoSegmentation[]) : undefined
  const check = new SegmentationCheck(list)
  const corners = new CornerBoxes()
  const ids = new Set<number>()
  let [withoutArea, degenerate] = [0, 0]
  for (let i = 0; i < records.length; i++) {
    const record = records[i] as Partial<CocoAnnotation>
    if (!isRecord(record)) throw fieldFault(list, i, '', 'an object', record)
    const { id, iscrowd, area, bbox, segmentation } = record
    if (!Number.isSafeInteger(id)) throw fieldFault(list, i, 'id', 'a whole number', id)
    if (ids.size === ids.add(id!).size) throw duplicate(list, i, id)
    const photo = photos.indexOf.get(record.image_id)
    if (photo === undefined) throw fieldFault(list, i, 'image_id', 'the id of one of images', record.image_id)
    const category = columns.categoryIndexOf.get(record.category_id)
    if (category === undefined) {
      throw fieldFault(list, i, 'category_id', 'the id of one of categories', record.category_id)
    }
    if (iscrowd !== undefined && iscrowd !== 0 && iscrowd !== 1 && typeof iscrowd !== 'boolean') {
      throw fieldFault(list, i, 'iscrowd', '0 or 1', iscrowd)
    }
    columns.id[i] = id!
    columns.photo[i] = photo
    columns.category[i] = category
    columns.crowd[i] = Number(iscrowd ?? 0)
    columns.ignored[i] = columns.crowd[i]!
    if (masks !== undefined) {
      check.check(segmentation, i, photos.sizes[photo]!)
      masks[i] = segmentation!
    } else {
      if (!isNumberList(bbox, 4)) throw fieldFault(list, i, 'bbox', '[x, y, width, height]', bbox)
      boxes.set(bbox, 4 * i)
      corners.add(bbox, photos.sizes[photo]!)
      if (!(bbox[2]! > 0 && bbox[3]! > 0)) degenerate++
    }
    if (area === undefined) {
      withoutArea++
      columns.area[i] = masks === undefined ? boxes[4 * i + 2]! * boxes[4 * i + 3]! : check.area(masks[i]!)
    } else if (Number.isFinite(area)) columns.area[i] = area
    else throw fieldFault(list, i, 'area', 'a finite number of square pixels', area)
  }
  const { name } = list
  if (ids.has(0)) {
    notes.push(
      `${name}: annotation id 0 means "no match" to pycocotools, so that what finds this object counts as wrong; ` +
        'the numbers repeat that. Let ids begin at 1.',
    )
  }
  const regions = masks === undefined ? 'width × height of the box' : 'that of the mask'
  if (withoutArea > 0) notes.push(`${name}: ${withoutArea} annotations have no area; ${regions} is taken.`)
  if (degenerate > 0) notes.push(`${name}: ${degenerate} boxes have no positive width and height; nothing finds them.`)
  if (corners.suspected) notes.push(corners.note(name))
  notes.push(...check.notes())
}
