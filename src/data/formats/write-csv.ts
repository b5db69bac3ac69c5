/** @file Labels as a table: a row an object, a row with empty cells for a photo without any. */
import { csvCell } from './csv.js'
import type { DatasetObject } from './dataset.js'
import type { NamedImage } from './write-coco.js'

/** The table of some photos; the columns `iscrowd` and `difficult` are there where an object needs them. */
export function csvText(images: readonly NamedImage[], classNames: readonly string[]): string {
  const flags = (['crowd', 'difficult'] as const).filter((flag) =>
    images.some(({ image }) => image.objects.some((object) => object[flag] === true)),
  )
  const heading = ['image', 'xmin', 'ymin', 'xmax', 'ymax', 'label', 'image_width', 'image_height']
  const rows: (readonly (string | number)[])[] = [
    [...heading, ...flags.map((flag) => (flag === 'crowd' ? 'iscrowd' : flag))],
  ]
  for (const { image, name } of images) {
    const size = [image.width ?? '', image.height ?? '']
    const flagged = (object: DatasetObject) => flags.map((flag) => (object[flag] === true ? 1 : 0))
    if (image.objects.length === 0) rows.push([name, '', '', '', '', '', ...size, ...flags.map(() => '')])
    for (const object of image.objects) {
      rows.push([name, ...object.box, classNames[object.label]!, ...size, ...flagged(object)])
    }
  }
  return rows.map((row) => `${row.map((cell) => csvCell(String(cell))).join(',')}\n`).join('')
}

/** The table `name,id` of the classes, which keeps their ids and the classes without objects. */
export function classesText(classNames: readonly string[], categoryIds: readonly number[]): string {
  return classNames.map((name, label) => `${csvCell(name)},${categoryIds[label]}\n`).join('')
}
