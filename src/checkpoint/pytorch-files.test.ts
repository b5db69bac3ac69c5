/**
 * @file Every PyTorch file of the burn and candle test suites against what PyTorch read from it. The files are not part
 * of this repository: they are looked for in ../shared/data (or $DETRS_DATA), and the tests skip where they are not.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { CheckpointError, toNumbers } from '../tensor/index.js'
import { encodeSafetensors, readCheckpoint } from './index.js'
import { type PickleValue, PyDict, PyList } from './pickle-values.js'
import { readPyTorch } from './pytorch.js'
import { TorchTensor } from './pytorch-tensor.js'

type Expected = ExpectedTensor | { dict: Record<string, Expected> } | { list: Expected[] } | number | string | boolean
interface ExpectedTensor {
  readonly tensor: string
  readonly shape: number[]
  readonly stride: number[]
  readonly offset: number
  readonly values?: (number | boolean | 'NaN' | 'Inf' | '-Inf')[]
  readonly first?: number[]
  readonly sum?: number
}

const data = process.env['DETRS_DATA']
const folder = new URL(
  'formats/',
  data === undefined ? new URL('../../../../shared/data/', import.meta.url) : pathToFileURL(`${data}/`),
)
const expectations = new URL('pt_expected.json', folder)
const skip = existsSync(expectations) ? false : `no file ${expectations.pathname}`
const expected: Record<string, Expected | { error: string }> = skip
  ? {}
  : JSON.parse(readFileSync(expectations, 'utf8'))

test('PyTorch files of other projects', { skip }, async (t) => {
  assert.equal(Object.keys(expected).length, 58)
  for (const [name, want] of Object.entries(expected)) {
    await t.test(name, () => {
      const bytes = readFileSync(new URL(name, folder))
      if (typeof want === 'object' && 'error' in want) assert.throws(() => readCheckpoint(bytes, name), CheckpointError)
      else assertSame(readPyTorch(bytes, name).root, want as Expected, name)
    })
  }
})

test('a file with one state dict at an unknown place is read, one with several is not guessed at', { skip }, () => {
  const read = (name: string, nesting?: string) =>
    readCheckpoint(readFileSync(new URL(name, folder)), name, nesting === undefined ? {} : { nesting })
  assert.equal(read('burn/pytorch-tests/tests/config/weights_with_config.pt').nesting, 'my_model')
  assert.equal(read('burn/pytorch-tests/tests/config/weights_with_config.pt').metadata.get('my_config.n_head'), '2')
  const checkpoint = read('burn/src/pytorch/tests/reader/test_data/checkpoint.pt')
  assert.equal(checkpoint.nesting, 'model_state_dict')
  assert.deepEqual(
    checkpoint.metadata,
    new Map([
      ['epoch', '42'],
      ['loss', '0.123'],
    ]),
  )
  const nested = 'burn/src/pytorch/tests/reader/test_data/nested_dict.pt'
  assert.throws(() => read(nested), /state dicts at "layer1", "layer2"\. Choose one by the option nesting/)
  assert.deepEqual([...read(nested, 'layer2').tensors.keys()], ['weight', 'bias'])
  const deep = 'burn/src/pytorch/tests/reader/test_data/complex_structure.pt'
  assert.deepEqual(read(deep, 'state.encoder.layer_1').tensors.get('weight')!.shape, [2, 4])
})

test('a safetensors file of another project survives our writer', { skip }, () => {
  const bytes = readFileSync(new URL('burn/safetensors-tests/tests/multi_layer/multi_layer.safetensors', folder))
  const { tensors, metadata } = readCheckpoint(bytes, 'multi_layer')
  assert.equal(tensors.get('conv1.weight')!.shape.length, 4)
  assert.deepEqual(readCheckpoint(encodeSafetensors(tensors, metadata), 'ours').tensors, tensors)
})

function assertSame(got: PickleValue, want: Expected, path: string): void {
  if (typeof want !== 'object') {
    assert.equal(got, want, path)
  } else if ('tensor' in want) {
    assert.ok(got instanceof TorchTensor, path)
    assertSameTensor(got, want, path)
  } else if ('list' in want) {
    assert.ok(got instanceof PyList && got.items.length === want.list.length, path)
    for (const [i, item] of want.list.entries()) assertSame(got.items[i]!, item, `${path}[${i}]`)
  } else {
    assert.ok(got instanceof PyDict, path)
    const entries = new Map(Array.from(got.entries, ([key, value]) => [String(key), value]))
    assert.deepEqual([...entries.keys()], Object.keys(want.dict), path)
    for (const [key, item] of Object.entries(want.dict)) assertSame(entries.get(key)!, item, `${path}/${key}`)
  }
}

function assertSameTensor(got: TorchTensor, want: ExpectedTensor, path: string): void {
  const data = got.read(path)
  assert.deepEqual([data.dtype, data.shape], [want.tensor, want.shape], path)
  assert.deepEqual([got.stride, got.offset], [want.stride, want.offset], path)
  const values = toNumbers(data)
  if (want.values !== undefined) {
    const special: Record<string, number> = {
      NaN: Number.NaN,
      Inf: Number.POSITIVE_INFINITY,
      '-Inf': Number.NEGATIVE_INFINITY,
    }
    assert.deepEqual(
      values,
      want.values.map((value) => special[String(value)] ?? Number(value)),
      path,
    )
  } else {
    assert.deepEqual(values.slice(0, want.first!.length), want.first, path)
    const sum = values.reduce((total, value) => total + value, 0)
    assert.ok(Math.abs(sum - want.sum!) <= 1e-9 * values.length, `${path}: sum ${sum}, expected ${want.sum}`)
  }
}
