/** @file PyTorch containers: lies about storages, views and archives; zip and legacy. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CheckpointError, toNumbers } from '../tensor/index.js'
import {
  bytesFrom,
  f32,
  P,
  type Part,
  pickle,
  statePickle,
  type TensorSpec,
  tensorOps,
  torchLegacy,
  torchZip,
  u16,
  u64,
} from './hostile.test.kit.js'
import { readCheckpoint } from './read.js'

const four = f32(1, 2, 3, 4)
const zip = (spec: TensorSpec, storages: Record<string, Uint8Array> = { '0': four }) =>
  torchZip(statePickle({ w: spec }), storages)
const legacy = (spec: TensorSpec, elements: number | bigint = 4, bytes: Uint8Array = four) =>
  torchLegacy(statePickle({ w: { ...spec, legacy: true } }), [[spec.key ?? '0', elements, bytes]])
const values = (file: Uint8Array) => toNumbers(readCheckpoint(file, 'test.pt').tensors.get('w')!)

function assertRefused(file: Uint8Array, message: RegExp): void {
  assert.throws(
    () => readCheckpoint(file, 'test.pt'),
    (error) => error instanceof CheckpointError && message.test(error.message) && error.message.startsWith('test.pt'),
  )
}

const VIEWS: readonly [what: string, spec: TensorSpec, values: number[]][] = [
  ['the whole storage', {}, [1, 2, 3, 4]],
  ['a part', { offset: 1, shape: [2] }, [2, 3]],
  ['a transposed view', { shape: [2, 2], stride: [1, 2] }, [1, 3, 2, 4]],
  ['an expanded view', { shape: [3, 2], stride: [0, 1], offset: 2 }, [3, 4, 3, 4, 3, 4]],
  ['every other element', { shape: [2], stride: [2], offset: 1 }, [2, 4]],
  ['overlapping windows', { shape: [3, 2], stride: [1, 1] }, [1, 2, 2, 3, 3, 4]],
  ['one element of rank 3', { shape: [1, 1, 1], stride: [9, 9, 9], offset: 3 }, [4]],
  ['a scalar', { shape: [], stride: [], offset: 2 }, [3]],
  ['an empty tensor, wherever it lies', { shape: [0, 7], stride: [7, 1], offset: 99 }, []],
]

for (const [what, spec, want] of VIEWS) {
  test(`reads ${what}`, () => {
    assert.deepEqual(values(zip(spec)), want)
    assert.deepEqual(values(legacy(spec)), want)
  })
}

test('strided copies of every element size', () => {
  const storages: [string, Uint8Array][] = [
    ['ByteStorage', Uint8Array.of(1, 2, 3, 4)],
    ['ShortStorage', new Uint8Array(Int16Array.of(1, -2, 3, -4).buffer)],
    ['IntStorage', new Uint8Array(Int32Array.of(1, -2, 3, -4).buffer)],
    ['LongStorage', new Uint8Array(BigInt64Array.of(1n, -2n, 3n, -4n).buffer)],
    ['DoubleStorage', new Uint8Array(Float64Array.of(1, -2, 3, -4).buffer)],
  ]
  for (const [storage, bytes] of storages) {
    const sign = storage === 'ByteStorage' ? 1 : -1
    const spec = { storage, shape: [2, 2], stride: [1, 2] }
    assert.deepEqual(values(zip(spec, { '0': bytes })), [1, 3, 2 * sign, 4 * sign], storage)
    assert.deepEqual(values(legacy(spec, 4, bytes)), [1, 3, 2 * sign, 4 * sign], storage)
  }
})

test('a legacy storage view is a part of its root', () => {
  const view = (start: number, length: number): Part => [P.mark, P.text('v'), P.int(start), P.int(length), P.tuple]
  assert.deepEqual(values(legacy({ view: view(1, 3), shape: [2], offset: 1 })), [3, 4])
  assertRefused(legacy({ view: view(1, 4) }), /a view inside a storage of 4 elements/)
  assertRefused(legacy({ view: view(1, 3), shape: [4] }), /inside its storage of 12 bytes/)
  assertRefused(legacy({ view: view(-1, 3) }), /not negative/)
  assertRefused(legacy({ view: P.int(1) }), /the start of a storage view/)
})

const HUGE: Part = P.long(0, 0, 0, 0, 0, 0, 0x10) // 2^52
const LIES: readonly [what: string, spec: TensorSpec, message: RegExp][] = [
  ['a shape beyond the storage', { shape: [5] }, /a tensor inside its storage of 16 bytes/],
  ['an offset beyond the storage', { offset: 1 }, /inside its storage.*offset 1/],
  ['strides beyond the storage', { shape: [2, 2], stride: [3, 1] }, /inside its storage.*strides \[3, 1\]/],
  ['a negative offset', { offset: -1 }, /a storage offset that is a whole number, not negative, got the number -1/],
  ['a negative dimension', { shape: [-4] }, /a tensor shape that is/],
  ['a negative stride', { stride: [-1], offset: 3 }, /tensor strides that/],
  ['a fractional dimension', { shape: [P.float(2.5)] }, /whole number/],
  ['a dimension that is text', { shape: [P.text('4')] }, /whole number, not negative, got the string "4"/],
  ['a dimension that is True', { shape: [[0x88]] }, /got a bool/],
  ['NaN as offset', { offset: P.float(Number.NaN) }, /whole number/],
  ['fewer strides than dimensions', { shape: [2, 2] }, /2 strides, got 1/],
  ['more strides than dimensions', { shape: [4], stride: [1, 1] }, /1 strides, got 2/],
  ['a product above 2^53', { shape: [HUGE, HUGE], stride: [0, 0] }, /fewer than 2\^53 bytes/],
  ['a product above 2^53 that ends in 0', { shape: [HUGE, HUGE, 0], stride: [0, 0, 0] }, /strides|whole|bytes/],
  [
    'petabytes by stride 0',
    { shape: [2 ** 30, 2 ** 20], stride: [0, 0] },
    /tensors that take at most \d+ bytes as copies/,
  ],
  ['100 MB by stride 0', { shape: [25_000_000], stride: [0] }, /from expanded or overlapping views/],
  ['a huge stride', { shape: [2], stride: [HUGE] }, /inside its storage/],
  ['65 dimensions', { shape: Array(65).fill(1), stride: Array(65).fill(1) }, /at most 64 numbers, got 65/],
  ['a storage class that is none', { storage: 'Size' }, /a storage class, got the name torch\.Size/],
  ['an unknown storage class', { storage: 'EvilStorage' }, /"torch\.EvilStorage"/],
  ['a negative storage length', { count: -4 }, /a storage length that is/],
  ['a storage length above 2^53 bytes', { count: HUGE }, /below 2\^53 bytes/],
]

for (const [what, spec, message] of LIES) {
  test(`refuses ${what}, in both containers`, () => {
    if (what.endsWith('ends in 0')) {
      // No element, so nothing to read: harmless, and empty.
      assert.deepEqual(values(zip(spec)), [])
      return
    }
    assertRefused(zip(spec), message)
    assertRefused(legacy(spec), message)
  })
}

test('many copies of one storage are bounded together', () => {
  const many = Object.fromEntries(
    Array.from({ length: 300 }, (_, i) => [`w${i}`, { shape: [2 ** 16, 4], stride: [0, 1] } satisfies TensorSpec]),
  )
  assertRefused(torchZip(statePickle(many), { '0': four }), /from expanded or overlapping views/)
})

test('a zip storage must have exactly the declared bytes', () => {
  assertRefused(zip({}, { '0': f32(1, 2, 3) }), /16 bytes in storage 0, as the pickle says, got 12/)
  assertRefused(zip({}, { '0': f32(1, 2, 3, 4, 5) }), /16 bytes in storage 0, as the pickle says, got 20/)
  assertRefused(zip({}, {}), /expected entry "archive\/data\/0"/)
  assertRefused(zip({ key: '../../etc/passwd' }), /expected entry "archive\/data\/\.\.\/\.\.\/etc\/passwd"/)
})

test('one storage under two types is checked for each', () => {
  const both = statePickle({ a: {}, b: { storage: 'DoubleStorage', count: 2, shape: [2] } })
  assert.deepEqual([...readCheckpoint(torchZip(both, { '0': four }), 'x').tensors.keys()], ['a', 'b'])
  const lie = statePickle({ a: {}, b: { storage: 'DoubleStorage', count: 4 } })
  assertRefused(torchZip(lie, { '0': four }), /32 bytes in storage 0/)
  const legacyLie = statePickle({ a: { legacy: true }, b: { legacy: true, storage: 'DoubleStorage', count: 4 } })
  assertRefused(torchLegacy(legacyLie, [['0', 4, four]]), /16 bytes in storage 0, as before/)
})

test('legacy storages must follow one another to the end of the file', () => {
  assertRefused(legacy({}, 3), /4 elements in storage 0, as the pickle says, got 3/)
  assertRefused(legacy({}, 2n ** 63n), /storage length below 2\^53/)
  assertRefused(legacy({}, 4, f32(1, 2)), /16 bytes of storage 0/)
  assertRefused(legacy({}, 4, f32(1, 2, 3, 4, 5)), /the end of the file behind the last storage, got 4 bytes/)
  const state = statePickle({ w: { legacy: true } })
  assertRefused(torchLegacy(state, []), /storage 0, got a file without it/)
  assertRefused(torchLegacy(state, [['9', 4, four]]), /the key of a storage, once, got the string "9"/)
  const twice = torchLegacy(state, [
    ['0', 4, four],
    ['0', 4, four],
  ])
  assertRefused(twice, /the key of a storage, once/)
})

const id = (...parts: Part[]): Part => [P.mark, ...parts, P.tuple, P.persistentId]
const float = P.global('torch', 'FloatStorage')
const IDS: readonly [what: string, ops: Part, message: RegExp][] = [
  ['text', [P.text('0'), P.persistentId], /the id of a storage, got the string "0"/],
  ['a module', id(P.text('module'), P.none, P.none, P.none, P.none), /the id of a storage, got the string "module"/],
  ['too short', id(P.text('storage'), float), /a short storage key, got nothing/],
  [
    'a number as key',
    id(P.text('storage'), float, P.int(0), P.text('cpu'), P.int(4)),
    /a short storage key, got the number 0/,
  ],
  ['too long', id(P.text('storage'), float, P.text('0'), P.text('cpu'), P.int(4), P.none, P.none), /parts in the id/],
]

for (const [what, ops, message] of IDS) {
  test(`refuses a persistent id that is ${what}`, () => {
    assertRefused(torchZip(pickle(ops)), message)
    assertRefused(torchLegacy(pickle(ops), []), message)
  })
}

const REBUILDS: readonly [what: string, ops: Part, message: RegExp][] = [
  [
    'no storage',
    [P.mark, P.int(1), P.int(0), P.emptyTuple, P.emptyTuple, 0x89, P.none, P.tuple],
    /a storage of a tensor/,
  ],
  ['too few arguments', [P.mark, P.int(1), P.tuple], /storage, offset, shape and strides/],
  [
    'a list as shape',
    [
      P.mark,
      id(P.text('storage'), float, P.text('0'), P.text('cpu'), P.int(4)),
      P.int(0),
      P.list,
      P.emptyTuple,
      0x89,
      P.none,
      P.tuple,
    ],
    /a tensor shape as a tuple, got a list/,
  ],
]

for (const [what, args, message] of REBUILDS) {
  test(`refuses to rebuild a tensor from ${what}`, () => {
    assertRefused(torchZip(pickle(P.global('torch._utils', '_rebuild_tensor_v2'), args, P.reduce)), message)
  })
}

test('a rebuild of a rebuild cannot nest', () => {
  const nest = P.global('torch._tensor', '_rebuild_from_type_v2')
  const deeper = [P.put(0), '0', nest, P.global('torch', 'Tensor'), P.get(0), P.tuple3]
  const ops = pickle(P.emptyTuple, Array(20_000).fill(deeper), P.put(1), '0', nest, P.get(1), P.reduce)
  assertRefused(torchZip(ops), /a rebuild function and its arguments/)
  const parameter = [P.global('torch._utils', '_rebuild_parameter'), P.mark, tensorOps(), 0x88, P.none, P.tuple]
  const rebuilt = pickle(
    P.dict,
    P.text('w'),
    nest,
    P.mark,
    parameter.slice(0, 1),
    P.global('torch', 'Tensor'),
    parameter.slice(1),
    P.dict,
    P.tuple,
    P.reduce,
    P.setItem,
  )
  assert.deepEqual(values(torchZip(rebuilt, { '0': four })), [1, 2, 3, 4])
})

const state = statePickle({ w: {} })
const entry = (name: string, data: Uint8Array) => torchZip(state, { '0': four }, [{ name, data }])
const ARCHIVES: readonly [what: string, bytes: Uint8Array, message: RegExp][] = [
  [
    'an unknown byte order',
    entry('archive/byteorder', bytesFrom('middle')),
    /byteorder 'little' or 'big', got "middle"/,
  ],
  [
    'a newer version',
    entry('archive/.data/version', bytesFrom('11\n')),
    /version 10 or older of PyTorch's container, got "11"/,
  ],
  ['a version of a megabyte', entry('archive/.data/version', new Uint8Array(2 ** 20)), /more than 64 bytes/],
  ['two pickles', entry('other/data.pkl', state), /one data\.pkl, as torch\.save writes it, got 2/],
  ['bytes behind the pickle', torchZip(bytesFrom(state, 0), { '0': four }), /one pickle in data\.pkl, got 1 bytes/],
  ['an empty dict', torchZip(pickle(P.dict)), /one state dict.*got an empty dict.*Save model\.state_dict/],
  ['a number', torchZip(pickle(P.int(3))), /got the number 3/],
  [
    'a dict without tensors',
    torchZip(pickle(P.dict, P.text('epoch'), P.int(3), P.setItem)),
    /without tensors \(keys epoch\)/,
  ],
  ['a list of tensors', torchZip(pickle(P.list, tensorOps(), P.append), { '0': four }), /got a list of 1/],
]

for (const [what, bytes, message] of ARCHIVES) test(`refuses ${what}`, () => assertRefused(bytes, message))

test('tensors by number are not a state dict', () => {
  assertRefused(torchZip(pickle(P.dict, P.int(0), tensorOps(), P.setItem), { '0': four }), /without tensors/)
  const mixed = pickle(P.dict, P.mark, P.text('w'), tensorOps(), P.int(0), tensorOps(), P.setItems)
  assertRefused(torchZip(mixed, { '0': four }), /tensor the number 0: expected a name/)
})

test('a dict that contains itself, and deep dicts, are searched once', () => {
  const cyclic = pickle(
    P.dict,
    P.put(0),
    P.text('self'),
    P.get(0),
    P.setItem,
    P.text('model'),
    P.dict,
    P.text('w'),
    tensorOps(),
    P.setItem,
    P.setItem,
  )
  assert.equal(readCheckpoint(torchZip(cyclic, { '0': four }), 'x').nesting, 'model')
  const deep = pickle(P.dict, Array(10_000).fill([P.text('a'), P.dict]), Array(10_000).fill(P.setItem))
  assertRefused(torchZip(deep), /without tensors/)
})

test('big-endian data of unknown width is refused', () => {
  const untyped = [P.global('torch.storage', 'UntypedStorage'), P.text('0'), P.text('cpu'), P.int(16)]
  const v3 = [P.global('torch._utils', '_rebuild_tensor_v3'), P.mark, id(P.text('storage'), ...untyped), P.int(0)]
  const rest = [P.int(4), P.tuple1, P.int(1), P.tuple1, 0x89, P.dict, P.global('torch', 'uint32'), P.tuple, P.reduce]
  const ops = pickle(P.dict, P.text('w'), v3, rest, P.setItem)
  assert.equal(readCheckpoint(torchZip(ops, { '0': four }), 'x').tensors.get('w')!.dtype, 'uint32')
  const big = torchZip(ops, { '0': four }, [{ name: 'archive/byteorder', data: bytesFrom('big') }])
  assertRefused(big, /big-endian data of unknown width/)
})

test('a legacy file of another version is refused', () => {
  const file = legacy({})
  const version = bytesFrom(['M', u16(1001)])
  const at = Buffer.from(file).indexOf(version)
  file.set(u16(1002), at + 1)
  assertRefused(file, /version 1001, got the number 1002/)
  const magic = legacy({})
  magic[12] = 0xff
  assertRefused(magic, /a plain Python pickle|magic/)
  assert.equal(u64(1).length, 8)
})
