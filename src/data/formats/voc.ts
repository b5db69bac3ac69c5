/** @file Pascal VOC's XML: one file a photo, boxes as numbers of the first and last pixel, counted from 1. */
import { DatasetError } from '../../tensor/index.js'
import { tidy } from './place-objects.js'
import type { ProblemList } from './problems.js'
import { childOf, parseXml, textOf, type XmlElement } from './xml.js'

/** An object as its XML file has it. */
export interface VocObject {
  readonly name: string
  /** xmin, ymin, xmax, ymax as written; NaN where a number is missing or none. */
  readonly bounds: readonly [number, number, number, number]
  readonly difficult: boolean
}

/** What an annotation file says. */
export interface VocAnnotation {
  /** The photo's name, if it is written. */
  readonly fileName: string | undefined
  readonly width: number | undefined
  readonly height: number | undefined
  readonly objects: readonly VocObject[]
}

/**
 * Reads an annotation file. Body parts inside an object (`part`) have boxes of their own and are no objects.
 * @throws DatasetError when the bytes are not the XML of an annotation.
 */
export function parseVoc(bytes: Uint8Array, where: string): VocAnnotation {
  const root = parseXml(bytes, where)
  if (root.name !== 'annotation') {
    throw new DatasetError({ where, expected: 'a Pascal VOC <annotation>', got: `<${root.name}>` })
  }
  const size = childOf(root, 'size')
  return {
    fileName: textOf(root, 'filename'),
    width: positiveInteger(textOf(size, 'width')),
    height: positiveInteger(textOf(size, 'height')),
    objects: root.children.filter(({ name }) => name === 'object').map(parseObject),
  }
}

function parseObject(object: XmlElement): VocObject {
  const bounds = childOf(object, 'bndbox')
  const [xmin, ymin, xmax, ymax] = ['xmin', 'ymin', 'xmax', 'ymax'].map((name) => decimal(textOf(bounds, name)))
  return {
    name: textOf(object, 'name') ?? '',
    bounds: [xmin!, ymin!, xmax!, ymax!],
    difficult: textOf(object, 'difficult') === '1',
  }
}

function decimal(text: string | undefined): number {
  return text !== undefined && /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN
}

function positiveInteger(text: string | undefined): number | undefined {
  const value = decimal(text)
  return Number.isSafeInteger(value) && value > 0 ? value : undefined
}

/**
 * What to take from xmin and ymin to get edges from 0: pixels are numbered from 1 and the last one belongs to the box, so
 * that 1..W is the whole width 0..W (detectron2 reads them so; Ultralytics and supervision move both ends instead). A set
 * with a box that starts before pixel 1 cannot mean that, and its numbers are edges as they are.
 */
export function vocOffset(annotations: Iterable<VocAnnotation>, where: string, problems: ProblemList): 0 | 1 {
  for (const { fileName, objects } of annotations) {
    for (const { bounds } of objects) {
      const [xmin, ymin, xmax, ymax] = bounds
      if (!(xmin < 1 || ymin < 1) || !(xmax > xmin && ymax > ymin)) continue
      problems.add('boxes-from-zero', `${where}: ${bounds.join(', ')} in ${fileName ?? 'a photo without a name'}`)
      return 0
    }
  }
  return 1
}

/**
 * Corners in pixels, edges from 0. A box of one pixel's width is one; a box of no extent in both directions as written is
 * a click, not a pixel, and stays without extent.
 */
export function vocCorners({ bounds }: VocObject, offset: 0 | 1): readonly [number, number, number, number] {
  const [xmin, ymin, xmax, ymax] = bounds
  if (xmin === xmax && ymin === ymax) return bounds
  // One that is the wrong way round must not become zero.
  const start = (low: number, high: number) => (low <= high ? tidy(low - offset) : low)
  return [start(xmin, xmax), start(ymin, ymax), xmax, ymax]
}

/** One class name a line, as in `classes.txt`. A name may begin with `#`. */
export function classList(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** The classes of CVAT's `labelmap.txt`, without comments, colours and background. */
export function labelMapClasses(text: string): string[] {
  const lines = classList(text)
  const coloured = lines.some((line) => /^#\s*label\s*:/.test(line))
  return lines
    .filter((line) => !line.startsWith('#'))
    .map((line) => (coloured ? line.split(':')[0]! : line))
    .filter((name) => !(coloured && name === 'background'))
}
