/** @file A photo's labels as Pascal VOC's XML. */
import type { DatasetObject, PixelBox } from './dataset.js'
import { tidy } from './place-objects.js'
import type { NamedImage } from './write-coco.js'

/** What becomes of a box as Pascal VOC's numbers of pixels. */
export type VocFit = 'fits' | 'cut' | 'outside' | 'tiny'

/**
 * Whether Pascal VOC's numbers of pixels can say this box: one pixel alone would be read as a click, and a number below 1
 * would make edges from 0 of all boxes of the set. Boxes of photos of unknown size may begin before their photo.
 */
export function vocFit({ box }: DatasetObject): VocFit {
  const [xmin, ymin, xmax, ymax] = insidePhoto(box)
  if (xmin >= xmax || ymin >= ymax) return 'outside'
  if (xmax - xmin <= 1 && ymax - ymin <= 1) return 'tiny'
  return xmin === box[0] && ymin === box[1] ? 'fits' : 'cut'
}

/** Whether a box is written. */
export function isWrittenToVoc(object: DatasetObject): boolean {
  const fit = vocFit(object)
  return fit === 'fits' || fit === 'cut'
}

function insidePhoto([xmin, ymin, xmax, ymax]: PixelBox): PixelBox {
  return [Math.max(0, xmin), Math.max(0, ymin), xmax, ymax]
}

/** Class names as lines of text, which `classes.txt` and the trimmed text of an XML element can hold. */
export function vocClassNames(classNames: readonly string[]): string[] {
  return classNames.map((name, label) => name.replace(/\p{Cc}+/gu, ' ').trim() || `class ${label}`)
}

/**
 * The annotation file of one photo: numbers of the first and last pixel, from 1. Crowds are marked as difficult, which
 * has the same effect on an evaluation. Boxes that do not fit (`vocFit`) are left out.
 * @param classNames as `vocClassNames` makes them.
 */
export function vocText({ image, name }: NamedImage, classNames: readonly string[]): string {
  const { width, height } = image
  const size = [
    ...(width === undefined ? [] : [`    <width>${width}</width>`]),
    ...(height === undefined ? [] : [`    <height>${height}</height>`]),
    '    <depth>3</depth>',
  ]
  return [
    '<annotation>',
    `  <filename>${escaped(name)}</filename>`,
    '  <size>',
    ...size,
    '  </size>',
    ...image.objects.filter(isWrittenToVoc).flatMap((object) => objectLines(object, classNames)),
    '</annotation>',
    '',
  ].join('\n')
}

function objectLines({ label, box, crowd, difficult }: DatasetObject, classNames: readonly string[]): string[] {
  const inside = insidePhoto(box)
  const [[xmin, xmax], [ymin, ymax]] = [pixels(inside[0], inside[2]), pixels(inside[1], inside[3])]
  return [
    '  <object>',
    `    <name>${escaped(classNames[label]!)}</name>`,
    `    <difficult>${crowd === true || difficult === true ? 1 : 0}</difficult>`,
    '    <bndbox>',
    `      <xmin>${xmin}</xmin>`,
    `      <ymin>${ymin}</ymin>`,
    `      <xmax>${xmax}</xmax>`,
    `      <ymax>${ymax}</ymax>`,
    '    </bndbox>',
    '  </object>',
  ]
}

/** First and last pixel from 1; fractions are kept, and what is thinner than a pixel becomes the pixel that it is in. */
function pixels(low: number, high: number): [number, number] {
  const first = tidy(low + 1)
  return first <= high ? [first, high] : [Math.floor(low) + 1, Math.floor(low) + 1]
}

/** Text that is safe between tags; characters that XML cannot hold are left out. */
function escaped(text: string): string {
  return text
    .replace(/\p{Cc}/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
}
