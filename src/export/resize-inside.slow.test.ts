/** @file The resize inside an exported file against Pillow's: within two of 256 levels, at least 95 % of values equal. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ruleImageBytes } from '../../test/support/rule.js'
import { decodeImage, type RgbImage, resizeBilinear } from '../data/index.node.js'
import { Graph } from '../graph/index.js'
import { encodeModel } from '../onnx/index.js'
import { resizeAntialiased, transpose, unsqueeze } from '../ops/index.js'
import { createFfiRuntime } from '../runtime/index.node.js'

const DATA = process.env['DETRS_DATA'] ?? fileURLToPath(new URL('../../../../shared/data/', import.meta.url))
const golden: { photos: { file: string; resized: Record<string, string> }[] } = JSON.parse(
  readFileSync(new URL('../../../test/golden/resize.json', import.meta.url), 'utf8'),
)

const runtime = await createFfiRuntime()
const graph = new Graph('resize')
const image = graph.input('image', 'uint8', ['height', 'width', 3])
const sizes = graph.input('sizes', 'int64', [4])
const resized = resizeAntialiased(unsqueeze(transpose(image, [2, 0, 1]), [0]), sizes)
graph.output('resized', transpose(resized, [0, 2, 3, 1]))
const session = await runtime.createSession(encodeModel(graph).bytes)

/** Largest difference and share of equal values. */
async function compare(photo: RgbImage, width: number, height: number): Promise<{ largest: number; equal: number }> {
  const { data } = resizeBilinear(photo, { width, height })
  const { resized: inside } = await session.run({
    image: { dtype: 'uint8', shape: [photo.height, photo.width, 3], data: photo.data },
    sizes: { dtype: 'int64', shape: [4], data: BigInt64Array.of(1n, 3n, BigInt(height), BigInt(width)) },
  })
  let [largest, same] = [0, 0]
  for (let i = 0; i < data.length; i++) {
    const difference = Math.abs(data[i]! - Number(inside!.data[i]))
    if (difference === 0) same++
    else largest = Math.max(largest, difference)
  }
  return { largest, equal: same / data.length }
}

test('on pictures of the rule', async () => {
  for (const [height, width, toHeight, toWidth] of [
    [480, 640, 800, 1066],
    [500, 333, 320, 213],
    [97, 61, 200, 126],
  ] as const) {
    const photo = { height, width, data: ruleImageBytes(3, height, width) }
    const { largest, equal } = await compare(photo, toWidth, toHeight)
    assert.ok(
      largest <= 2 && equal >= 0.95,
      `${height}×${width}: ${largest} levels, ${(100 * equal).toFixed(1)} % equal`,
    )
  }
})

const reason = existsSync(DATA) ? false : `no photos at ${DATA}`
describe('on 30 photos at three sizes', { skip: reason }, () => {
  for (const { file, resized: targets } of golden.photos) {
    test(file, async () => {
      const photo = await decodeImage(`${DATA}/${file}`)
      for (const target of Object.keys(targets)) {
        const [width, height] = target.split('x').map(Number)
        const { largest, equal } = await compare(photo, width!, height!)
        assert.ok(largest <= 2 && equal >= 0.95, `${target}: ${largest} levels, ${(100 * equal).toFixed(1)} % equal`)
      }
    })
  }
})
