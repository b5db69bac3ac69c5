import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { makeNameable, type Outcome, run, temporaryFolder } from '../../test/support/cli.js'
import { tinyModel } from '../../test/support/tiny-model.js'

// Two mebibytes that begin like a zip file, as weights do.
const file = Buffer.alloc(2 * 2 ** 20, 'weights')
file.write('PK\x03\x04', 'latin1')
const sha256 = createHash('sha256').update(file).digest('hex')
const asked: string[] = []
const server = createServer((request, response) => {
  asked.push(request.url ?? '')
  if (request.url === '/page') response.setHeader('content-type', 'text/html').end('<html><body>Moved</body></html>')
  else if (request.url === '/other') response.end(Buffer.concat([file, Buffer.from('x')]))
  else if (request.url === '/none') response.writeHead(404).end()
  else response.end(file)
})
let host = ''

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const official = { url: `${host}/tiny-${sha256.slice(0, 8)}.pth`, sha256: sha256.slice(0, 8) }
  makeNameable({ ...tinyModel, weights: { ...official, sizeMegabytes: 2, licence: 'CC0-1.0' } })
})

after(() => {
  server.closeAllConnections()
  server.close()
})

/** A cache of its own, and a command that uses it. */
function cache(): {
  pull: (...words: string[]) => Promise<Outcome>
  path: string
  folder: string
  offline: typeof run
} {
  const folder = temporaryFolder()
  const env = { DETRS_CACHE: folder, TORCH_HOME: folder, NO_PROXY: '127.0.0.1' }
  return {
    folder,
    path: join(folder, 'checkpoints', `tiny-${sha256.slice(0, 8)}.pth`),
    pull: (...words) => run(['pull', ...words], { env }),
    offline: (words) => run(words, { env: { ...env, DETRS_OFFLINE: '1' } }),
  }
}

describe('detrs pull', () => {
  test('downloads the weights, says where they are, and asks no second time', async () => {
    const { pull, path, offline } = cache()
    const first = await pull('tiny')
    assert.deepEqual([first.code, first.out], [0, `${path}\n`])
    assert.match(first.err, new RegExp(`^tiny: 2 MB from ${new URL(host).host}, licence CC0-1.0\n`))
    assert.match(first.err, /^download 2\/2 MB · /m)
    assert.ok(readFileSync(path).equals(file))
    const requests = asked.length
    assert.deepEqual(await pull('tiny'), { code: 0, out: `${path}\n`, err: '' })
    assert.deepEqual(await offline(['pull', 'tiny']), { code: 0, out: `${path}\n`, err: '' })
    assert.equal(asked.length, requests)
    const listed = JSON.parse((await offline(['models', '--json'])).out) as { name: string; file?: string }[]
    assert.equal(listed.find(({ name }) => name === 'tiny')!.file, path)
  })

  test('downloads from another address, under the official name', async () => {
    const { pull, path } = cache()
    const { code, out } = await pull('tiny', '--url', `${host}/mirror/whatever`)
    assert.deepEqual([code, out], [0, `${path}\n`])
    assert.equal(asked.at(-1), '/mirror/whatever')
  })

  test('refuses a file with another digest, and keeps nothing of it', async () => {
    const { pull, path, folder } = cache()
    const { code, out, err } = await pull('tiny', '--url', `${host}/other`)
    assert.deepEqual([code, out], [1, ''])
    assert.match(
      err,
      /detrs: tiny-.*\.pth: expected a file with a sha256 that starts with .* from http.*\/other, got one with sha256 /,
    )
    assert.equal(existsSync(path), false)
    assert.deepEqual(
      readdirSync(join(folder, 'checkpoints')).filter((name) => name.endsWith('.pth')),
      [],
    )
  })

  const refusals: readonly (readonly [url: string, got: RegExp])[] = [
    ['/page', /HTML|web page/i],
    ['/none', /404/],
  ]
  for (const [url, got] of refusals) {
    test(`refuses ${url} in place of weights`, async () => {
      const { pull, path } = cache()
      const { code, out, err } = await pull('tiny', '--url', host + url)
      assert.deepEqual([code, out], [1, ''])
      assert.match(err.trimEnd().split('\n').at(-1)!, got)
      assert.equal(existsSync(path), false)
    })
  }

  test('refuses what is no address', async () => {
    const { pull } = cache()
    const { code, err } = await pull('tiny', '--url', 'nonsense')
    assert.equal(code, 1)
    assert.match(err, /detrs: tiny-.*: expected an http or https address .*, got "nonsense"\.\n$/)
  })

  test('asks nobody when offline, and says how to get the file by hand', async () => {
    const { offline } = cache()
    const requests = asked.length
    const { code, out, err } = await offline(['pull', 'tiny'])
    assert.deepEqual([code, out], [1, ''])
    assert.match(err, /got no file there, and DETRS_OFFLINE forbids downloads\. Unset DETRS_OFFLINE, or /)
    assert.equal(asked.length, requests)
  })

  test('a model without published weights is to be trained', async () => {
    const { pull } = cache()
    const { code, err } = await pull('rtdetr-small')
    assert.equal(code, 1)
    assert.match(
      err,
      /expected a model with published weights, got one without\. Train it: detrs train --data DIR --model/,
    )
  })

  test('names the nearest models to an unknown one', async () => {
    const { pull } = cache()
    const { code, err } = await pull('tinny')
    assert.equal(code, 2)
    assert.match(err, /got 'tinny'\. Did you mean tiny\?/)
  })
})
