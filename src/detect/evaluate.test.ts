import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { DatasetImage, DatasetObject } from '../data/formats/index.js'
import { readDataset } from '../data/formats/index.node.js'
import { ImageError } from '../tensor/index.js'
import type { Detection, Detector, ImageFile } from './detector.js'
import { evaluateDetector } from './evaluate.js'

/** A detector that finds the same in every photo of 100×80 pixels. */
function detectorOf(detections: readonly Detection[]): Detector<ImageFile> {
  async function* stream(sources: readonly ImageFile[]) {
    for (const [index, source] of sources.entries()) {
      yield { source, index, result: { width: 100, height: 80, detections } }
    }
  }
  return { stream } as unknown as Detector<ImageFile>
}

function found(score: number, [xmin, ymin, xmax, ymax]: readonly [number, number, number, number]): Detection {
  return { label: 'cell', score, box: { xmin, ymin, xmax, ymax } } as Detection
}

function photo(objects: readonly DatasetObject[], size: { width?: number; height?: number } = {}): DatasetImage {
  return { id: 1, file: 'a.png', path: 'a.png', objects, ...size } as DatasetImage
}

const object = { label: 0, box: [10, 10, 30, 30] } as unknown as DatasetObject
const difficult = { label: 0, box: [40, 10, 90, 70], difficult: true } as unknown as DatasetObject
const judge = (detections: readonly Detection[], image: DatasetImage) =>
  evaluateDetector(detectorOf(detections), { images: [image], classNames: ['cell'] })

function near(value: number, expected: number): void {
  assert.ok(Math.abs(value - expected) < 1e-9, `${value}, not ${expected}`)
}

describe('evaluateDetector', () => {
  test('a photo of another size than its labels state is refused: its boxes are those of another', async () => {
    const one = [found(0.9, [10, 10, 30, 30])]
    near((await judge(one, photo([object], { width: 100, height: 80 }))).summarize().AP, 1)
    await assert.rejects(judge(one, photo([object], { width: 80, height: 100 })), (error) => {
      assert.ok(error instanceof ImageError)
      assert.match(error.message, /a\.png: expected 80×100 pixels, as the labels state, got 100×80/)
      return true
    })
  })

  test('a difficult object need not be found and hides nothing but what finds it', async () => {
    const right = found(0.5, [10, 10, 30, 30])
    const its = found(0.9, [40, 10, 90, 70])
    const inside = [0, 1, 2, 3].map((i) => found(0.8, [42 + 8 * i, 12, 48 + 8 * i, 20]))
    near((await judge([right], photo([object, difficult]))).summarize().AP50, 1)
    near((await judge([right, its], photo([object, difficult]))).summarize().AP50, 1)
    near((await judge([right, ...inside], photo([object, difficult]))).summarize().AP50, 0.2)
  })

  test('classes of the same name are one: read from two categories, and given as two labels', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'detrs-evaluate-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const boxes = [
      { id: 1, image_id: 1, category_id: 1, bbox: [10, 10, 20, 20] },
      { id: 2, image_id: 1, category_id: 5, bbox: [40, 10, 50, 60] },
    ]
    const categories = [
      { id: 1, name: 'cell' },
      { id: 5, name: 'cell' },
    ]
    const images = [{ id: 1, file_name: 'a.png', width: 100, height: 80 }]
    writeFileSync(join(folder, 'a.json'), JSON.stringify({ images, annotations: boxes, categories }))
    const both = [found(0.9, [10, 10, 30, 30]), found(0.8, [40, 10, 90, 70])]
    const dataset = await readDataset(folder)
    near((await evaluateDetector(detectorOf(both), dataset)).summarize().AP, 1)
    const other = { label: 1, box: [40, 10, 90, 70] } as unknown as DatasetObject
    const apart = { images: [photo([object, other])], classNames: ['cell', 'cell'] }
    near((await evaluateDetector(detectorOf(both), apart)).summarize().AP, 1)
  })
})
