/** @file Files written by PyTorch and safetensors themselves (reference/tiny_checkpoints.py), bit for bit. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { bytesOf, CheckpointError, fromNumbers, toNumbers } from '../tensor/index.js'
import { encodeSafetensors, readCheckpoint } from './index.js'

interface Expected {
  readonly refusal?: string
  readonly format: string
  readonly nesting: string
  readonly prefix: string
  readonly alternatives?: string[]
  readonly metadata?: Record<string, string>
  readonly tensors: Record<string, [dtype: string, shape: number[], hex: string]>
}

const folder = new URL('../../../test/golden/checkpoints/', import.meta.url)
const expected: Record<string, Expected> = JSON.parse(readFileSync(new URL('expected.json', folder), 'utf8'))

test('every golden file has an expectation', () => {
  const files = readdirSync(folder).filter((name) => name !== 'expected.json')
  assert.deepEqual(files.sort(), Object.keys(expected).sort())
})

for (const [name, want] of Object.entries(expected)) {
  const bytes = readFileSync(new URL(name, folder))
  if (want.refusal !== undefined) {
    test(`${name} is refused, and why is said`, () => {
      assert.throws(
        () => readCheckpoint(bytes, name),
        (error) => error instanceof CheckpointError && error.message.includes(want.refusal!),
      )
    })
    continue
  }
  test(`${name}: every tensor, bit for bit`, () => {
    const read = readCheckpoint(bytes, name)
    assert.deepEqual([read.format, read.nesting, read.prefix], [want.format, want.nesting, want.prefix])
    assert.deepEqual(read.alternatives, want.alternatives ?? [])
    if (want.metadata !== undefined) assert.deepEqual(Object.fromEntries(read.metadata), want.metadata)
    assert.deepEqual([...read.tensors.keys()].sort(), Object.keys(want.tensors).sort())
    for (const [key, [dtype, shape, hex]] of Object.entries(want.tensors)) {
      const tensor = read.tensors.get(key)!
      assert.deepEqual([tensor.dtype, tensor.shape], [dtype, shape], key)
      assert.equal(Buffer.from(bytesOf(tensor)).toString('hex'), hex, key)
    }
  })
}

test('the option nesting means nothing to safetensors', () => {
  const bytes = readFileSync(new URL('all.safetensors', folder))
  assert.throws(() => readCheckpoint(bytes, 'x', { nesting: 'model' }), /which has no nesting/)
})

test('the option nesting chooses another state dict of the file', () => {
  const bytes = readFileSync(new URL('ema.pt', folder))
  const model = readCheckpoint(bytes, 'ema.pt', { nesting: 'model' })
  assert.deepEqual([model.nesting, model.prefix, model.alternatives], ['model', '', ['ema.module']])
  assert.deepEqual(toNumbers(model.tensors.get('a.weight')!), [-1.5, -0.75, 0, 0.75, 1.5, 2.25])
  assert.throws(() => readCheckpoint(bytes, 'ema.pt', { nesting: 'mdoel' }), /ema\.module.*Did you mean "model"\?/)
})

test('bytes at an odd address read the same', () => {
  for (const name of ['training.pt', 'training-legacy.pt', 'all.safetensors']) {
    const bytes = readFileSync(new URL(name, folder))
    const shifted = Buffer.alloc(bytes.length + 1)
    shifted.set(bytes, 1)
    const read = readCheckpoint(shifted.subarray(1), name)
    for (const [key, tensor] of read.tensors) {
      assert.equal(Buffer.from(bytesOf(tensor)).toString('hex'), expected[name]!.tensors[key]![2], `${name} ${key}`)
    }
  }
})

test('contiguous tensors of zip and safetensors are views of the file, shared storages included', () => {
  const file = new Uint8Array(readFileSync(new URL('training.pt', folder)))
  const { tensors } = readCheckpoint(file, 'training.pt')
  for (const key of ['float32', 'float64', 'bfloat16', 'shared.whole', 'shared.tail', 'parameter']) {
    assert.equal(tensors.get(key)!.data.buffer, file.buffer, key)
  }
  assert.equal(tensors.get('tied'), tensors.get('float32'))
  assert.notEqual(tensors.get('shared.transposed')!.data.buffer, file.buffer)
  const ours = encodeSafetensors(tensors)
  for (const [key, tensor] of readCheckpoint(ours, 'ours').tensors) assert.equal(tensor.data.buffer, ours.buffer, key)
})

test('wrapper prefixes are cut only when every name has them', () => {
  const one = fromNumbers('float32', [1], [1])
  const read = (...names: string[]) => readCheckpoint(encodeSafetensors(new Map(names.map((n) => [n, one]))), 'x')
  assert.deepEqual([...read('module._orig_mod.a', 'module._orig_mod.b').tensors.keys()], ['a', 'b'])
  assert.equal(read('module._orig_mod.a').prefix, 'module._orig_mod.')
  assert.deepEqual([...read('module.a', 'b').tensors.keys()], ['module.a', 'b'])
  assert.deepEqual([...read('module.', 'module.a').tensors.keys()], ['module.', 'module.a'])
})

const text = (value: string) => new TextEncoder().encode(value)
const FOREIGN: readonly [what: string, bytes: Uint8Array, message: RegExp][] = [
  ['nothing', new Uint8Array(0), /an empty file/],
  ['a web page', text('\n<!DOCTYPE html><html><title>Sign in</title>'), /an HTML page\. The download failed/],
  [
    'an object store error',
    text('<?xml version="1.0"?><Error><Code>AccessDenied</Code>'),
    /an XML page .*AccessDenied/,
  ],
  ['a JSON error', text('{"error":"Invalid username or password."}'), /JSON text .*Invalid username.* download failed/],
  ['a text', text('Entry not found'), /the text "Entry not found"/],
  [
    'a Git LFS pointer',
    text('version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 166618694\n'),
    /a Git LFS pointer to a file of 166618694 bytes\. .*git lfs pull/,
  ],
  ['an ONNX model', Uint8Array.of(8, 7, 0x12, 7, ...text('pytorch'), 0x1a, 3, 0xff, 0xfe, 0xfd), /an ONNX model/],
  ['zeros', new Uint8Array(5000), /zeros only/],
  ['a numpy array', text('\x93NUMPY').map((b, i) => (i === 0 ? 0x93 : b)), /expected a safetensors/],
  ['gzip', Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0), /gzip-compressed/],
  ['an empty zip', Uint8Array.of(0x50, 0x4b, 5, 6, ...new Uint8Array(18)), /an empty zip/],
  ['a plain pickle', Uint8Array.of(0x80, 4, 0x7d, 0x2e), /a plain Python pickle/],
  ['an old tar', tarHeader(), /a tar archive.*torch\.save/],
  ['noise', Uint8Array.of(0xde, 0xad, 0xbe, 0xef, 1, 2, 3, 4, 5, 6), /bytes de ad be ef 01 02 03 04/],
]

function tarHeader(): Uint8Array {
  const bytes = new Uint8Array(1024)
  bytes.set(text('sys_info'))
  bytes.set(text('ustar'), 257)
  return bytes
}

for (const [what, bytes, message] of FOREIGN) {
  test(`${what} is named as what it is`, () => {
    assert.throws(
      () => readCheckpoint(bytes, 'weights.pth'),
      (error) =>
        error instanceof CheckpointError &&
        message.test(error.message) &&
        error.message.startsWith('weights.pth: expected'),
    )
  })
}

test('a file cut anywhere is refused', () => {
  for (const name of ['ema.pt', 'legacy-protocol4.pt', 'all.safetensors', 'deflated.pt']) {
    const bytes = readFileSync(new URL(name, folder))
    for (let length = 0; length < bytes.length; length++) {
      assert.throws(() => readCheckpoint(bytes.subarray(0, length), name), CheckpointError, `${name} cut to ${length}`)
    }
  }
})
