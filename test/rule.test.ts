/** @file The rule of weights and images gives the very bits of its Python twin, reference/rule.py. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { bytesOf } from '../src/tensor/index.js'
import { project, ruleImage, ruleImageBytes, ruleStateDict, sampleIndices } from './support/rule.js'

interface Golden {
  readonly tensors: readonly {
    readonly key: string
    readonly shape: readonly number[]
    readonly seed: number
    readonly dtype: string
    /** Bytes of the first eight elements. */
    readonly first: string
    readonly sha256: string
  }[]
  readonly images: readonly {
    readonly seed: number
    readonly height: number
    readonly width: number
    readonly first: string
    readonly sha256: string
  }[]
  /** `first`: the vector's first eight elements as float64. */
  readonly projections: readonly { readonly index: number; readonly first: string }[]
  readonly samples: readonly { readonly size: number; readonly indices: readonly number[] }[]
}

const golden = JSON.parse(readFileSync(new URL('../../test/golden/rule.json', import.meta.url), 'utf8')) as Golden

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

test('every kind of tensor has the bits of the Python rule', () => {
  const shapes = new Map(golden.tensors.map(({ key, shape }) => [key, shape]))
  for (const seed of new Set(golden.tensors.map((entry) => entry.seed))) {
    const tensors = ruleStateDict(shapes, seed)
    for (const entry of golden.tensors.filter((candidate) => candidate.seed === seed)) {
      const tensor = tensors.get(entry.key)!
      const bytes = bytesOf(tensor)
      const elementBytes = bytes.length / tensor.data.length
      assert.equal(tensor.dtype, entry.dtype, entry.key)
      assert.deepEqual(tensor.shape, entry.shape, entry.key)
      assert.equal(hex(bytes.subarray(0, 8 * elementBytes)), entry.first, `${entry.key}, seed ${seed}`)
      assert.equal(sha256(bytes), entry.sha256, `${entry.key}, seed ${seed}`)
    }
  }
})

test('images have the bytes of the Python rule, and the float image is byte / 255', () => {
  for (const { seed, height, width, first, sha256: digest } of golden.images) {
    const pixels = ruleImageBytes(seed, height, width)
    assert.equal(hex(pixels.subarray(0, 12)), first)
    assert.equal(sha256(pixels), digest)
    const planes = ruleImage(seed, height, width)
    const [y, x, c] = [height >> 1, width - 1, 2]
    assert.equal(planes[(c * height + y) * width + x], Math.fround(pixels[(y * width + x) * 3 + c]! / 255))
  }
})

test('projections and sampled positions are those of the Python rule', () => {
  for (const { index, first } of golden.projections) {
    const bytes = Buffer.from(first, 'hex')
    for (let i = 0; i < 8; i++) {
      const unit = new Float64Array(8)
      unit[i] = 1
      assert.equal(project(index, unit), bytes.readDoubleLE(8 * i))
    }
  }
  for (const { size, indices } of golden.samples) assert.deepEqual(sampleIndices(64, size), indices)
})
