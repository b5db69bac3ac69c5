/** @file A photo's labels as Pascal VOC's XML. */
import type { DatasetObject } from './dataset.js'
import { tidy } from './place-objects.js'
import type { NamedImage } from './write-coco.js'

/** Whether Pascal VOC's numbers of pixels can say this box: one pixel alone would be read as a click. */
export function fitsVoc({ box: [xmin, ymin, xmax, ymax] }: DatasetObject): boolean {
  return xmax - xmin > 1 || ymax - ymin > 1
}

/**
 * The annotation file of one photo: numbers of the first and last pixel, from 1. Crowds are marked as difficult, which
 * has the same effect on an evaluation. Boxes that do not fit (`fitsVoc`) are left out.
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
    ...image.objects.filter(fitsVoc).flatMap((object) => objectLines(object, classNames)),
    '</annotation>',
    '',
  ].join('\n')
}

function objectLines({ label, box, crowd, difficult }: DatasetObject, classNames: readonly string[]): string[] {
  const [[xmin, xmax], [ymin, ymax]] = [pixels(box[0], box[2]), pixels(box[1], box[3])]
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
