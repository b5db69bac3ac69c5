/** @file safetensors: round trips, and every rule of the format broken once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesOf, CheckpointError, DTYPES, fromNumbers, type TensorData, tensorData } from '../tensor/index.js'
import { bytesFrom, rawSafetensors, u64 } from './hostile.test.kit.js'
import { encodeSafetensors, encodeSafetensorsParts, MAX_SAFETENSORS_HEADER, parseSafetensors } from './safetensors.js'

const all: ReadonlyMap<string, TensorData> = new Map(
  DTYPES.map((dtype): [string, TensorData] => [dtype, fromNumbers(dtype, [3], [0, 1, 1])]),
)

test('what is written is read, bit for bit, in the same order and as views', () => {
  const tensors = new Map(all)
  tensors.set('scalar', fromNumbers('float32', [], [1.5]))
  tensors.set('empty', fromNumbers('int64', [2, 0, 3], []))
  tensors.set('special', fromNumbers('float64', [4], [Number.NaN, Number.POSITIVE_INFINITY, -0, 5e-324]))
  tensors.set('__proto__', fromNumbers('uint8', [1], [7]))
  tensors.set('constructor', fromNumbers('uint8', [1], [8]))
  tensors.set('"quoted\\ \n ü💡', fromNumbers('uint8', [1], [9]))
  const metadata = new Map([
    ['__proto__', 'x'],
    ['a', '"\\\u0000ü'],
  ])
  const bytes = encodeSafetensors(tensors, metadata)
  const read = parseSafetensors(bytes, 'test')
  assert.deepEqual([...read.tensors.keys()], [...tensors.keys()])
  assert.deepEqual(read.metadata, metadata)
  for (const [name, tensor] of tensors) {
    const got = read.tensors.get(name)!
    assert.deepEqual([got.dtype, got.shape], [tensor.dtype, tensor.shape], name)
    assert.deepEqual(bytesOf(got), bytesOf(tensor), name)
    if (got.data.length > 0) assert.equal(got.data.buffer, bytes.buffer, name)
  }
  assert.deepEqual(encodeSafetensors(read.tensors, read.metadata), bytes)
})

test('the data section starts at a multiple of 64, whatever the header', () => {
  for (let length = 0; length < 70; length++) {
    const [header] = encodeSafetensorsParts(new Map([['a'.repeat(length), fromNumbers('uint8', [1], [1])]]))
    assert.equal(header!.length % 64, 0)
  }
})

test("the parts are the file, and share the tensors' memory", () => {
  const parts = encodeSafetensorsParts(all)
  assert.deepEqual(bytesFrom(...parts), encodeSafetensors(all))
  assert.ok(parts.slice(1).every((part) => [...all.values()].some(({ data }) => data.buffer === part.buffer)))
})

test('no tensors is a valid file', () => {
  assert.equal(parseSafetensors(encodeSafetensors(new Map()), 'test').tensors.size, 0)
  assert.equal(parseSafetensors(rawSafetensors('{}'), 'test').tensors.size, 0)
})

test('the writer refuses what a reader could not read', () => {
  const one = fromNumbers('uint8', [1], [1])
  assert.throws(() => encodeSafetensors(new Map([['__metadata__', one]])), CheckpointError)
  assert.throws(() => encodeSafetensors(new Map([['\ud800', one]])), CheckpointError)
  assert.throws(() => encodeSafetensors(new Map(), new Map([['a', '\udfff']])), CheckpointError)
  const wrong = { dtype: 'uint8', shape: [2], data: one.data } as TensorData
  assert.throws(() => encodeSafetensors(new Map([['a', wrong]])), /tensor "a": expected 1 elements, got shape \[2\]/)
})

test('JSON with spaces, escapes and any order of fields is read', () => {
  const header = ' \t\r\n"data_offsets" : [ 0 , 4 ] , "shape":[4],\n"dtype":"U8" '
  const text = `{"\\u0061\\n" : {${header}} , "__metadata__" : { } }   `
  assert.deepEqual(parseSafetensors(rawSafetensors(text, 4), 'test').tensors.get('a\n')!.shape, [4])
})

test('a boolean is 0 or 1, whatever the byte', () => {
  const file = rawSafetensors('{"a":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3]}}', 3)
  file.set([0, 2, 255], file.length - 3)
  assert.deepEqual(parseSafetensors(file, 'test').tensors.get('a')!.data, Uint8Array.of(0, 1, 1))
})

const tensor = (offsets: string, shape = '[4]', dtype = '"U8"') =>
  `{"dtype":${dtype},"shape":${shape},"data_offsets":${offsets}}`
const two = (a: string, b: string) => `{"a":${tensor(a)},"b":${tensor(b)}}`
const nested = `${'['.repeat(100_000)}${']'.repeat(100_000)}`

const BROKEN: readonly [what: string, file: () => Uint8Array, message: RegExp][] = [
  ['nothing', () => new Uint8Array(0), /at least the 8 bytes/],
  ['seven bytes', () => new Uint8Array(7), /at least the 8 bytes.*got 7 bytes/],
  [
    'a header beyond the file',
    () => rawSafetensors('{}', 0, 3),
    /a safetensors header of 3 bytes, got the end of the file after 2.*truncated/,
  ],
  [
    'a header of 100 MB and a byte',
    () => rawSafetensors('{}', 0, MAX_SAFETENSORS_HEADER + 1),
    /at most 100000000 bytes, got 100000001/,
  ],
  [
    'a header of 2^63 bytes',
    () => rawSafetensors('{}', 0, 2n ** 63n),
    /at most 100000000 bytes, got 9223372036854775808/,
  ],
  ['a header of 2^64 - 1 bytes', () => bytesFrom(u64(2n ** 64n - 1n), '{}'), /got 18446744073709551615/],
  ['an empty header', () => rawSafetensors(''), /starts with '\{', got an empty header/],
  ['a header that starts with a space', () => rawSafetensors(' {}'), /starts with '\{', got byte 0x20/],
  ['a byte order mark', () => rawSafetensors('\ufeff{}'), /starts with '\{', got byte 0xef/],
  ['bytes that are not UTF-8', () => rawSafetensors(bytesFrom('{"', 0xff, '":1}')), /in UTF-8/],
  ['a list', () => rawSafetensors('[]'), /starts with '\{'/],
  ['an open object', () => rawSafetensors('{'), /a quoted tensor in the safetensors header, got its end/],
  ['an open string', () => rawSafetensors('{"a'), /a closed string/],
  ['an open string after a backslash', () => rawSafetensors('{"a\\'), /a closed string/],
  ['a control character in a name', () => rawSafetensors('{"a\n":1}'), /without control characters/],
  ['a wrong escape', () => rawSafetensors('{"\\x":1}'), /a valid string/],
  ['half a surrogate pair', () => rawSafetensors('{"\\ud800":1}'), /a valid string/],
  ['a trailing comma', () => rawSafetensors(`{"a":${tensor('[0,4]')},}`, 4), /a quoted tensor/],
  ['text behind the header', () => rawSafetensors('{} x'), /only spaces behind the closing brace.*got "x"/],
  ['a newline behind the header', () => rawSafetensors('{}\n'), /only spaces behind the closing brace/],
  [
    'a name twice',
    () => rawSafetensors(`{"a":${tensor('[0,4]')},"a":${tensor('[4,8]')}}`, 8),
    /every tensor once in.*got "a" twice/,
  ],
  [
    'a name twice, once escaped',
    () => rawSafetensors(`{"a":${tensor('[0,4]')},"\\u0061":${tensor('[4,8]')}}`, 8),
    /got "a" twice/,
  ],
  [
    '__proto__ twice',
    () => rawSafetensors(`{"__proto__":${tensor('[0,4]')},"__proto__":${tensor('[4,8]')}}`, 8),
    /"__proto__" twice/,
  ],
  ['metadata twice', () => rawSafetensors('{"__metadata__":{},"__metadata__":{}}'), /twice/],
  ['a metadata key twice', () => rawSafetensors('{"__metadata__":{"a":"1","a":"2"}}'), /every metadata key once/],
  ['metadata that is no string', () => rawSafetensors('{"__metadata__":{"a":1}}'), /a string as metadata value/],
  ['metadata that is a list', () => rawSafetensors('{"__metadata__":[]}'), /'\{'/],
  ['a field twice', () => rawSafetensors('{"a":{"dtype":"U8","dtype":"U8"}}'), /every field once/],
  [
    'an unknown field',
    () => rawSafetensors('{"a":{"dtype":"U8","__proto__":[]}}'),
    /the fields dtype, shape and data_offsets in tensor "a"/,
  ],
  ['a missing field', () => rawSafetensors('{"a":{"dtype":"U8","shape":[]}}'), /dtype, shape and two data_offsets/],
  ['one offset', () => rawSafetensors(`{"a":${tensor('[0]')}}`), /two data_offsets/],
  ['three offsets', () => rawSafetensors(`{"a":${tensor('[0,4,4]')}}`), /at most 2 numbers/],
  ['a negative offset', () => rawSafetensors(`{"a":${tensor('[-1,3]')}}`, 4), /a whole number that is not negative/],
  ['a fraction', () => rawSafetensors(`{"a":${tensor('[0,4.0]')}}`, 4), /a whole number/],
  ['an exponent', () => rawSafetensors(`{"a":${tensor('[0,4e0]')}}`, 4), /a whole number/],
  ['a leading zero', () => rawSafetensors(`{"a":${tensor('[0,04]')}}`, 4), /a whole number/],
  ['a number that is text', () => rawSafetensors(`{"a":${tensor('["0",4]')}}`, 4), /a whole number/],
  ['2^53', () => rawSafetensors(`{"a":${tensor('[0,9007199254740992]')}}`), /below 2\^53.*got 9007199254740992/],
  ['2^64', () => rawSafetensors(`{"a":${tensor('[0,18446744073709551616]')}}`), /below 2\^53/],
  [
    'an overlap',
    () => rawSafetensors(two('[0,4]', '[2,6]'), 6),
    /tensor "b" to start at byte 4.*got data_offsets \[2, 6\]/,
  ],
  ['the same bytes twice', () => rawSafetensors(two('[0,4]', '[0,4]'), 4), /tensor "b" to start at byte 4/],
  ['a hole', () => rawSafetensors(two('[0,4]', '[5,9]'), 9), /tensor "b" to start at byte 4/],
  ['a hole at the start', () => rawSafetensors(`{"a":${tensor('[1,5]')}}`, 5), /tensor "a" to start at byte 0/],
  ['offsets in reverse', () => rawSafetensors(`{"a":${tensor('[4,0]')}}`, 4), /got data_offsets \[4, 0\]/],
  [
    'truncated data',
    () => rawSafetensors(`{"a":${tensor('[0,4]')}}`, 3),
    /4 bytes of tensor data, as the header says, got 3.*truncated/,
  ],
  ['bytes behind the data', () => rawSafetensors(`{"a":${tensor('[0,4]')}}`, 5), /got 5.*foreign bytes/],
  [
    'a shape that is too large',
    () => rawSafetensors(`{"a":${tensor('[0,4]', '[5]')}}`, 4),
    /U8 of shape \[5\] to take 5 bytes, got 4/,
  ],
  [
    'a shape that is too small',
    () => rawSafetensors(`{"a":${tensor('[0,4]', '[1]', '"F16"')}}`, 4),
    /to take 2 bytes, got 4/,
  ],
  [
    'a product above 2^53',
    () => rawSafetensors(`{"a":${tensor('[0,0]', '[4294967296,4294967296]')}}`),
    /to take .* bytes, got 0/,
  ],
  [
    'a product that wraps to 0 in 64 bits',
    () => rawSafetensors(`{"a":${tensor('[0,0]', '[4294967296,4294967296,1]')}}`),
    /to take/,
  ],
  [
    'a product above 2^53 that ends in 0',
    () => rawSafetensors(`{"a":${tensor('[0,0]', '[4294967296,4294967296,0]')}}`),
    /to take/,
  ],
  [
    '65 dimensions',
    () => rawSafetensors(`{"a":${tensor('[0,1]', `[${Array(65).fill(1)}]`)}}`, 1),
    /at most 64 numbers/,
  ],
  [
    'an unknown element type',
    () => rawSafetensors(`{"a":${tensor('[0,4]', '[1]', '"F128"')}}`, 4),
    /tensor "a": expected an element type among F64, F32.*got "F128"/,
  ],
  ['an 8-bit float', () => rawSafetensors(`{"a":${tensor('[0,4]', '[4]', '"F8_E4M3"')}}`, 4), /got "F8_E4M3"/],
  [
    'an element type that is a number',
    () => rawSafetensors(`{"a":${tensor('[0,4]', '[4]', '8')}}`, 4),
    /a string as dtype/,
  ],
  ['deep nesting', () => rawSafetensors(`{"a":${nested}}`), /'\{'/],
  ['deep nesting in a shape', () => rawSafetensors(`{"a":${tensor('[0,0]', nested)}}`), /a whole number/],
]

for (const [what, file, message] of BROKEN) {
  test(`refuses ${what}`, () => {
    const bytes = file()
    assert.throws(
      () => parseSafetensors(bytes, 'test'),
      (error) => error instanceof CheckpointError && message.test(error.message),
    )
  })
}

test('a header of half a million tensors is read, one more is refused', () => {
  const fields = Array.from({ length: 500_001 }, (_, i) => `"${i}":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`)
  assert.equal(parseSafetensors(rawSafetensors(`{${fields.slice(1).join(',')}}`), 'test').tensors.size, 500_000)
  assert.throws(() => parseSafetensors(rawSafetensors(`{${fields.join(',')}}`), 'test'), /at most 500000 entries/)
})

test('a tensor over a part of a buffer is written right', () => {
  const buffer = new Float32Array([9, 1, 2, 9])
  const part = tensorData('float32', [2], buffer.subarray(1, 3))
  const { tensors } = parseSafetensors(encodeSafetensors(new Map([['a', part]])), 'test')
  assert.deepEqual(tensors.get('a')!.data, Float32Array.of(1, 2))
})
