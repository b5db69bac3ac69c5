import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { makeNameable, officialRuleWeights, run, temporaryFolder } from '../../test/support/cli.js'
import { TINY_CLASSES, tinyModel } from '../../test/support/tiny-model.js'
import { type Checkpoint, encodeSafetensors, readCheckpoint } from '../checkpoint/index.js'
import { type TensorData, toNumbers } from '../tensor/index.js'

const folder = temporaryFolder()
const at = (name: string): string => join(folder, name)
const read = (name: string): Checkpoint => readCheckpoint(readFileSync(at(name)), name)
const tensors = officialRuleWeights(tinyModel)
const source = encodeSafetensors(new Map([...tensors].map(([key, tensor]) => [`module.${key}`, tensor])))
makeNameable({
  ...tinyModel,
  weights: {
    url: 'https://example.org/tiny.pth',
    sha256: createHash('sha256').update(source).digest('hex').slice(0, 8),
    sizeMegabytes: 43,
    licence: 'CC0-1.0',
  },
})

function assertSameTensors(actual: ReadonlyMap<string, TensorData>, keys: Iterable<string> = tensors.keys()): void {
  for (const key of keys) assert.deepEqual(actual.get(key), tensors.get(key), key)
}

before(() => {
  writeFileSync(at('trained.pt'), source)
  writeFileSync(at('renamed.txt'), 'ring\r\nbox\r\nother\r\n\r\n')
  writeFileSync(at('two.txt'), '\u{feff}Katze\nHund\n')
})

describe('detrs convert', () => {
  test('never writes over its input', async () => {
    writeFileSync(at('own.safetensors'), source)
    mkdirSync(at('beside'))
    for (const target of [at('own.safetensors'), `${at('beside')}/../own.safetensors`]) {
      const { code, out, err } = await run(['convert', at('own.safetensors'), target, '--architecture', 'tiny'])
      assert.deepEqual([code, out], [2, ''])
      assert.ok(err.endsWith(`${target}: expected an output beside the input, got the input itself.\n`), err)
    }
    assert.deepEqual(readFileSync(at('own.safetensors')), Buffer.from(source))
  })

  test('writes the official names with model, configuration, class names, origin and licence', async () => {
    const words = ['convert', at('trained.pt'), at('one.safetensors'), '--architecture', 'tiny']
    const { code, out, err } = await run(words)
    assert.deepEqual([code, err], [0, ''])
    assert.equal(out, `${at('one.safetensors')}: tiny, ${tensors.size} tensors from the official layout\n`)
    const converted = read('one.safetensors')
    assert.deepEqual([...converted.tensors.keys()].sort(), [...tensors.keys()].sort())
    assertSameTensors(converted.tensors)
    const { 'detrs.config': config, 'detrs.input': input, ...metadata } = Object.fromEntries(converted.metadata)
    assert.deepEqual(metadata, {
      format: 'pt',
      'detrs.format_version': '1',
      'detrs.model': 'tiny',
      'detrs.class_names': JSON.stringify(TINY_CLASSES),
      'detrs.category_ids': '[1,2,3]',
      'detrs.source': 'trained.pt',
      'detrs.source_sha256': createHash('sha256').update(source).digest('hex'),
      'detrs.licence': 'CC0-1.0',
      'detrs.queries': '12',
    })
    assert.deepEqual(JSON.parse(config!), { ...tinyModel.config, classes: 3 })
    assert.deepEqual(JSON.parse(input!), tinyModel.input)
  })

  test('needs no architecture the second time, and changes nothing then', async () => {
    const { code, err } = await run(['convert', at('one.safetensors'), at('two.safetensors')])
    assert.deepEqual([code, err], [0, ''])
    assert.ok(readFileSync(at('one.safetensors')).equals(readFileSync(at('two.safetensors'))))
    assert.equal((await run(['convert', at('two.safetensors'), at('three.safetensors')])).code, 0)
    assert.ok(readFileSync(at('one.safetensors')).equals(readFileSync(at('three.safetensors'))))
  })

  test('halves filters and matrices, to the nearest float16, and nothing else', async () => {
    assert.equal((await run(['convert', at('one.safetensors'), at('half.safetensors'), '--half'])).code, 0)
    const half = read('half.safetensors').tensors
    for (const [key, original] of tensors) {
      const kept = half.get(key)!
      assert.equal(kept.dtype, original.shape.length < 2 ? 'float32' : 'float16', key)
      const rounded = toNumbers(kept)
      toNumbers(original).forEach((value, i) => {
        assert.ok(Math.abs(rounded[i]! - value) <= 2 ** -11 * Math.abs(value) + 2 ** -25, `${key}[${i}]`)
      })
    }
    assert.equal((await run(['convert', at('half.safetensors'), at('whole.safetensors')])).code, 0)
    assert.deepEqual(
      toNumbers(read('whole.safetensors').tensors.get('class_embed.weight')!),
      toNumbers(half.get('class_embed.weight')!),
    )
  })

  test('refuses to halve what is larger than any float16', async () => {
    const large = new Map(tensors)
    const { shape, data } = large.get('class_embed.weight')!
    large.set('class_embed.weight', {
      dtype: 'float32',
      shape,
      data: (data as Float32Array).map((v, i) => (i === 3 ? 1e5 : v)),
    })
    writeFileSync(at('large.safetensors'), encodeSafetensors(large))
    const words = ['convert', at('large.safetensors'), at('x.safetensors'), '--architecture', 'tiny', '--half']
    const { code, err } = await run(words)
    assert.equal(code, 1)
    assert.equal(
      err,
      'detrs: large.safetensors: class_embed.weight: expected values up to 65504, got 100000. Convert without --half.\n',
    )
  })

  test('gives as many classes other names without a word', async () => {
    const words = ['convert', at('one.safetensors'), at('renamed.safetensors'), '--classes', at('renamed.txt')]
    assert.equal((await run(words)).err, '')
    const { metadata, tensors: same } = read('renamed.safetensors')
    assert.equal(metadata.get('detrs.class_names'), '["ring","box","other"]')
    assertSameTensors(same)
  })

  test('says aloud that another number of classes leaves the class head behind', async () => {
    const words = ['convert', at('one.safetensors'), at('pets.safetensors'), '--classes', at('two.txt')]
    const { code, err } = await run(words)
    assert.equal(code, 0)
    assert.equal(
      err,
      'note: one.safetensors was trained for 3 classes, not 2: all weights are kept but the class head ' +
        '(class_embed.weight, class_embed.bias), which starts anew and must be trained.\n',
    )
    const { metadata, tensors: changed } = read('pets.safetensors')
    assert.equal(metadata.get('detrs.class_names'), '["Katze","Hund"]')
    assert.deepEqual(changed.get('class_embed.weight')!.shape, [3, 32])
    assertSameTensors(
      changed,
      [...tensors.keys()].filter((key) => !key.startsWith('class_embed')),
    )
    const { out } = await run(['info', at('pets.safetensors'), '--json'])
    const facts = JSON.parse(out) as { classes: unknown; parameters: number; digest: string }
    assert.deepEqual(facts.classes, ['Katze', 'Hund'])
    assert.equal(
      facts.digest,
      createHash('sha256')
        .update(readFileSync(at('pets.safetensors')))
        .digest('hex'),
    )
  })

  const refusals: readonly (readonly [words: string, code: number, sentence: RegExp])[] = [
    [
      'one.safetensors x.onnx',
      2,
      /an output named \*\.safetensors, got '.*x\.onnx'\. For an ONNX file, use detrs export/,
    ],
    ['one.safetensors x.txt', 2, /expected an output named \*\.safetensors, got '.*x\.txt'\.\n/],
    ['one.safetensors x.safetensors --architecture tinny', 2, /got 'tinny'\. Did you mean tiny\?/],
    [
      'one.safetensors x.safetensors --architecture detr-r50',
      1,
      /^detrs: one\.safetensors as detr-r50: expected the 458/,
    ],
    ['none.pth x.safetensors', 1, /none\.pth: expected a weight file, got no such file/],
    ['taken x.safetensors', 1, /taken: expected a weight file, got a folder/],
    ['none.pth none/x.safetensors', 1, /x\.safetensors: expected a place that can be written, got no such folder/],
    ['none.pth taken.safetensors', 1, /taken\.safetensors: expected the name of a file to write, got a folder/],
    ['one.safetensors x.safetensors --classes none.txt', 1, /none\.txt: expected a text file .*, got no such file/],
    ['one.safetensors x.safetensors --classes taken', 1, /taken: expected a text file .*, got a folder/],
    ['one.safetensors x.safetensors --classes empty.txt', 2, /expected one class name per line.*, got an empty file/],
    ['one.safetensors x.safetensors --classes gap.txt', 2, /got an empty line/],
    ['one.safetensors x.safetensors --classes same.txt', 2, /got a name twice/],
  ]
  for (const [words, code, sentence] of refusals) {
    test(`refuses ${words}`, async () => {
      mkdirSync(at('taken'), { recursive: true })
      mkdirSync(at('taken.safetensors'), { recursive: true })
      writeFileSync(at('empty.txt'), '\n\n')
      writeFileSync(at('gap.txt'), 'a\n\nb\n')
      writeFileSync(at('same.txt'), 'a\nb\na\n')
      const placed = words.split(' ').map((word) => (/^--|^(tinny|detr-r50)$/.test(word) ? word : at(word)))
      const outcome = await run(['convert', ...placed])
      assert.deepEqual([outcome.code, outcome.out], [code, ''])
      assert.match(outcome.err, sentence)
      assert.match(outcome.err, /^detrs: [^\n]+\n$/, 'one line')
      assert.equal(existsSync(at('x.safetensors')), false)
    })
  }

  test('leaves no other files behind', () => {
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.includes('part')),
      [],
    )
  })
})
