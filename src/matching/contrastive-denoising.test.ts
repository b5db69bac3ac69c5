import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { type GoldenNoise, replayedNoise } from '../../test/support/replayed-noise.js'
import { boxesOf } from '../boxes/index.js'
import { parseSafetensors } from '../checkpoint/index.js'
import { type TensorData, toNumbers } from '../tensor/index.js'
import { contrastiveDenoising, denoisingSize } from './contrastive-denoising.js'
import type { ImageTargets } from './hungarian-matcher.js'

interface Case {
  readonly name: string
  readonly kind: string
  readonly wanted: number
  readonly queries: number
  readonly groups: number
  readonly labelNoise: number
  readonly boxNoise: number
}

const GOLDEN = new URL('../../../test/golden/', import.meta.url)
const all: readonly Case[] = JSON.parse(readFileSync(new URL('rtdetr-losses.json', GOLDEN), 'utf8'))
const { tensors } = parseSafetensors(readFileSync(new URL('rtdetr-losses.safetensors', GOLDEN)), 'rtdetr-losses')

function objectsOf(name: string): ImageTargets[] {
  return [0, 1].map((image) => ({
    labels: Int32Array.from(toNumbers(tensors.get(`${name}/labels${image}`)!)),
    boxes: boxesOf('cxcywh', Float32Array.from(toNumbers(tensors.get(`${name}/boxes${image}`)!))),
  }))
}

describe('denoising queries equal the reference, given its random numbers', () => {
  for (const { name, wanted, queries, groups, labelNoise, boxNoise } of all.filter(
    ({ kind }) => kind === 'denoising',
  )) {
    test(name, () => {
      const targets = objectsOf(name)
      const part = (key: string): TensorData => tensors.get(`${name}/${key}`)!
      const classes = part('embedding').shape[0]! - 1
      const noise = Object.fromEntries(['flip', 'new_labels', 'sign', 'magnitude'].map((key) => [key, part(key)]))
      const counts = targets.map(({ labels }) => labels.length)
      const uniform = replayedNoise(noise as unknown as GoldenNoise, counts, groups, classes)
      const ours = contrastiveDenoising(targets, classes, queries, { queries: wanted, labelNoise, boxNoise }, uniform)
      const [size, used] = [ours.labels.shape[1]!, part('noised_labels').shape[1]!]
      assert.ok(size >= used)
      const boxes = toNumbers(part('noised_boxes'))
      const positives = [0, 1].map((image) => toNumbers(part(`positive${image}`)))
      for (let row = 0; row < 2 * size; row++) {
        const [image, place] = [Math.floor(row / size), row % size]
        const golden = image * used + place
        assert.equal(
          ours.labels.data[row],
          place < used ? toNumbers(part('noised_labels'))[golden] : -1,
          `label ${row}`,
        )
        assert.equal(ours.target.matched.data[row], positives[image]!.includes(place) ? 1 : 0, `matched ${row}`)
        for (let i = 0; i < 4 && place < used; i++) {
          const [mine, theirs] = [ours.boxLogits.data[4 * row + i]!, boxes[4 * golden + i]!]
          assert.ok(
            Math.abs(mine - theirs) <= 1e-5 * Math.max(1, Math.abs(theirs)),
            `box ${row}: ${mine}, not ${theirs}`,
          )
        }
      }
      // The reference has no unused places: who sees whom is compared without them.
      const hidden = toNumbers(part('hidden'))
      const order = Array.from({ length: used + queries }, (_, i) => (i < used ? i : i - used + size))
      const bias = order.flatMap((row) => order.map((column) => ours.bias.data[row * (size + queries) + column]))
      assert.deepEqual(
        bias.map((value) => (value === 0 ? 0 : 1)),
        hidden,
      )
      assert.equal(ours.groups, groups)
    })
  }
})

describe('contrastiveDenoising', () => {
  const options = { queries: 10, labelNoise: 0.5, boxNoise: 1 }
  const empty: ImageTargets = { labels: new Int32Array(0), boxes: boxesOf('cxcywh', new Float32Array(0)) }
  const objects = (count: number): ImageTargets => ({
    labels: new Int32Array(count),
    boxes: boxesOf('cxcywh', new Float32Array(4 * count).fill(0.5)),
  })

  test('a batch without objects is denoised in places that nobody sees and that count for nothing', () => {
    const { labels, bias, groups, target } = contrastiveDenoising([empty, empty], 3, 4, options, Math.random)
    assert.deepEqual([...new Set(labels.data)], [-1])
    assert.equal(groups, 0)
    assert.ok(target.matched.data.every((value) => value === 0))
    const all_ = 24
    for (let row = 0; row < all_; row++) {
      const seen = Array.from({ length: all_ }, (_, column) => column).filter((c) => bias.data[row * all_ + c] === 0)
      assert.deepEqual(seen, row < 20 ? [row] : [20, 21, 22, 23])
    }
  })

  test('one size serves all batches up to the wanted number of copies; beyond it grows in steps', () => {
    const sizes = [0, 1, 10, 11, 15, 16, 40].map((count) => denoisingSize([objects(count), empty], options))
    assert.deepEqual(sizes, [20, 20, 20, 30, 30, 46, 106])
  })

  test('more objects than copies make one group of all', () => {
    const { labels, groups } = contrastiveDenoising([objects(12)], 1, 4, options, () => 0.5)
    assert.equal(labels.data.filter((label) => label >= 0).length, 24)
    assert.equal(groups, 1)
  })
})
