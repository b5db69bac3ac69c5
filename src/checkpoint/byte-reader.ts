/** @file A cursor over untrusted bytes: every read is checked against the end, and the error names the file. */
import { CheckpointError } from '../tensor/index.js'

/** Reads numbers and slices forward from a position; little-endian unless the name says otherwise. */
export class ByteReader {
  readonly bytes: Uint8Array
  readonly where: string
  position: number
  readonly #view: DataView

  constructor(bytes: Uint8Array, where: string, position = 0) {
    this.bytes = bytes
    this.where = where
    this.position = position
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get remaining(): number {
    return this.bytes.byteLength - this.position
  }

  u8(what: string): number {
    return this.bytes[this.#advance(1, what)]!
  }

  u16(what: string): number {
    return this.#view.getUint16(this.#advance(2, what), true)
  }

  u32(what: string): number {
    return this.#view.getUint32(this.#advance(4, what), true)
  }

  i32(what: string): number {
    return this.#view.getInt32(this.#advance(4, what), true)
  }

  /** @throws CheckpointError also when the value is 2^53 or more: no file has so many bytes. */
  u64(what: string): number {
    const value = this.#view.getBigUint64(this.#advance(8, what), true)
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw new CheckpointError({ where: this.where, expected: `${what} below 2^53`, got: `${value}` })
    }
    return Number(value)
  }

  f64BigEndian(what: string): number {
    return this.#view.getFloat64(this.#advance(8, what), false)
  }

  /** The next `count` bytes, as a view. */
  take(count: number, what: string): Uint8Array {
    const start = this.#advance(count, what)
    return this.bytes.subarray(start, start + count)
  }

  #advance(count: number, what: string): number {
    const start = this.position
    if (count > this.remaining) {
      throw new CheckpointError({
        where: this.where,
        expected: `${count} bytes of ${what} at byte ${start}`,
        got: `the end of the data after ${Math.max(0, this.remaining)}`,
        next: 'The file is truncated or damaged: download or copy it again.',
      })
    }
    this.position = start + count
    return start
  }
}
