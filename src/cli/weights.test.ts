import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import {
  isolated,
  makeNameable,
  type Outcome,
  officialRuleWeights,
  run,
  temporaryFolder,
  writePicture,
  writeWeights,
} from '../../test/support/cli.js'
import { tinyModel } from '../../test/support/tiny-model.js'
import { encodeSafetensors } from '../checkpoint/index.js'
import { models } from '../models/index.js'
import type { TensorData } from '../tensor/index.js'

const folder = temporaryFolder()
const at = (name: string): string => join(folder, name)
const photo = at('photo.png')
makeNameable(tinyModel)

const detect = (...words: string[]): Promise<Outcome> =>
  run(['detect', photo, '--json', ...words], { env: isolated(folder) })

/** The sentence that a failed detection ends with; nothing is on standard output. */
async function sentence(code: number, ...words: string[]): Promise<string> {
  const outcome = await detect(...words)
  assert.equal(outcome.code, code, outcome.err)
  assert.equal(outcome.out, '')
  assert.match(outcome.err, /^detrs: [^\n]+\n$/, 'one line')
  return outcome.err
}

before(async () => {
  await writePicture(photo, 96, 64)
  writeWeights(at('tiny.safetensors'), tinyModel, { 'detrs.model': 'tiny' })
})

describe('--model', () => {
  test('that is no name of a model names the nearest, or all', async () => {
    assert.match(
      await sentence(2, '-m', 'detr-r5O-dc5'),
      /^detrs: model: expected the name of a model or a weight file, got 'detr-r5O-dc5'\. Did you mean detr-r50-dc5\b/,
    )
    const all = await sentence(2, '-m', 'something else')
    for (const { name } of models) assert.match(all, new RegExp(`Names: .*\\b${name}\\b`))
  })

  test('whose weights are not here says how to get them', async () => {
    assert.equal(
      await sentence(1, '-m', 'detr-r101'),
      'detrs: detr-r101: expected its weights on this machine, got none in the cache. ' +
        'Download them with: detrs pull detr-r101\n',
    )
  })

  test('means the model even where a folder has its name', async (t) => {
    const before = process.cwd()
    mkdirSync(at('detr-r50'))
    process.chdir(folder)
    t.after(() => process.chdir(before))
    assert.match(await sentence(1, '-m', 'detr-r50'), /^detrs: detr-r50: expected its weights on this machine/)
    assert.match(await sentence(1, '-m', './detr-r50'), /^detrs: \.\/detr-r50: expected a weight file, got a folder/)
  })

  test('that is a missing file names its neighbours', async () => {
    assert.equal(
      await sentence(1, '-m', at('tiny.safetensor')),
      `detrs: ${at('tiny.safetensor')}: expected a weight file, got no such file. ` +
        `Did you mean ${at('tiny.safetensors')}?\n`,
    )
  })
})

describe('weights that do not fit', () => {
  const cut = (bytes: number): Uint8Array => readFileSync(at('tiny.safetensors')).subarray(0, bytes)
  const header = (text: string): Buffer => {
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(text.length))
    return Buffer.concat([length, Buffer.from(text)])
  }
  const foreign = new Map<string, TensorData>([
    ['foo.weight', { dtype: 'float32', shape: [2], data: Float32Array.of(1, 2) }],
  ])
  const files: readonly (readonly [name: string, bytes: () => string | Uint8Array, got: RegExp])[] = [
    ['page.pth', () => '<html><body>404</body></html>', /got an HTML page\. The download failed/],
    ['empty.pth', () => '', /got an empty file/],
    ['cut.safetensors', () => cut(100_000), /The file is truncated: download or copy it again/],
    ['header.safetensors', () => cut(50), /^detrs: .*header\.safetensors: expected /],
    ['foreign.safetensors', () => encodeSafetensors(foreign), /1 unexpected \(foo\.weight\)\. These weights belong to/],
    [
      'future.safetensors',
      () => encodeSafetensors(foreign, new Map([['detrs.model', 'detr-r5000']])),
      /got those of 'detr-r5000', as its metadata say/,
    ],
    [
      'no-class.safetensors',
      () => header('{"class_embed.weight":{"dtype":"F32","shape":[0,256],"data_offsets":[0,0]}}'),
      /expected a class head of 1 to 100000 classes, got -1/,
    ],
    [
      'classes.safetensors',
      () => header('{"class_embed.weight":{"dtype":"F32","shape":[2000000000000,0],"data_offsets":[0,0]}}'),
      /expected a class head of 1 to 100000 classes, got 1999999999999/,
    ],
  ]
  for (const [name, bytes, got] of files) {
    test(name, async () => {
      writeFileSync(at(name), bytes())
      const text = await sentence(1, '-m', at(name))
      assert.match(text, got)
      assert.ok(text.includes(name))
    })
  }

  test('are those of another architecture, which is named', async () => {
    const text = await sentence(1, '-m', at('tiny.safetensors'), '--architecture', 'detr-r50')
    assert.match(text, /^detrs: tiny\.safetensors as detr-r50: expected the 458 tensors of the model, got \d+ of them/)
    assert.match(text, /missing \(.+\), .*of another shape \(.+\)\. These weights belong to another architecture/)
  })

  test('and an unknown architecture is refused before they are read', async () => {
    assert.match(await sentence(2, '-m', at('empty.pth'), '--architecture', 'tinny'), /Did you mean tiny\?/)
  })
})

test('a weight that is no number is an error that names output and weight, and leaves valid JSON', async () => {
  const tensors = officialRuleWeights(tinyModel)
  const [key, bias] = [...tensors].find(([name]) => name.endsWith('class_embed.bias'))!
  const data = Float32Array.from(bias.data as Float32Array)
  data[1] = Number.NaN
  tensors.set(key, { ...bias, data })
  writeFileSync(at('nan.safetensors'), encodeSafetensors(tensors, new Map([['detrs.model', 'tiny']])))
  assert.deepEqual(await detect('-m', at('nan.safetensors')), {
    code: 1,
    out: '[]\n',
    err:
      'detrs: output scores of tiny: expected finite numbers, got NaN or infinity in 12 of 12. ' +
      'The weight class_embed.bias is not finite either: its file is damaged, or the training diverged.\n',
  })
})
