/** @file Where tags go: the usual place, the places next to it, and what happens in crowds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { uniformAt } from '../tensor/index.js'
import type { Rect } from './canvas.js'
import { placeTags, type TagRequest } from './tag-layout.js'

function tag(xmin: number, ymin: number, xmax: number, ymax: number, group = 'a'): TagRequest {
  return { box: { xmin, ymin, xmax, ymax }, width: 40, height: 12, group }
}

function common(a: Rect, b: Rect): number {
  const width = Math.min(a.xmax, b.xmax) - Math.max(a.xmin, b.xmin)
  const height = Math.min(a.ymax, b.ymax) - Math.max(a.ymin, b.ymin)
  return width > 0 && height > 0 ? width * height : 0
}

test('a lone tag sits on top of its box, flush left', () => {
  assert.deepEqual(placeTags([tag(30, 50, 90, 100)], 200, 150), [{ xmin: 30, ymin: 38, xmax: 70, ymax: 50 }])
})

test('without room above, the tag goes inside', () => {
  assert.deepEqual(placeTags([tag(0, 0, 200, 150)], 200, 150), [{ xmin: 0, ymin: 0, xmax: 40, ymax: 12 }])
})

test('a tag that would leave the picture is moved back in', () => {
  const [rect] = placeTags([tag(190, 50, 199, 60)], 200, 150)
  assert.deepEqual([rect!.xmin, rect!.xmax], [160, 200])
  const [large] = placeTags([{ ...tag(5, 5, 9, 9), width: 400, height: 300 }], 200, 150)
  assert.deepEqual([large!.xmin, large!.ymin], [0, 0])
})

test('tags of neighbours, and of equal boxes, do not cover each other', () => {
  const requests = [tag(30, 50, 60, 100), tag(50, 50, 90, 100), tag(50, 50, 90, 100), tag(45, 45, 95, 105)]
  const places = placeTags(requests, 300, 200)
  for (let i = 0; i < places.length; i++) {
    for (let j = 0; j < i; j++) assert.equal(common(places[i]!, places[j]!), 0, `tags ${i} and ${j}`)
  }
})

test('a tag does not hide a small object next to its box', () => {
  const small: Rect = { xmin: 32, ymin: 37, xmax: 44, ymax: 48 }
  const [large] = placeTags([tag(30, 50, 130, 120), { box: small, width: 4, height: 3, group: 'b' }], 300, 200)
  assert.equal(common(large!, small), 0)
})

test('in a crowd, tags lie in the picture, hardly cover each other, and every group keeps one', () => {
  for (let key = 0; key < 20; key++) {
    const requests = Array.from({ length: 150 }, (_, i) => {
      const x = 200 + 190 * uniformAt(key, 2 * i)
      const y = 100 + 95 * uniformAt(key, 2 * i + 1)
      return tag(x, y, x + 8, y + 8, i % 50 === 0 ? `rare ${i}` : 'usual')
    })
    const places = placeTags(requests, 400, 200)
    const shown = places.filter((place) => place !== null)
    assert.ok(shown.length > 20 && shown.length < 150, `${shown.length} tags`)
    for (const [i, place] of places.entries()) {
      if (requests[i]!.group !== 'usual') assert.ok(place !== null, 'the only tag of its group')
    }
    for (const [i, a] of shown.entries()) {
      assert.ok(a.xmin >= 0 && a.ymin >= 0 && a.xmax <= 400 && a.ymax <= 200)
      for (const b of shown.slice(0, i)) assert.ok(common(a, b) < 0.2 * 480, 'tags do not cover each other')
    }
  }
})
