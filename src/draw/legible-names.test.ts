import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drawDetections, legibleNames, matrixChart } from './index.js'

test('names that the typeface lacks become numbers, others stay', () => {
  const names = ['cat', '類別', 'Größe', 'العربية 😀', 'traffic light', 'A 類', '']
  assert.deepEqual(legibleNames(names), ['cat', 'class 1', 'Größe', 'class 3', 'traffic light', 'A 類', ''])
})

test('names that differ only in what the typeface lacks become numbers', () => {
  assert.deepEqual(legibleNames(['猫 1 abc', '犬 1 abc', '犬 2 abc', 'abc']), ['class 0', 'class 1', '犬 2 abc', 'abc'])
})

test('pictures tell such classes apart', () => {
  const picture = { width: 400, height: 200, data: new Uint8Array(400 * 200 * 3) }
  const box = { xmin: 50, ymin: 80, xmax: 300, ymax: 180 }
  const drawn = (label: string, classes: readonly string[]) =>
    drawDetections(picture, [{ label, box }], { classes }).data
  assert.deepEqual(drawn('類別', ['猫', '類別']), drawn('class 1', ['class 0', 'class 1']))
  const counts = [3, 1, 0, 2, 4, 0, 0, 1, 0]
  const chart = (labels: readonly string[]) => matrixChart({ title: 't', rows: 'r', columns: 'c', labels, counts }).data
  assert.deepEqual(chart(['猫', '類別', 'background']), chart(['class 0', 'class 1', 'background']))
})
