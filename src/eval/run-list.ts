/** @file A growing list of whole numbers, reused so that decoding a mask allocates nothing. */

/** Unsigned 32-bit numbers; `data` is longer than what is in use. */
export class RunList {
  data: Uint32Array<ArrayBuffer> = new Uint32Array(256)
  length = 0

  clear(): void {
    this.length = 0
  }

  push(value: number): void {
    if (this.length === this.data.length) {
      const larger = new Uint32Array(2 * this.data.length)
      larger.set(this.data)
      this.data = larger
    }
    this.data[this.length++] = value
  }

  /** The numbers in use, as a copy of their own. */
  toArray(): Uint32Array<ArrayBuffer> {
    return this.data.slice(0, this.length)
  }
}
