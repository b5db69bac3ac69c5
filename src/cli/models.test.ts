import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { run, temporaryFolder } from '../../test/support/cli.js'

/** Parameters to the last digit, multiply-adds in G at 800×1066, and the digits of the digest that are published. */
const PUBLISHED = {
  'detr-r50': [41_524_768, 81.2, 'e632da11'],
  'detr-r50-dc5': [41_524_768, 173.3, 'f0fb7ef5'],
  'detr-r101': [60_464_672, 144.7, '2c7b67e5'],
  'detr-r101-dc5': [60_464_672, 236.7, 'a2e86def'],
} as const

type Facts = Readonly<Record<string, unknown>>

describe('detrs models', () => {
  test('lists all names with their figures', async () => {
    const { code, out, err } = await run(['models'])
    assert.deepEqual([code, err], [0, ''])
    for (const [name, [, , digest]] of Object.entries(PUBLISHED)) {
      assert.match(out, new RegExp(`^${name} .* Apache-2.0 .* ${digest} +no$`, 'm'))
    }
  })

  test('--json gives the same as one array', async () => {
    const { code, out } = await run(['models', '--json'])
    assert.equal(code, 0)
    const rows = (JSON.parse(out) as Facts[]).filter(({ name }) => String(name) in PUBLISHED)
    assert.deepEqual(
      rows.map(({ name, parameters, sha256 }) => [name, parameters, sha256]),
      Object.entries(PUBLISHED).map(([name, [parameters, , sha256]]) => [name, parameters, sha256]),
    )
    for (const row of rows) {
      for (const key of ['title', 'macs', 'flops', 'ap', 'licence', 'sizeMegabytes', 'url']) assert.ok(key in row, key)
    }
  })
})

describe('detrs info', () => {
  for (const [name, [parameters, gmac, digest]] of Object.entries(PUBLISHED)) {
    test(`${name} --json has the published figures`, async () => {
      const { code, out, err } = await run(['info', name, '--json'])
      assert.deepEqual([code, err], [0, ''])
      const facts = JSON.parse(out) as Facts
      assert.equal(facts['parameters'], parameters)
      const macs = Number(facts['macs'])
      assert.ok(Math.abs(macs / 1e9 / gmac - 1) < 0.01, `${macs} multiply-adds`)
      assert.equal(facts['flops'], 2 * macs)
      assert.equal(facts['digest'], digest)
      assert.deepEqual(facts['input'], {
        resize: { kind: 'pad', shortest: 800, longest: 1333 },
        mean: [0.485, 0.456, 0.406],
        std: [0.229, 0.224, 0.225],
      })
      const layers = facts['layers'] as { path: string; parameters: number }[]
      assert.equal(
        layers.reduce((sum, layer) => sum + layer.parameters, 0),
        parameters,
      )
    })
  }

  test('says the same to people, and which convention a number follows', async () => {
    const { code, out } = await run(['info', 'detr-r50'])
    assert.equal(code, 0)
    assert.match(out, /^parameters +41,524,768 /m)
    assert.match(out, /^multiply-adds +81\.2 G at 800×1066 \(what papers print as GFLOPs\)$/m)
    assert.match(out, /^on disk +no; get them with: detrs pull detr-r50$/m)
  })

  test('counts for another size', async () => {
    const small = JSON.parse((await run(['info', 'detr-r50', '--json', '--size', '400x533'])).out) as Facts
    const large = JSON.parse((await run(['info', 'detr-r50', '--json', '--size', '800x1120'])).out) as Facts
    assert.ok(Number(small['macs']) < 0.3 * Number(large['macs']))
    assert.ok(Math.abs(Number(large['macs']) / 86e9 - 1) < 0.03)
  })

  for (const size of ['800', '0x0', '00x00', '800x', '9999999x10', '-8x8', '8.5x10']) {
    test(`refuses the size ${size}`, async () => {
      const { code, err } = await run(['info', 'detr-r50', `--size=${size}`])
      assert.equal(code, 2)
      assert.equal(err, `detrs: --size: expected HEIGHTxWIDTH in pixels, such as 800x1066, got '${size}'.\n`)
    })
  }

  test('names the nearest models to an unknown one', async () => {
    const { code, err } = await run(['info', 'detr-r5O'])
    assert.equal(code, 2)
    assert.match(
      err,
      /^detrs: model: expected the name of a model or a weight file, got 'detr-r5O'\. Did you mean detr-r50\b/,
    )
  })

  test('refuses a web page in place of weights, a folder, and a name with no file behind it', async () => {
    const folder = temporaryFolder()
    const page = join(folder, 'page.pth')
    writeFileSync(page, '<!DOCTYPE html><html><body>Not found</body></html>')
    const sentences = [
      [page, `${page}: expected a safetensors or PyTorch weight file, got an HTML page.`],
      [folder, `${folder}: expected a weight file, got a folder.`],
      [
        join(folder, 'pagr.pth'),
        `${join(folder, 'pagr.pth')}: expected a weight file, got no such file. Did you mean ${page}?`,
      ],
    ] as const
    for (const [name, sentence] of sentences) {
      const { code, out, err } = await run(['info', name])
      assert.deepEqual([code, out], [1, ''])
      assert.ok(err.startsWith(`detrs: ${sentence}`), err)
    }
  })
})
