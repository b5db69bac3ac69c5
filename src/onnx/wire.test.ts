/** @file The wire format: what is written is read again, and what is damaged is refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OnnxFormatError } from '../tensor/index.js'
import {
  asBytes,
  asFloat,
  asFloats,
  asInt,
  asInts,
  asText,
  countInts,
  type WireField,
  WireReader,
  WireWriter,
} from './wire.js'

function written(build: (writer: WireWriter) => void): Uint8Array {
  const writer = new WireWriter()
  build(writer)
  const bytes = writer.finish()
  assert.equal(bytes.length, writer.length)
  return bytes
}

function read(bytes: Uint8Array): readonly WireField[] {
  const reader = new WireReader(bytes, 'test')
  const fields: WireField[] = []
  while (reader.more) fields.push(reader.next())
  return fields
}

const only = (bytes: Uint8Array): WireField => read(bytes)[0]!

function refused(action: () => unknown, pattern: RegExp): void {
  assert.throws(action, (error) => {
    assert.ok(error instanceof OnnxFormatError, String(error))
    assert.match(error.message, pattern)
    return true
  })
}

test('integers of every size are read as they were written', () => {
  const values = [0, 1, 127, 128, 300, 2 ** 31, 2 ** 53 - 1, -1, -(2 ** 53), 2n ** 63n - 1n, -(2n ** 63n)]
  for (const value of values) {
    const bytes = written((writer) => writer.int(5, value))
    assert.equal(asInt(only(bytes), 'test'), BigInt(value))
    if (value < 0) assert.equal(bytes.length, 11)
  }
  assert.deepEqual([...written((writer) => writer.int(1, 300))], [8, 0xac, 2])
})

test('a known message has the bytes that protobuf gives it', () => {
  const bytes = written((writer) => {
    writer.int(1, 8)
    writer.text(2, 'é')
    writer.float(3, 1.5)
    writer.ints(7, [1, -1])
    writer.floats(6, [0.5])
    writer.message(20, (inner) => inner.int(1, 150))
  })
  const expected = '0808' + '1202c3a9' + '1d0000c03f' + '3a0b01ffffffffffffffffff01' + '32040000003f' + 'a20103089601'
  assert.equal(Buffer.from(bytes).toString('hex'), expected)
})

test('payloads of every length come back, nested as deep as one likes', () => {
  for (const length of [0, 1, 63, 64, 65, 127, 128, 20000]) {
    const payload = Uint8Array.from({ length }, (_, i) => i * 31)
    let bytes: Uint8Array = payload
    for (let depth = 0; depth < 4; depth++) {
      const inner = bytes
      bytes = written((writer) => {
        writer.int(1, depth)
        writer.bytes(2, inner)
        writer.message(3, (message) => {
          message.text(1, 'before')
          message.bytes(2, inner)
          message.text(3, 'after')
        })
      })
    }
    for (let depth = 3; depth >= 0; depth--) {
      const [number, direct, message] = read(bytes)
      assert.equal(asInt(number!, 'test'), BigInt(depth))
      const [before, nested, after] = read(message!.payload)
      assert.deepEqual([asText(before!, 'test'), asText(after!, 'test')], ['before', 'after'])
      assert.deepEqual(nested!.payload, direct!.payload)
      bytes = direct!.payload
    }
    assert.deepEqual(Buffer.from(bytes), Buffer.from(payload))
  }
})

test('lists are read packed and one by one', () => {
  const packed = only(written((writer) => writer.ints(1, [3, -4, 5n])))
  assert.deepEqual(asInts(packed, 'test'), [3n, -4n, 5n])
  assert.equal(countInts(packed, 'test'), 3)
  const single = only(written((writer) => writer.int(1, -4)))
  assert.deepEqual([asInts(single, 'test'), countInts(single, 'test')], [[-4n], 1])
  assert.deepEqual([...asFloats(only(written((writer) => writer.floats(1, [1, -0.5]))), 4, 'test')], [1, -0.5])
  assert.deepEqual([...asFloats(only(written((writer) => writer.float(1, 2.5))), 4, 'test')], [2.5])
  assert.equal(asFloat(only(written((writer) => writer.float(1, -0))), 'test'), -0)
  const double = new Uint8Array(Float64Array.of(0.1).buffer)
  assert.deepEqual([...asFloats(only(Uint8Array.of(9, ...double)), 8, 'test')], [0.1])
  assert.deepEqual([...asFloats(only(written((writer) => writer.bytes(1, double))), 8, 'test')], [0.1])
})

test('bytes that end early are refused at every place', () => {
  const bytes = written((writer) => {
    writer.int(1, 300)
    writer.float(2, 1)
    writer.text(3, 'abc')
  })
  const whole = new Set([0, 3, 8, 13])
  for (let length = 0; length <= bytes.length; length++) {
    if (whole.has(length)) assert.doesNotThrow(() => read(bytes.subarray(0, length)))
    else refused(() => read(bytes.subarray(0, length)), /^test at byte \d+: expected .*more bytes, got .*damaged/)
  }
})

test('an integer without end, a length beyond the end, groups and field 0 are refused', () => {
  refused(() => read(new Uint8Array(11).fill(0xff)), /expected an integer of at most ten bytes, got a longer one/)
  refused(() => read(Uint8Array.of(8, ...new Array<number>(10).fill(0x80), 0)), /at most ten bytes/)
  refused(() => read(Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f, 1)), /expected 4294967295 more bytes, got 1\./)
  refused(() => read(Uint8Array.of(0x0a, ...new Array<number>(9).fill(0xff), 1)), /more bytes, got 0\./)
  for (const type of [3, 4, 6, 7]) refused(() => read(Uint8Array.of(8 + type, 0)), /a known wire type, got \d/)
  refused(() => read(Uint8Array.of(0, 0)), /expected a field number, got 0\./)
})

test('a field of another wire type is refused by every reader', () => {
  const number = only(written((writer) => writer.int(4, 5)))
  const text = only(written((writer) => writer.text(4, 'abc')))
  const float = only(written((writer) => writer.float(4, 1)))
  refused(() => asBytes(number, 'w'), /^w: expected bytes in field 4, got varint\.$/)
  refused(() => asText(float, 'w'), /^w: expected bytes in field 4, got fixed32\.$/)
  refused(() => asInt(text, 'w'), /^w: expected an integer in field 4, got 3 bytes\.$/)
  refused(() => asFloat(number, 'w'), /^w: expected a float in field 4, got varint\.$/)
  refused(() => asInts(float, 'w'), /^w: expected bytes in field 4, got fixed32\.$/)
  refused(() => countInts(float, 'w'), /^w: expected bytes in field 4, got fixed32\.$/)
  refused(() => asFloats(number, 4, 'w'), /^w: expected bytes in field 4, got varint\.$/)
  refused(() => asFloats(float, 8, 'w'), /^w: expected bytes in field 4, got fixed32\.$/)
  refused(() => asFloats(text, 4, 'w'), /^w: expected a multiple of 4 bytes in field 4, got 3 bytes\.$/)
  const latin = only(written((writer) => writer.bytes(4, Uint8Array.of(0xe9))))
  refused(() => asText(latin, 'w'), /^w: expected UTF-8 text, got other bytes\.$/)
})
