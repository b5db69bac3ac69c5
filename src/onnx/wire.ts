/** @file Protocol buffers on the wire: the few encodings that ONNX files use, written and read with every bound checked. */
import { arrayFromBytes, OnnxFormatError } from '../tensor/index.js'

/** How a field's payload is laid out. */
export const WireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

/** Appends fields; large byte fields are kept by reference until the end, so that weights are copied once. */
export class WireWriter {
  readonly #parts: Uint8Array[] = []
  #small: number[] = []
  #length = 0

  /** Bytes written so far. */
  get length(): number {
    return this.#length
  }

  /** An integer field; negative numbers take ten bytes, as the format wants. */
  int(field: number, value: number | bigint): void {
    this.#varint(field * 8 + WireType.varint)
    this.#varint(value)
  }

  float(field: number, value: number): void {
    this.#varint(field * 8 + WireType.fixed32)
    this.#append(new Uint8Array(Float32Array.of(value).buffer))
  }

  text(field: number, value: string): void {
    this.bytes(field, encoder.encode(value))
  }

  bytes(field: number, value: Uint8Array): void {
    this.#varint(field * 8 + WireType.bytes)
    this.#varint(value.length)
    this.#append(value)
  }

  message(field: number, build: (writer: WireWriter) => void): void {
    const inner = new WireWriter()
    build(inner)
    this.#varint(field * 8 + WireType.bytes)
    this.#varint(inner.length)
    inner.#flush()
    for (const part of inner.#parts) this.#append(part)
  }

  ints(field: number, values: readonly (number | bigint)[]): void {
    const inner = new WireWriter()
    for (const value of values) inner.#varint(value)
    this.bytes(field, inner.finish())
  }

  floats(field: number, values: readonly number[]): void {
    this.bytes(field, new Uint8Array(Float32Array.from(values).buffer))
  }

  /** All bytes in one array. */
  finish(): Uint8Array {
    this.#flush()
    const out = new Uint8Array(this.#length)
    let at = 0
    for (const part of this.#parts) {
      out.set(part, at)
      at += part.length
    }
    return out
  }

  #varint(value: number | bigint): void {
    let rest = BigInt.asUintN(64, BigInt(value))
    while (rest > 0x7fn) {
      this.#small.push(Number(rest & 0x7fn) | 0x80)
      rest >>= 7n
      this.#length++
    }
    this.#small.push(Number(rest))
    this.#length++
  }

  #append(bytes: Uint8Array): void {
    if (bytes.length < 64) {
      for (const byte of bytes) this.#small.push(byte)
    } else {
      this.#flush()
      this.#parts.push(bytes)
    }
    this.#length += bytes.length
  }

  #flush(): void {
    if (this.#small.length === 0) return
    this.#parts.push(Uint8Array.from(this.#small))
    this.#small = []
  }
}

/** One field as read from the wire. */
export interface WireField {
  readonly number: number
  readonly type: number
  /** Value of a varint or fixed-size field. */
  readonly value: bigint
  /** Payload of a length-delimited field, a view of the message. */
  readonly payload: Uint8Array
}

/** Reads the fields of one message in order. */
export class WireReader {
  readonly #bytes: Uint8Array
  readonly #where: string
  #at = 0

  constructor(bytes: Uint8Array, where: string) {
    this.#bytes = bytes
    this.#where = where
  }

  /** True until all bytes are read. */
  get more(): boolean {
    return this.#at < this.#bytes.length
  }

  /** @throws OnnxFormatError when the bytes end early or hold a group or an unknown wire type. */
  next(): WireField {
    const tag = this.varint()
    const [number, type] = [Number(tag >> 3n), Number(tag & 7n)]
    if (number < 1 || number > 2 ** 29) throw this.#error('a field number', `${number}`)
    switch (type) {
      case WireType.varint:
        return { number, type, value: this.varint(), payload: EMPTY }
      case WireType.fixed64:
        return { number, type, value: littleEndian(this.#take(8)), payload: EMPTY }
      case WireType.fixed32:
        return { number, type, value: littleEndian(this.#take(4)), payload: EMPTY }
      case WireType.bytes:
        return { number, type, value: 0n, payload: this.#take(Number(this.varint())) }
      default:
        throw this.#error('a known wire type', `${type}`)
    }
  }

  /** The next base-128 integer, as an unsigned 64-bit number. */
  varint(): bigint {
    let result = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) throw this.#error('more bytes', 'the end')
      result |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asUintN(64, result)
    }
    throw this.#error('an integer of at most ten bytes', 'a longer one')
  }

  #take(length: number): Uint8Array {
    if (this.#at + length > this.#bytes.length) {
      throw this.#error(`${length} more bytes`, `${this.#bytes.length - this.#at}`)
    }
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  #error(expected: string, got: string): OnnxFormatError {
    const next = 'The file is damaged or not an ONNX model.'
    return new OnnxFormatError({ where: `${this.#where} at byte ${this.#at}`, expected, got, next })
  }
}

const EMPTY = new Uint8Array(0)

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!)
  return value
}

/** A length-delimited field's bytes: a message, or raw data. @throws OnnxFormatError for another wire type. */
export function asBytes(field: WireField, where: string): Uint8Array {
  if (field.type !== WireType.bytes) throw wrongType(field, where, 'bytes')
  return field.payload
}

/** A field's value as a signed 64-bit integer. @throws OnnxFormatError for another wire type. */
export function asInt(field: WireField, where: string): bigint {
  if (field.type !== WireType.varint) throw wrongType(field, where, 'an integer')
  return BigInt.asIntN(64, field.value)
}

/** A field's value as a float32. @throws OnnxFormatError for another wire type. */
export function asFloat(field: WireField, where: string): number {
  if (field.type !== WireType.fixed32) throw wrongType(field, where, 'a float')
  return new Float32Array(Uint32Array.of(Number(field.value)).buffer)[0]!
}

/** A field's payload as text. @throws OnnxFormatError for another wire type, or when it is not UTF-8. */
export function asText(field: WireField, where: string): string {
  try {
    return decoder.decode(asBytes(field, where))
  } catch (error) {
    if (error instanceof OnnxFormatError) throw error
    throw new OnnxFormatError({ where, expected: 'UTF-8 text', got: 'other bytes' })
  }
}

/** The integers of a repeated field, packed or not. @throws OnnxFormatError for another wire type. */
export function asInts(field: WireField, where: string): bigint[] {
  if (field.type === WireType.varint) return [asInt(field, where)]
  const reader = new WireReader(asBytes(field, where), where)
  const values: bigint[] = []
  while (reader.more) values.push(BigInt.asIntN(64, reader.varint()))
  return values
}

/** How many integers a repeated field holds. @throws OnnxFormatError for another wire type. */
export function countInts(field: WireField, where: string): number {
  if (field.type === WireType.varint) return 1
  let count = 0
  for (const byte of asBytes(field, where)) if (byte < 0x80) count++
  return count
}

/**
 * The numbers of a repeated float or double field, packed or not.
 * @throws OnnxFormatError for another wire type, or half a number.
 */
export function asFloats(field: WireField, bytesEach: 4 | 8, where: string): Float32Array | Float64Array {
  const single = bytesEach === 4 ? WireType.fixed32 : WireType.fixed64
  const bytes = field.type === single ? bytesOfValue(field.value, bytesEach) : asBytes(field, where)
  if (bytes.length % bytesEach !== 0) throw wrongType(field, where, `a multiple of ${bytesEach} bytes`)
  return bytesEach === 4 ? arrayFromBytes('float32', bytes) : arrayFromBytes('float64', bytes)
}

function bytesOfValue(value: bigint, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn))
}

function wrongType(field: WireField, where: string, expected: string): OnnxFormatError {
  const kind = Object.entries(WireType).find(([, type]) => type === field.type)?.[0] ?? 'another type'
  const length = field.type === WireType.bytes ? `${field.payload.length} ` : ''
  return new OnnxFormatError({ where, expected: `${expected} in field ${field.number}`, got: `${length}${kind}` })
}
