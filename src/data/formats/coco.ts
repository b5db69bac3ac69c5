/** @file COCO's JSON: images, annotations and categories, with every reference and id checked. */
import { DatasetError } from '../../tensor/index.js'
import type { Segmentation } from './dataset.js'
import { tidy } from './place-objects.js'
import type { ProblemList } from './problems.js'
import type { RawObject } from './raw.js'

type Entry = Readonly<Record<string, unknown>>

/** A COCO file whose lists are there; their entries are not checked yet. */
export interface CocoContent {
  /** Names the file in reports. */
  readonly where: string
  readonly images: readonly Entry[]
  readonly annotations: readonly Entry[]
  readonly categories: readonly Entry[]
}

/** Classes of one or several COCO files: contiguous labels in the order of the ids. */
export interface CocoClasses {
  readonly classNames: readonly string[]
  readonly categoryIds: readonly number[]
  readonly labelOfId: ReadonlyMap<number, number>
}

/** A photo with its annotations, before its file is looked for. */
export interface CocoImage {
  readonly id: number | string
  readonly file: string
  readonly width: number | undefined
  readonly height: number | undefined
  readonly objects: RawObject[]
}

const LISTS = ['images', 'annotations', 'categories'] as const

/**
 * Checks that a JSON value is a COCO file of boxes.
 * @throws DatasetError when it is something else, or one of the three lists is missing.
 */
export function cocoContent(value: unknown, where: string): CocoContent {
  const expected = 'COCO annotations: an object with images, annotations and categories'
  if (typeof value !== 'object' || value === null) {
    throw new DatasetError({ where, expected, got: value === null ? 'null' : `a ${typeof value}` })
  }
  if (Array.isArray(value)) {
    const next = 'A list is what results of detectors are; give the file with the ground truth.'
    throw new DatasetError({ where, expected, got: 'a list', next })
  }
  const entry = value as Entry
  const missing = LISTS.filter((name) => !Array.isArray(entry[name]))
  if (missing.length > 0) {
    const keys = Object.keys(entry).slice(0, 10)
    const found = keys.length === 0 ? 'an empty object' : `only ${keys.join(', ')}`
    throw new DatasetError({ where, expected, got: `no list of ${missing.join(' and ')} (${found})` })
  }
  const [images, annotations, categories] = LISTS.map((name) => entriesOf(entry[name])) as [Entry[], Entry[], Entry[]]
  const other = otherKind(annotations)
  if (other !== undefined) {
    throw new DatasetError({
      where,
      expected: 'COCO annotations with boxes',
      got: other,
      next: 'Give instances_*.json.',
    })
  }
  return { where, images, annotations, categories }
}

/** Entries that are not even objects become empty ones, so that they are counted as unusable like any other. */
function entriesOf(list: unknown): Entry[] {
  return (list as unknown[]).map((entry) => (typeof entry === 'object' && entry !== null ? (entry as Entry) : {}))
}

function otherKind(annotations: readonly Entry[]): string | undefined {
  const first = annotations[0]
  if (first === undefined || 'bbox' in first) return undefined
  return 'segments_info' in first ? 'panoptic ones' : 'caption' in first ? 'captions' : undefined
}

/**
 * The classes of all files together.
 * @throws DatasetError when an id has two names, or there is no usable category.
 */
export function cocoClasses(files: readonly CocoContent[], problems: ProblemList): CocoClasses {
  const names = new Map<number, { readonly name: string; readonly where: string; readonly parent: unknown }>()
  for (const { where, categories } of files) {
    const here = new Set<number>()
    for (const category of categories) {
      const id = wholeNumber(category['id'])
      if (id === undefined) {
        problems.add('id-not-usable', () => `${where}: category id ${shown(category['id'])}`)
        continue
      }
      if (typeof category['id'] === 'string') problems.add('id-of-other-type', `${where}: category id "${id}"`)
      const name = typeof category['name'] === 'string' ? category['name'] : ''
      const known = names.get(id)
      if (known !== undefined && known.name !== name) {
        throw new DatasetError({
          where,
          expected: `category ${id} to be '${known.name}' as in ${known.where}`,
          got: `'${name}'`,
          next: 'Give every class one id in all files.',
        })
      }
      if (here.has(id)) problems.add('category-repeated', `${where}: ${id} '${name}'`)
      here.add(id)
      if (known === undefined) names.set(id, { name, where, parent: category['supercategory'] })
    }
  }
  const placeholder = placeholderOf(names, files)
  if (placeholder !== undefined) {
    problems.add('class-placeholder', `${files[0]!.where}: ${placeholder} '${names.get(placeholder)!.name}'`)
    names.delete(placeholder)
  }
  if (names.size === 0) {
    throw new DatasetError({ where: files[0]!.where, expected: 'at least one category', got: 'none' })
  }
  const categoryIds = [...names.keys()].sort((a, b) => a - b)
  return {
    classNames: categoryIds.map((id) => names.get(id)!.name),
    categoryIds,
    labelOfId: new Map(categoryIds.map((id, label) => [id, label])),
  }
}

/** Roboflow lists the project itself as category 0: parent of all others, and of no annotation. */
function placeholderOf(
  names: ReadonlyMap<number, { readonly name: string; readonly parent: unknown }>,
  files: readonly CocoContent[],
): number | undefined {
  const root = names.get(0)
  if (root === undefined || names.size < 2) return undefined
  for (const [id, { parent }] of names) if (id !== 0 && parent !== root.name) return undefined
  const used = files.some(({ annotations }) => annotations.some((entry) => Number(entry['category_id']) === 0))
  return used ? undefined : 0
}

/** The photos of one file with their annotations; what refers to nothing is counted and dropped. */
export function cocoImages(file: CocoContent, classes: CocoClasses, problems: ProblemList): CocoImage[] {
  const { where } = file
  const images = new Map<string, CocoImage>()
  for (const entry of file.images) {
    const id = usableId(entry['id'])
    if (id === undefined) {
      problems.add('id-not-usable', () => `${where}: photo id ${shown(entry['id'])} (${shown(entry['file_name'])})`)
      continue
    }
    const name = typeof entry['file_name'] === 'string' ? entry['file_name'] : ''
    if (images.has(String(id))) {
      problems.add('image-id-repeated', () => `${where}: photo id ${id}, ${name} and ${images.get(String(id))!.file}`)
      continue
    }
    const [width, height] = [positive(entry['width']), positive(entry['height'])]
    images.set(String(id), { id, file: name, width, height, objects: [] })
  }
  const ids = new Set<string>()
  for (const [index, entry] of file.annotations.entries()) {
    const id = usableId(entry['id'])
    const place = id === undefined ? `entry ${index + 1} of annotations` : `annotation ${id}`
    checkAnnotationId(id, place, where, ids, problems)
    const image = images.get(String(entry['image_id']))
    if (image === undefined) {
      problems.add('image-unknown', () => `${where}: ${place}: image_id ${shown(entry['image_id'])}`)
      continue
    }
    if (typeof image.id !== typeof entry['image_id']) {
      problems.add('id-of-other-type', () => `${where}: ${place}: image_id ${shown(entry['image_id'])}`)
    }
    const category = wholeNumber(entry['category_id'])
    const label = category === undefined ? undefined : classes.labelOfId.get(category)
    if (label === undefined) {
      problems.add('category-unknown', () => `${where}: ${place}: category_id ${shown(entry['category_id'])}`)
      continue
    }
    const object = rawObject(entry, label, id, `${where}: ${place}`, place, problems)
    if (object !== undefined) image.objects.push(object)
  }
  const all = [...images.values()]
  checkForCorners(all, where, problems)
  return all
}

function checkAnnotationId(
  id: number | string | undefined,
  place: string,
  where: string,
  ids: Set<string>,
  problems: ProblemList,
): void {
  if (id === undefined) {
    problems.add('annotation-id-missing', () => `${where}: ${place}`)
    return
  }
  if (id === 0) problems.add('annotation-id-zero', () => `${where}: ${place}`)
  if (ids.has(String(id))) problems.add('annotation-id-repeated', () => `${where}: ${place}`)
  ids.add(String(id))
}

function rawObject(
  entry: Entry,
  label: number,
  id: number | string | undefined,
  where: string,
  place: string,
  problems: ProblemList,
): RawObject | undefined {
  const segmentation = maskOf(entry['segmentation'])
  if (segmentation === null) problems.add('mask-malformed', () => where)
  const bbox = entry['bbox'] ?? extentOf(segmentation)
  if (bbox === undefined) {
    problems.add('box-missing', () => `${where}: ${segmentation == null ? 'no bbox' : 'has a mask but no bbox'}`)
    return undefined
  }
  if (entry['bbox'] == null) problems.add('box-of-polygons', () => where)
  if (!Array.isArray(bbox) || bbox.length !== 4 || bbox.some((edge) => typeof edge !== 'number' && edge !== null)) {
    problems.add('box-not-four-numbers', () => `${where}: ${shown(bbox)}`)
    return undefined
  }
  const [x, y, width, height] = bbox.map((edge) => edge ?? Number.NaN) as [number, number, number, number]
  const area = entry['area']
  return {
    label,
    corners: [x, y, tidy(x + width), tidy(y + height)],
    place,
    ...(typeof area === 'number' && area >= 0 && area < Number.POSITIVE_INFINITY ? { area } : {}),
    ...(truthy(entry['iscrowd']) ? { crowd: true } : {}),
    ...(truthy(entry['ignore']) || truthy(entry['difficult']) ? { difficult: true } : {}),
    ...(segmentation == null ? {} : { segmentation }),
    ...(id === undefined ? {} : { annotationId: id }),
  }
}

/** Undefined for none, null for what is no mask. */
function maskOf(value: unknown): Segmentation | null | undefined {
  if (value === undefined || value === null) return undefined
  if (Array.isArray(value)) {
    if (value.length === 0) return undefined
    const isPolygon = (part: unknown) => Array.isArray(part) && part.every((number) => typeof number === 'number')
    return value.every(isPolygon) ? (value as number[][]) : null
  }
  const { size, counts } = value as Entry
  const known = Array.isArray(size) && (typeof counts === 'string' || Array.isArray(counts))
  return known ? (value as { size: number[]; counts: string | number[] }) : null
}

/** Polygons' extent as x, y, width, height; undefined where there is no point. */
function extentOf(mask: Segmentation | null | undefined): number[] | undefined {
  if (mask == null || !('length' in mask)) return undefined
  const [low, high] = [[1 / 0, 1 / 0] as [number, number], [-1 / 0, -1 / 0] as [number, number]]
  for (const polygon of mask) {
    for (const [i, value] of polygon.entries()) {
      const axis = i % 2 === 0 ? 0 : 1
      low[axis] = Math.min(low[axis], value)
      high[axis] = Math.max(high[axis], value)
    }
  }
  return low[1] === 1 / 0 ? undefined : [...low, tidy(high[0] - low[0]), tidy(high[1] - low[1])]
}

/** Boxes written as corners leave their photos when read as x, y, width, height, and fit them as corners. */
function checkForCorners(images: readonly CocoImage[], where: string, problems: ProblemList): void {
  let [boxes, leaving] = [0, 0]
  for (const { width, height, objects } of images) {
    if (width === undefined || height === undefined) continue
    for (const { corners } of objects) {
      const [x, y] = corners
      const [x2, y2] = [corners[2] - x, corners[3] - y]
      if (!(x2 > x && y2 > y && x2 <= width + 1 && y2 <= height + 1)) return
      boxes++
      if (corners[2] > width + 1 || corners[3] > height + 1) leaving++
    }
  }
  if (leaving === 0 || leaving < boxes / 10) return
  problems.add(
    'boxes-look-like-corners',
    `${where}: as x, y, width, height ${leaving} of ${boxes} boxes leave their photo; as corners all fit`,
  )
}

/** An id that tells entries apart: a whole number that is exact, or a text. */
function usableId(value: unknown): number | string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value
  return Number.isSafeInteger(value) ? (value as number) : undefined
}

function wholeNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value
  return Number.isSafeInteger(number) ? (number as number) : undefined
}

function positive(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : undefined
}

function truthy(value: unknown): boolean {
  return value === 1 || value === true || value === '1'
}

function shown(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value)
  return text === undefined ? 'none' : text.slice(0, 80)
}
