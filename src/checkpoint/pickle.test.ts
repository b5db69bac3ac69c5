/** @file Pickles: what is read, and that nothing else is ever done. */
import assert from 'node:assert/strict'
import { existsSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { CheckpointError } from '../tensor/index.js'
import { bytesFrom, P, type Part, pickle, u16, u32, u64 } from './hostile.test.kit.js'
import { readPickle } from './pickle.js'
import { buildNumpy } from './pickle-names.js'
import { type PickleValue, PyDict, PyList, PyRecord, PySet, PyTuple } from './pickle-values.js'
import { checkpointName } from './pytorch-names.js'

function read(bytes: Uint8Array): PickleValue {
  return readPickle(bytes, 'test.pt', {
    global: checkpointName,
    persistent: (_id, machine) => machine.refuse('no id', 'one'),
    build: buildNumpy,
  }).value
}

function assertRefused(bytes: Uint8Array, message: RegExp, what?: string): void {
  assert.throws(
    () => read(bytes),
    (error) => error instanceof CheckpointError && message.test(error.message),
    what,
  )
}

/** A value as plain JavaScript data, one level for what may be cyclic. */
function plain(value: PickleValue): unknown {
  if (value instanceof PyTuple) return value.items.map(plain)
  if (value instanceof PyList) return value.items.map(plain)
  if (value instanceof PySet) return new Set([...value.items].map(plain))
  if (value instanceof PyDict) return new Map(Array.from(value.entries, ([key, item]) => [plain(key), plain(item)]))
  if (value instanceof PyRecord)
    return { [value.typeName]: Object.fromEntries(Array.from(value.fields, ([k, v]) => [k, plain(v)])) }
  return value
}

const VALUES: readonly [what: string, ops: Part, value: unknown][] = [
  ['None', P.none, null],
  ['True and False', [0x88, 0x89, P.tuple2], [true, false]],
  ['BININT', P.int(-2), -2],
  ['BININT1 and 2', ['K', 255, 'M', u16(65535), P.tuple2], [255, 65535]],
  ['LONG1', [P.long(), P.long(0xff), P.long(0, 0, 0, 0, 0, 0, 0x20), P.tuple3], [0, -1, 2n ** 53n]],
  ['LONG1 above 2^53', P.long(1, 0, 0, 0, 0, 0, 0x20), 2n ** 53n + 1n],
  ['LONG4', [0x8b, u32(9), 0, 0, 0, 0, 0, 0, 0, 0, 0xff], -(2n ** 64n)],
  ['BINFLOAT', P.float(-0.1), -0.1],
  ['strings', [P.text('ü💡'), 0x8c, 1, 'a', 'U', 1, 'b', P.tuple3], ['ü💡', 'a', 'b']],
  ['a byte order mark is kept', P.text('\ufeffa'), '\ufeffa'],
  ['long strings', [0x8d, u64(1), 'c', 'T', u32(1), 'd', P.tuple2], ['c', 'd']],
  [
    'bytes',
    ['C', 2, 0, 255, 'B', u32(1), 7, 0x96, u64(1), 8, P.tuple3],
    [Uint8Array.of(0, 255), Uint8Array.of(7), Uint8Array.of(8)],
  ],
  ['tuples', [P.emptyTuple, P.int(1), P.tuple1, P.mark, P.tuple, P.tuple3], [[], [1], []]],
  ['a list', [P.list, P.int(1), P.append, P.mark, P.int(2), P.int(3), P.appends], [1, 2, 3]],
  [
    'a dict',
    [P.dict, P.text('a'), P.int(1), P.setItem, P.mark, P.int(2), P.none, P.setItems],
    new Map<unknown, unknown>([
      ['a', 1],
      [2, null],
    ]),
  ],
  ['sets', [0x8f, P.mark, P.int(1), 0x90, P.mark, P.int(2), 0x91, P.tuple2], [new Set([1]), new Set([2])]],
  [
    'memo',
    [P.text('a'), 'q', 0, P.text('b'), 0x94, 'h', 0, P.get(1), P.mark, P.int(1), '1', P.none, '0', 0x87, 0x86],
    ['a', ['b', 'a', 'b']],
  ],
  ['a frame', [0x95, u64(1), P.none], null],
  [
    'collections by STACK_GLOBAL',
    [
      P.text('collections'),
      P.text('OrderedDict'),
      P.stackGlobal,
      P.list,
      P.text('k'),
      P.int(1),
      P.tuple2,
      P.append,
      P.tuple1,
      P.reduce,
    ],
    new Map([['k', 1]]),
  ],
  [
    'defaultdict',
    [
      P.global('collections', 'defaultdict'),
      P.global('__builtin__', 'list'),
      P.tuple1,
      P.reduce,
      P.int(1),
      P.int(2),
      P.setItem,
    ],
    new Map([[1, 2]]),
  ],
  [
    'Counter',
    [P.global('collections', 'Counter'), P.dict, P.int(40), P.int(1), P.setItem, P.tuple1, P.reduce],
    new Map([[40, 1]]),
  ],
  [
    'Namespace',
    [
      P.global('argparse', 'Namespace'),
      P.emptyTuple,
      P.newObject,
      P.dict,
      P.text('lr'),
      P.float(0.1),
      P.setItem,
      P.build,
    ],
    { 'argparse.Namespace': { lr: 0.1 } },
  ],
  [
    'attributes of an OrderedDict',
    [
      P.global('collections', 'OrderedDict'),
      P.emptyTuple,
      P.reduce,
      P.dict,
      P.text('_metadata'),
      P.none,
      P.setItem,
      P.build,
    ],
    new Map(),
  ],
  [
    'encoded bytes',
    [P.global('_codecs', 'encode'), P.text('\xff\0'), P.text('latin1'), P.tuple2, P.reduce],
    Uint8Array.of(255, 0),
  ],
]

for (const [what, ops, value] of VALUES) {
  test(`reads ${what}`, () => assert.deepEqual(plain(read(pickle(ops))), value))
}

const canary = join(tmpdir(), `detrs-canary-${process.pid}`)
const call = (...argument: Part[]): Part => [...argument, P.tuple1, P.reduce]
const EXECUTING: readonly [what: string, ops: Part, message: RegExp][] = [
  ['os.system', [P.global('os', 'system'), call(P.text(`touch ${canary}`))], /"os\.system".*state dict\.$/],
  ['posix.system', [P.global('posix', 'system'), call(P.text(`touch ${canary}`))], /"posix\.system"/],
  ['nt.system', [P.global('nt', 'system'), call(P.text('echo'))], /"nt\.system"/],
  ['subprocess.Popen', [P.global('subprocess', 'Popen'), call(P.text(`touch ${canary}`))], /"subprocess\.Popen"/],
  ['builtins.eval', [P.global('builtins', 'eval'), call(P.text('1'))], /"builtins\.eval"/],
  ['builtins.exec of Python 2', [P.global('__builtin__', 'exec'), call(P.text('1'))], /"__builtin__\.exec"/],
  ['builtins.getattr', [P.global('builtins', 'getattr')], /"builtins\.getattr"/],
  ['__import__ by STACK_GLOBAL', [P.text('builtins'), P.text('__import__'), P.stackGlobal], /"builtins\.__import__"/],
  [
    'a dotted STACK_GLOBAL',
    [P.text('collections'), P.text('OrderedDict.fromkeys'), P.stackGlobal],
    /OrderedDict\.fromkeys/,
  ],
  ['torch.load within', [P.global('torch.storage', '_load_from_bytes'), call('C', 1, 0)], /_load_from_bytes/],
  ['a numpy memory map', [P.global('numpy', 'memmap')], /"numpy\.memmap"/],
  ['a class of a program', [P.global('models.detr', 'DETR')], /"models\.detr\.DETR"/],
  ['a property of all objects', [P.global('constructor', 'constructor')], /"constructor\.constructor"/],
  ['the prototype', [P.global('__proto__', 'x')], /"__proto__\.x"/],
  ['INST', [P.mark, 'iposix\nsystem\n'], /INST \(0x69\)/],
  ['OBJ', [P.mark, P.global('collections', 'OrderedDict'), 'o'], /OBJ \(0x6f\)/],
  ['EXT1', [0x82, 1], /EXT1/],
  ['EXT4', [0x84, u32(1)], /EXT4/],
  ['NEWOBJ_EX', [P.global('collections', 'OrderedDict'), P.emptyTuple, P.dict, 0x92], /NEWOBJ_EX/],
  ['PERSID', ['Psystem\n'], /PERSID/],
  ['an out-of-band buffer', [0x97], /NEXT_BUFFER/],
  ['an unknown opcode', [0xff], /unknown \(0xff\)/],
  ['calling a value', [P.text('os.system'), call(P.text('x'))], /expected an allowed name to call, got the string/],
  ['calling a dict', [P.dict, call(P.none)], /expected an allowed name to call, got a dict/],
  ['calling with no tuple', [P.global('collections', 'OrderedDict'), P.list, P.reduce], /a tuple of arguments/],
  [
    'creating a class only mentioned',
    [P.global('torch', 'Tensor'), P.emptyTuple, P.newObject],
    /torch\.Tensor as a name only/,
  ],
  ['calling a factory', [P.global('builtins', 'int'), call(P.none)], /builtins\.int as a name only/],
  [
    'a state for a function',
    [P.global('_codecs', 'encode'), P.dict, P.build],
    /whose state can be set, got the name _codecs\.encode/,
  ],
  [
    'a state that is no dict',
    [P.global('argparse', 'Namespace'), P.emptyTuple, P.newObject, P.list, P.build],
    /a dict of fields/,
  ],
  [
    'a state with __setstate__',
    [P.none, P.dict, P.text('__setstate__'), P.global('os', 'system'), P.setItem, P.build],
    /"os\.system"/,
  ],
  ['a state for a tuple', [P.emptyTuple, P.dict, P.build], /whose state can be set, got a tuple/],
]

for (const [what, ops, message] of EXECUTING) {
  test(`refuses ${what}`, () => assertRefused(pickle(ops), message))
}

test('nothing of the above ran', () => {
  const ran = existsSync(canary)
  if (ran) rmSync(canary)
  assert.equal(ran, false)
})

const MALFORMED: readonly [what: string, bytes: Uint8Array, message: RegExp][] = [
  ['nothing', new Uint8Array(0), /the end of the data/],
  ['no STOP', bytesFrom(P.proto(), P.none), /the end of the data/],
  ['STOP with nothing', pickle(), /one value at the end, got 0 values/],
  ['STOP with two values', pickle(P.none, P.none), /got 2 values/],
  ['STOP within a mark', pickle(P.none, P.mark), /1 open marks/],
  ['protocol 6', bytesFrom(P.proto(6), P.none, P.stop), /protocol 5 or older, got 6/],
  ['an absent memo', pickle(P.get(7)), /a remembered value 7, got none/],
  ['remembering nothing', pickle(P.put(0)), /1 values on the stack, got 0/],
  ['SETITEM on a list', pickle(P.list, P.none, P.none, P.setItem), /a dict to set items of, got a list/],
  [
    'SETITEM on a tensor class',
    pickle(P.global('torch', 'Tensor'), P.none, P.none, P.setItem),
    /got the name torch\.Tensor/,
  ],
  ['SETITEM on a number', pickle(P.int(1), P.none, P.none, P.setItem), /got the number 1/],
  ['SETITEMS with an odd count', pickle(P.dict, P.mark, P.none, P.setItems), /pairs/],
  ['an unhashable key', pickle(P.dict, P.list, P.none, P.setItem), /hashed, got a list/],
  ['APPEND to a tuple', pickle(P.emptyTuple, P.none, P.append), /a list to append to, got a tuple/],
  ['ADDITEMS to a list', pickle(P.list, P.mark, P.none, 0x90), /a set to add to/],
  ['an unhashable set member', pickle(0x8f, P.mark, P.list, 0x90), /hashed/],
  ['a missing mark', pickle(P.none, P.tuple), /a mark on the stack, got none/],
  ['reaching below a mark', pickle(P.none, P.mark, P.tuple1), /1 values on the stack, got 0/],
  ['a pop below a mark', pickle(P.none, P.mark, '0'), /1 values on the stack, got 0/],
  ['an empty stack', pickle(P.reduce), /2 values on the stack, got 0/],
  ['a huge LONG4', pickle(0x8b, u32(0x7fffffff)), /at most 1024 bytes, got 2147483647/],
  ['a negative LONG4', pickle(0x8b, u32(-1)), /at most 1024 bytes, got -1/],
  ['a string beyond the end', pickle('X', u32(0xffffffff)), /pickled string/],
  ['a string of 2^63 bytes', pickle(0x8d, u64(2n ** 63n)), /below 2\^53, got 9223372036854775808/],
  ['a string of 2^52 bytes', pickle(0x8d, u64(2n ** 52n)), /4503599627370496 bytes of pickled string/],
  ['bytes beyond the end', pickle('B', u32(100)), /pickled bytes/],
  ['a frame beyond the end', pickle(0x95, u64(100)), /a frame of 100 bytes/],
  ['a string that is not UTF-8', pickle('X', u32(1), 0xff), /in UTF-8/],
  ['a name without end', pickle('cos'), /ends in a newline/],
  ['a name of 2,000 bytes', pickle('c', 'a'.repeat(2000), '\n', 'b\n'), /at most 1024 bytes/],
  ['STACK_GLOBAL of numbers', pickle(P.int(1), P.int(2), P.stackGlobal), /a module and a name/],
  [
    'text beyond latin1',
    pickle(P.global('_codecs', 'encode'), P.text('€'), P.text('latin1'), P.tuple2, P.reduce),
    /latin1/,
  ],
  [
    'another encoding',
    pickle(P.global('_codecs', 'encode'), P.text('a'), P.text('rot13'), P.tuple2, P.reduce),
    /'latin1'/,
  ],
  ['10,001 marks', pickle('('.repeat(10_001)), /at most 10000 open marks/],
]

for (const [what, bytes, message] of MALFORMED) {
  test(`refuses ${what}`, () => assertRefused(bytes, message))
}

test('memory is bounded, whatever a pickle repeats', () => {
  const big = 'a'.repeat(2 ** 20)
  const again = Array(5000).fill([P.get(0), P.get(1), P.reduce])
  const text = [P.text(big), P.text('latin1'), P.tuple2]
  const encode = pickle(P.global('_codecs', 'encode'), P.put(0), text, P.put(1), again)
  assertRefused(encode, /at most 67108864 bytes of pickled values/)
  const list = [P.list, P.mark, Array(10_000).fill(P.none), P.appends, P.tuple1, P.put(1)]
  for (const name of ['list', 'tuple', 'set']) {
    const copies = pickle(list, P.global('builtins', name), P.put(0), again)
    assertRefused(copies, /at most 67108864 bytes of pickled values/, name)
  }
  assertRefused(pickle(']'.repeat(400_000)), /at most 67108864 bytes of pickled values/)
  assertRefused(pickle('}'.repeat(400_000)), /at most 67108864 bytes of pickled values/)
})

test('a pickle above 32 MiB ends at the limit', () => {
  const bytes = new Uint8Array(32 * 2 ** 20 + 100)
  bytes.set(bytesFrom(P.proto(), 'B', u32(32 * 2 ** 20)))
  assertRefused(bytes, /the end of the data/)
})

test('deep and cyclic values are read without recursion', () => {
  const deep = read(pickle(P.none, Array(250_000).fill(P.tuple1)))
  assert.ok(deep instanceof PyTuple)
  const cyclic = read(pickle(P.list, P.put(0), P.get(0), P.append))
  assert.ok(cyclic instanceof PyList && cyclic.items[0] === cyclic)
  // 2^60 items, if anybody walked them.
  const laughs = read(
    pickle(
      P.none,
      Array.from({ length: 60 }, (_, i) => [P.put(i), P.get(i), P.tuple2]),
    ),
  )
  assert.ok(laughs instanceof PyTuple)
})

test('keys named __proto__ are data', () => {
  const dict = read(pickle(P.dict, P.text('__proto__'), P.dict, P.text('polluted'), P.int(1), P.setItem, P.setItem))
  assert.ok(dict instanceof PyDict && dict.get('__proto__') instanceof PyDict)
  read(
    pickle(
      P.global('argparse', 'Namespace'),
      P.emptyTuple,
      P.newObject,
      P.dict,
      P.text('__proto__'),
      P.int(1),
      P.setItem,
      P.build,
    ),
  )
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined)
})

test('numpy numbers are numbers, other numpy objects inert', () => {
  const dtype = (code: string, order: string): Part => [
    [P.global('numpy', 'dtype'), P.text(code), 0x89, 0x88, P.tuple3, P.reduce],
    [P.mark, P.int(3), P.text(order), P.tuple, P.build],
  ]
  const scalar = (code: string, order: string, ...bytes: number[]) =>
    read(
      pickle(
        P.global('numpy._core.multiarray', 'scalar'),
        dtype(code, order),
        'C',
        bytes.length,
        bytes,
        P.tuple2,
        P.reduce,
      ),
    )
  assert.equal(scalar('f8', '<', 0, 0, 0, 0, 0, 0, 0xf8, 0x3f), 1.5)
  assert.equal(scalar('f8', '>', 0x3f, 0xf8, 0, 0, 0, 0, 0, 0), 1.5)
  assert.equal(scalar('i4', '<', 0xff, 0xff, 0xff, 0xff), -1)
  assert.equal(scalar('u8', '<', 1, 0, 0, 0, 0, 0, 0, 0x80), 2n ** 63n + 1n)
  assert.equal(scalar('b1', '|', 1), true)
  assert.ok(scalar('U3', '<', 1) instanceof PyRecord)
  assert.ok(scalar('constructor', '<', 1) instanceof PyRecord)
  assert.throws(() => scalar('f8', '<', 1), /the bytes of a numpy f8/)
})
