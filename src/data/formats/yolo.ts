/** @file YOLO's label files (one row an object: class, then centre and size as fractions) and the names in data.yaml. */
import { DatasetError } from '../../tensor/index.js'
import type { ProblemList } from './problems.js'
import type { RawObject } from './raw.js'

/** What label rows refer to. */
export interface YoloClasses {
  readonly classNames: readonly string[]
  readonly categoryIds: readonly number[]
  /** Numbers after the box in every row (`kpt_shape` in data.yaml), 0 where there are no key points. */
  readonly keypointNumbers: number
}

/** Ultralytics lets coordinates leave 0..1 by as much: they are rounded, not in pixels. */
const TOLERANCE = 0.01

/**
 * The classes that a parsed data.yaml lists: `names` as a list, or as a map from number to name.
 * @throws DatasetError when there is no usable list.
 */
export function yoloClasses(config: unknown, where: string, problems: ProblemList): YoloClasses {
  const expected = 'names: a list of class names, or a map from class number to name'
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new DatasetError({
      where,
      expected: `a map with ${expected}`,
      got: Array.isArray(config) ? 'a list' : `${config}`,
    })
  }
  const { names, nc, kpt_shape: shape } = config as Readonly<Record<string, unknown>>
  if (typeof names !== 'object' || names === null) {
    throw new DatasetError({ where, expected, got: names === undefined ? 'none' : `'${String(names)}'` })
  }
  const entries = Object.entries(names).map(([key, name]): [number, string] => [Number(key), className(name)])
  const bad = entries.find(([id]) => !Number.isSafeInteger(id) || id < 0)
  if (bad !== undefined || entries.length === 0) {
    throw new DatasetError({
      where,
      expected,
      got: bad === undefined ? 'no names' : `a key that is no number: '${bad[1]}'`,
    })
  }
  entries.sort(([a], [b]) => a - b)
  if (nc !== undefined && nc !== entries.length) {
    problems.add('class-lists-differ', `${where}: ${entries.length} names, and nc: ${String(nc)}`)
  }
  const keypoints = Array.isArray(shape) ? Number(shape[0]) * Number(shape[1]) : 0
  return {
    classNames: entries.map(([, name]) => name),
    categoryIds: entries.map(([id]) => id),
    keypointNumbers: Number.isSafeInteger(keypoints) && keypoints > 0 ? keypoints : 0,
  }
}

/** YAML takes unquoted `no`, `1` or `null` for something else than text. */
function className(name: unknown): string {
  return typeof name === 'object' && name !== null ? '' : String(name ?? '')
}

/**
 * The objects of one label file, as fractions of the photo. A row of more than four numbers is a polygon, whose box is
 * used, or a box with key points where the classes say so.
 */
export function parseYoloLabels(text: string, where: string, classes: YoloClasses, problems: ProblemList): RawObject[] {
  const objects: RawObject[] = []
  const seen = new Set<string>()
  for (const [index, line] of text.split(/\r\n|\n|\r/).entries()) {
    const fields = line.trim().split(/\s+/)
    if (fields[0] === '') continue
    const place = `line ${index + 1}`
    const object = parseRow(fields, place, where, classes, problems)
    if (object === undefined) continue
    const key = fields.join(' ')
    if (seen.has(key)) problems.add('row-repeated', () => `${where}: ${place}: ${key.slice(0, 80)}`)
    else objects.push(object)
    seen.add(key)
  }
  return objects
}

/** `0 to 79`, or, where numbers are left out, the first of them. */
function rangeOf(ids: readonly number[]): string {
  const [first, last] = [ids[0]!, ids.at(-1)!]
  if (last - first === ids.length - 1) return `${first} to ${last}`
  return ids.length > 10 ? `${ids.slice(0, 10).join(', ')}, …` : ids.join(', ')
}

function parseRow(
  fields: readonly string[],
  place: string,
  where: string,
  { categoryIds, keypointNumbers }: YoloClasses,
  problems: ProblemList,
): RawObject | undefined {
  const shown = () => `${where}: ${place}: ${fields.join(' ').slice(0, 80)}`
  const numbers = fields.map(asNumber)
  const isBox = fields.length === 5 || (keypointNumbers > 0 && fields.length === 5 + keypointNumbers)
  const isPolygon = !isBox && keypointNumbers === 0 && fields.length >= 7 && fields.length % 2 === 1
  if (numbers.includes(undefined) || !(isBox || isPolygon)) {
    problems.add('row-malformed', () => `${shown()} (${rowFault(fields, numbers, keypointNumbers)})`)
    return undefined
  }
  const [id, ...coordinates] = numbers as number[]
  const label = categoryIds.indexOf(id!)
  if (label < 0) {
    problems.add('row-class', () => `${shown()} (the classes are ${rangeOf(categoryIds)})`)
    return undefined
  }
  const used = isBox ? coordinates.slice(0, 4) : coordinates
  if (!used.every(Number.isFinite)) {
    problems.add('box-not-finite', shown)
    return undefined
  }
  // A negative size is a fault of its own, with a name of its own.
  if (used.some((value, i) => value > 1 + TOLERANCE || (value < -TOLERANCE && !(isBox && i >= 2)))) {
    problems.add('row-not-relative', shown)
    return undefined
  }
  if (isPolygon) return { label, corners: boundsOf(used), place, segmentation: [used] }
  if (fields.length > 5) problems.add('keypoints-left-out', shown)
  const [x, y, width, height] = used as [number, number, number, number]
  return { label, corners: [x - width / 2, y - height / 2, x + width / 2, y + height / 2], place }
}

/** Python's spellings included, which people's scripts write. */
function asNumber(field: string): number | undefined {
  if (/^[+-]?(?:nan|inf|infinity)$/i.test(field)) return Number.NaN
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(field) ? Number(field) : undefined
}

function rowFault(fields: readonly string[], numbers: readonly (number | undefined)[], keypoints: number): string {
  const bad = numbers.indexOf(undefined)
  if (bad >= 0) return `'${fields[bad]!.slice(0, 20)}' is no number`
  const expected = keypoints > 0 ? `5 or ${5 + keypoints}` : '5, or an odd number from 7 for a polygon'
  const hint = fields.length === 6 ? '; with a score it is a detection, not a label' : ''
  return `${fields.length} fields, expected ${expected}${hint}`
}

function boundsOf(polygon: readonly number[]): [number, number, number, number] {
  const [xs, ys] = [polygon.filter((_, i) => i % 2 === 0), polygon.filter((_, i) => i % 2 === 1)]
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)]
}

/** The entries of a Darknet `.data` file: `key = value` a line. */
export function parseDarknetData(text: string): Readonly<Record<string, string>> {
  const lines = text.split(/\r?\n/).map((line) => /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(line))
  return Object.fromEntries(lines.flatMap((match) => (match === null ? [] : [[match[1]!, match[2]!]])))
}
