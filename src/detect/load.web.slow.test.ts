import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { it } from 'node:test'
import { loadDetector } from './load.web.js'

const WEIGHTS = new URL('../../../weights/rtdetr-page.safetensors', import.meta.url)

/** A dark block on white. */
function picture(width: number, height: number, channels: 3 | 4): Uint8ClampedArray {
  const data = new Uint8ClampedArray(width * height * channels).fill(255)
  for (let y = height >> 2; y < height >> 1; y++) {
    for (let x = width >> 2; x < 3 * (width >> 2); x++)
      data.fill(40, (y * width + x) * channels, (y * width + x) * channels + 3)
  }
  return data
}

it('detects with weights from bytes and from an address, in RGB and in RGBA', async () => {
  const bytes = readFileSync(WEIGHTS)
  const [width, height] = [120, 160]
  const rgb = picture(width, height, 3)
  const options = { threshold: 0, topK: 5 }
  const detector = await loadDetector(bytes)
  const [expected] = await detector.detect([{ width, height, data: new Uint8Array(rgb.buffer) }], options)
  assert.equal(expected?.detections.length, 5)
  assert.equal(expected.width, width)
  const rgba = { width, height, data: picture(width, height, 4), colorSpace: 'srgb' } as ImageData
  assert.deepEqual(await detector.detect([rgba], options), [expected])
  await detector.dispose()

  const fetched = await loadDetector(`data:application/octet-stream;base64,${bytes.toString('base64')}`)
  assert.equal(fetched.loaded.model.name, 'rtdetr-page')
  await fetched.dispose()
})
