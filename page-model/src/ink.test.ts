/** @file Boxes hug ink: on a page that is drawn by hand, where every pixel is known. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inkOf, type Raster, union } from './ink.js'
import type { MeasuredRegion, Rect } from './measure.js'

function page(width: number, height: number, ...fills: [rect: Rect, gray: number][]): Raster {
  const data = new Uint8Array(width * height * 3).fill(255)
  for (const [[l, t, r, b], gray] of fills) {
    for (let y = t; y < b; y++) data.fill(gray, (y * width + l) * 3, (y * width + r) * 3)
  }
  return { width, height, data }
}

function boxOf(raster: Raster, region: MeasuredRegion, scale = 1): Rect | undefined {
  const ink = inkOf(raster, region, scale)
  return ink === undefined ? undefined : union(ink.runs)
}

test('text shrinks to its ink', () => {
  const raster = page(100, 60, [[22, 13, 71, 20], 0])
  assert.deepEqual(boxOf(raster, { name: 'Text', rects: [[20, 10, 80, 24]] }), [22, 13, 71, 20])
})

test('lines above and below that come near are left out', () => {
  const raster = page(100, 60, [[20, 0, 80, 10], 0], [[22, 13, 71, 20], 0], [[20, 24, 80, 30], 0])
  assert.deepEqual(boxOf(raster, { name: 'Text', rects: [[20, 10, 80, 24]] }), [22, 13, 71, 20])
})

test('ink is told from the colour around it, light on dark as well', () => {
  const raster = page(100, 60, [[0, 0, 100, 60], 30], [[22, 13, 71, 20], 240])
  assert.deepEqual(boxOf(raster, { name: 'Title', rects: [[20, 10, 80, 24]] }), [22, 13, 71, 20])
})

test('a pale panel counts in a picture and not behind text', () => {
  const raster = page(100, 60, [[20, 10, 80, 50], 235], [[30, 20, 60, 28], 0])
  assert.deepEqual(boxOf(raster, { name: 'Picture', rects: [[15, 5, 85, 55]] }), [20, 10, 80, 50])
  assert.deepEqual(boxOf(raster, { name: 'Text', rects: [[25, 15, 75, 45]] }), [30, 20, 60, 28])
})

test('a pale mark behind a word does not widen the text', () => {
  const raster = page(100, 60, [[60, 10, 79, 24], 235], [[22, 13, 71, 20], 0])
  assert.deepEqual(boxOf(raster, { name: 'Text', rects: [[20, 10, 80, 24]] }), [22, 13, 71, 20])
})

test('pixels are CSS pixels times the scale', () => {
  const raster = page(200, 120, [[44, 26, 142, 40], 0])
  assert.deepEqual(boxOf(raster, { name: 'Text', rects: [[20, 10, 80, 24]] }, 2), [44, 26, 142, 40])
})

test('where nothing is drawn there is no region', () => {
  assert.equal(inkOf(page(100, 60), { name: 'Text', rects: [[20, 10, 80, 24]] }, 1), undefined)
})
