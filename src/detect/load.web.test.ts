import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { it } from 'node:test'
import { ConfigError, DownloadError, ImageError } from '../tensor/index.js'
import { loadDetector } from './load.web.js'
import { type PageImage, readPageImage } from './page-image.web.js'

/** Runs `visit` with the address of a server on this machine. */
async function serving(answer: RequestListener, visit: (address: string) => Promise<void>): Promise<void> {
  const server = createServer(answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    await visit(`http://127.0.0.1:${(server.address() as AddressInfo).port}/weights.safetensors?key=secret`)
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

function refuses(address: string | URL, sentence: RegExp): Promise<void> {
  return assert.rejects(loadDetector(address), (error: Error) => {
    assert.match(error.message, sentence)
    assert.doesNotMatch(error.message, /secret/)
    return error instanceof DownloadError
  })
}

it('says in one sentence why an address gave no weights', async () => {
  const missing: RequestListener = (_, response) => response.writeHead(404).end('nothing here')
  await serving(missing, (address) =>
    refuses(
      address,
      /^http:\S+\/weights\.safetensors: expected the weight file, got HTTP 404 Not Found\. Check the address/,
    ),
  )
  const page: RequestListener = (_, response) => response.end('<!doctype html><title>app</title>')
  await serving(page, (address) =>
    refuses(address, /expected the weight file, got a web page\. Many servers answer so/),
  )
  const broken: RequestListener = (_, response) => {
    response.writeHead(200, { 'content-length': 1000 }).write('abc')
    setTimeout(() => response.destroy(), 20)
  }
  await serving(broken, (address) => refuses(address, /got a download that broke off \(/))
  // Nobody listens there.
  await refuses(new URL('http://127.0.0.1:1/weights.safetensors'), /got no answer .*Access-Control-Allow-Origin\.$/)
})

it('tells a name from an address', async () => {
  await assert.rejects(loadDetector('rtdetr-page'), (error: ConfigError) => {
    assert.match(
      error.message,
      /got the name of a model, 'rtdetr-page'\. Serve node_modules\/detrs\/weights\/rtdetr-page\.safe/,
    )
    return error instanceof ConfigError
  })
  await assert.rejects(loadDetector(undefined as unknown as string), ConfigError)
})

it('takes RGB in clamped bytes', async () => {
  const image = { width: 2, height: 2, data: new Uint8ClampedArray(12).fill(255) } as unknown as PageImage
  assert.deepEqual([...(await readPageImage(image)).data], Array(12).fill(255))
})

it('drops alpha, or draws over white', async () => {
  const data = Uint8ClampedArray.of(10, 20, 30, 0, 10, 20, 30, 255, 0, 100, 200, 51)
  const image = { width: 3, height: 1, data, colorSpace: 'srgb' } as ImageData
  assert.deepEqual([...(await readPageImage(image)).data], [10, 20, 30, 10, 20, 30, 0, 100, 200])
  const white = await readPageImage(image, { ground: 'white' })
  assert.deepEqual([...white.data], [255, 255, 255, 10, 20, 30, 204, 224, 244])
})

it('refuses what is no image', async () => {
  const cases: [unknown, RegExp][] = [
    [undefined, /^image: expected a Blob, .* got undefined\.$/],
    [null, /got null\.$/],
    ['photo.jpg', /got string\. Fetch it: await \(await fetch/],
    [{}, /got an Object that does not decode/],
    [{ width: 2, height: 2, data: new Float32Array(12) }, /pixels of 8 bits, got \[object Float32Array\]/],
    [{ width: 0, height: 0, data: new Uint8ClampedArray(0) }, /an image with pixels, got 0×0 = 0/],
  ]
  for (const [source, sentence] of cases) {
    await assert.rejects(readPageImage(source as PageImage), (error: ImageError) => {
      assert.match(error.message, sentence)
      return error instanceof ImageError
    })
  }
  const large = { width: 4, height: 4, data: new Uint8ClampedArray(64) } as ImageData
  await assert.rejects(readPageImage(large, { maxPixels: 15 }), /at most 15 pixels, got 4×4 = 16/)
})

it('refuses options that do not exist, and class names that the weights were not trained for', async () => {
  const weights = new Uint8Array(readFileSync(new URL('../../../weights/rtdetr-page.safetensors', import.meta.url)))
  const misspelt = { wasmPath: '/ort/' } as Parameters<typeof loadDetector>[1]
  await assert.rejects(loadDetector(weights, misspelt), /loadDetector: .*got 'wasmPath'\. Did you mean wasmPaths\?/)
  await assert.rejects(loadDetector(weights, { classNames: ['cat', 'dog'] }), /classNames: expected as many names as/)
})
