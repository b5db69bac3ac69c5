/** @file A data set of painted shapes on disk, in the layout of Roboflow's COCO exports: for tests that train. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { drawShapes, SHAPES } from '../../examples/shapes.js'
import { encodeImage } from '../../src/data/index.node.js'

/** Sides of the pictures, pixels. */
const SIDE = 72

/** Writes `train` pictures to train on and `val` others to validate on; the same ones every time. */
export async function writeShapesDataset(folder: string, train: number, val: number): Promise<void> {
  let id = 1
  for (const [split, from, count] of [
    ['train', 0, train],
    ['valid', 100, val],
  ] as const) {
    mkdirSync(join(folder, split), { recursive: true })
    const [images, annotations]: [object[], object[]] = [[], []]
    for (let i = 0; i < count; i++) {
      const { image, objects } = drawShapes(from + i, SIDE)
      const name = `${split}-${i}.png`
      writeFileSync(join(folder, split, name), await encodeImage(image, 'png'))
      images.push({ id: i + 1, file_name: name, width: SIDE, height: SIDE })
      for (const { label, box } of objects) {
        const [w, h] = [box.xmax - box.xmin, box.ymax - box.ymin]
        const bbox = [box.xmin, box.ymin, w, h]
        annotations.push({ id: id++, image_id: i + 1, category_id: label, bbox, area: w * h, iscrowd: 0 })
      }
    }
    const categories = SHAPES.map((name, category) => ({ id: category, name }))
    writeFileSync(join(folder, split, '_annotations.coco.json'), JSON.stringify({ images, annotations, categories }))
  }
}
