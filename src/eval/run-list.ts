/** @file A growing list of whole numbers, reused so that decoding a mask allocates nothing. */

/** Unsigned 32-bit numbers; `data` is longer than what is in use. */
export class RunList {
  data: Uint32Array<ArrayBuffer> = new Uint32Array(256)
  length = 0

  clear(): void {
    this.length = 0
  }

  push(value: number): void {
    if (this.length === this.data.length) this.reserve(1)
    this.data[this.length++] = value
  }

  /** Makes room for `count` more numbers, which may then be written behind `length` directly. */
  reserve(count: number): void {
    if (this.length + count <= this.data.length) return
    const larger = new Uint32Array(2 * (this.length + count))
    larger.set(this.data)
    this.data = larger
  }

  /** The numbers in use, as a copy of their own. */
  toArray(): Uint32Array<ArrayBuffer> {
    return this.data.slice(0, this.length)
  }
}
