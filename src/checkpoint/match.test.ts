import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { TensorData } from '../tensor/index.js'
import type { Layout } from './layout.js'
import { matchStateDict, overlap, rowsInFile } from './match.js'

const plain: Layout = { name: 'plain', keysOf: (key) => [key], ignored: (key) => key.endsWith('counter') }
const split: Layout = {
  name: 'split',
  keysOf: (key) => (key === 'fused' ? ['x.q', 'x.k', 'x.v'] : [`x.${key}`]),
  ignored: () => false,
}
const expected = [
  { key: 'fused', shape: [3, 2] },
  { key: 'head', shape: [4, 2] },
  { key: 'bias', shape: [4] },
]

function tensor(shape: readonly number[], first = 0): TensorData {
  const size = shape.reduce((a, b) => a * b, 1)
  return { dtype: 'float32', shape, data: Float32Array.from({ length: size }, (_, i) => first + i) }
}

function file(entries: Readonly<Record<string, TensorData>>): Map<string, TensorData> {
  return new Map(Object.entries(entries))
}

const whole = { fused: tensor([3, 2]), head: tensor([4, 2]), bias: tensor([4]) }

describe('matchStateDict', () => {
  test('takes a file that fits, ignoring counters', () => {
    const stateDict = file({ ...whole, counter: tensor([]) })
    const { weights, report } = matchStateDict(expected, stateDict, [plain, split], { where: 'f' })
    assert.deepEqual([...weights.keys()], ['fused', 'head', 'bias'])
    assert.equal(report.layout, 'plain')
  })

  test('stacks the parts of a fused tensor in order', () => {
    const stateDict = file({
      'x.q': tensor([1, 2], 0),
      'x.k': tensor([1, 2], 10),
      'x.v': tensor([1, 2], 20),
      'x.head': tensor([4, 2]),
      'x.bias': tensor([4]),
    })
    const { weights, report } = matchStateDict(expected, stateDict, [plain, split], { where: 'f' })
    assert.equal(report.layout, 'split')
    assert.deepEqual([...weights.get('fused')!.data], [0, 1, 10, 11, 20, 21])
  })

  test('reports missing, unexpected and mis-shaped keys in one sentence', () => {
    const stateDict = file({ fused: tensor([3, 2]), head: tensor([5, 2]), other: tensor([1]) })
    assert.throws(() => matchStateDict(expected, stateDict, [plain], { where: 'weights.pth' }), {
      name: 'CheckpointError',
      message:
        'weights.pth: expected the 3 tensors of the model, got 1 of them in the plain layout, 1 missing (bias), ' +
        '1 unexpected (other), 1 of another shape (head [5, 2] for [4, 2]). These weights belong to another ' +
        'architecture: name the right model.',
    })
  })

  test('leaves out what may differ, and says so', () => {
    const stateDict = file({ ...whole, head: tensor([9, 2]), bias: tensor([9]) })
    const { weights, report } = matchStateDict(expected, stateDict, [plain], {
      where: 'f',
      mayDiffer: ['head', 'bias'],
    })
    assert.deepEqual([...weights.keys()], ['fused'])
    assert.deepEqual(report.left, [
      { key: 'head', expected: [4, 2], got: [9, 2] },
      { key: 'bias', expected: [4], got: [9] },
    ])
  })

  test('decodes 16-bit weights and refuses integers', () => {
    const half: TensorData = { dtype: 'float16', shape: [4], data: Uint16Array.of(0x3c00, 0xc000, 0, 0x3800) }
    const { weights } = matchStateDict(expected, file({ ...whole, bias: half }), [plain], { where: 'f' })
    assert.deepEqual([...weights.get('bias')!.data], [1, -2, 0, 0.5])
    const counts: TensorData = { dtype: 'int32', shape: [4], data: Int32Array.of(1, 2, 3, 4) }
    assert.throws(() => matchStateDict(expected, file({ ...whole, bias: counts }), [plain], { where: 'f' }), {
      name: 'DtypeError',
      message: 'f: bias: expected floating-point weights, got int32.',
    })
  })
})

test('rowsInFile tells the rows of a parameter, whatever the model expects', () => {
  assert.equal(rowsInFile('head', expected, file({ ...whole, head: tensor([9, 2]) }), [plain, split]), 9)
  assert.equal(rowsInFile('head', expected, file({ fused: tensor([3, 2]) }), [plain, split]), undefined)
})

test('overlap counts tensors that fit among all that either has', () => {
  assert.equal(overlap(expected, file(whole), [plain, split]), 1)
  const other = file({ ...whole, bias: tensor([5]), extra: tensor([1]) })
  assert.equal(overlap(expected, other, [plain, split]), 2 / 5)
  assert.equal(overlap(expected, other, [plain, split], ['bias']), 3 / 4)
})
