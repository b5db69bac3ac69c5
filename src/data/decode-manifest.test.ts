import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ImageError } from '../tensor/index.js'
import { decodeImage } from './decode.node.js'
import type { RgbImage } from './image.js'
import { resizeBilinear, resizeShortestEdge } from './resize.js'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const DATA = process.env['DETRS_DATA'] ?? join(ROOT, '../shared/data')
const absent = existsSync(DATA) ? false : `no data folder at ${DATA}`

/** What Pillow 9.4 made of a file. Its size is the stored one, before the orientation is applied. */
interface Entry {
  readonly path: string
  readonly pil: 'ok' | 'error'
  readonly mode: string | null
  readonly size: readonly [number, number]
  readonly exif_orientation: number | null
  readonly mean_rgb?: readonly [number, number, number]
}

/** Files that come out otherwise than in Pillow 9.4, and why. */
const DIFFERENT: Readonly<Record<string, string>> = {
  'Pillow/truncated_exif_dpi.jpg': 'decodes: only its EXIF block is cut off (Pillow decodes it since version 10)',
  'jpeg-decoder/reftest/images/lossless/1/jpeg_lossless_sel1-8bit.jpg':
    'decodes: a lossless JPEG of 8 bits (so it does in Pillow 13, to the same pixels)',
  'image-png/bugfixes/invalid_palette_index.png':
    'black, not white, where an index is past the palette (so does Pillow since version 10)',
}

function meanColour(image: RgbImage): number[] {
  const sums = [0, 0, 0]
  for (let i = 0; i < image.data.length; i++) sums[i % 3]! += image.data[i]!
  return sums.map((sum) => sum / (image.width * image.height))
}

test("403 files decode to Pillow's size, orientation and mean colour, or are refused as there", {
  skip: absent,
}, async () => {
  const entries = JSON.parse(readFileSync(join(DATA, 'decode/manifest.json'), 'utf8')) as readonly Entry[]
  assert.ok(entries.length > 0)
  const wrong: string[] = []
  let sixteenBitGrey = 0
  for (const entry of entries) {
    const fault = await compare(entry)
    if (fault !== undefined && !(entry.path in DIFFERENT)) wrong.push(`${entry.path}: ${fault}`)
    if (fault === undefined && entry.path in DIFFERENT) wrong.push(`${entry.path}: listed as different, but is not`)
    if (entry.mode === 'I') sixteenBitGrey++
  }
  assert.deepEqual(wrong, [])
  // These are the stated difference: scaled by 1/257 here, clipped by Pillow; the manifest holds no mean for them.
  assert.equal(sixteenBitGrey, 25)
})

async function compare(entry: Entry): Promise<string | undefined> {
  let image: RgbImage
  try {
    image = await decodeImage(join(DATA, 'decode', entry.path))
  } catch (error) {
    if (!(error instanceof ImageError) || !error.message.includes(entry.path)) return `unclear error ${String(error)}`
    return entry.pil === 'error' ? undefined : error.message
  }
  if (entry.pil === 'error') return 'decodes, but Pillow refuses it'
  const [width, height] = (entry.exif_orientation ?? 1) >= 5 ? [entry.size[1], entry.size[0]] : entry.size
  if (image.width !== width || image.height !== height) return `${image.width}×${image.height}, not ${width}×${height}`
  if (image.data.length !== width * height * 3) return `${image.data.length} bytes`
  const mean = meanColour(image)
  if (entry.mean_rgb?.every((value, i) => Math.abs(value - mean[i]!) <= 2) ?? true) return undefined
  return `mean colour ${mean.map((value) => value.toFixed(2))}, not ${entry.mean_rgb}`
}

test('the published input of DETR for photo 39769 comes out to the last digit', { skip: absent }, async () => {
  const image = await decodeImage(join(DATA, 'detr-sample/000000039769.png'))
  assert.deepEqual([image.height, image.width], [480, 640])
  const size = resizeShortestEdge(image, 800, 1333)
  assert.deepEqual(size, { height: 800, width: 1066 })
  const { data } = resizeBilinear(image, size)
  const published = [0.2796, 0.3138, 0.3481]
  published.forEach((value, x) => {
    const normalised = (data[3 * x]! / 255 - 0.485) / 0.229
    assert.ok(Math.abs(normalised - value) <= 1e-4, `pixel_values[0,0,0,${x}] is ${normalised}, published is ${value}`)
  })
})
