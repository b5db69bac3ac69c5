/** @file A queue in front of something that only so many may use at once; first come, first served. */

/** Lets at most `limit` holders in; the others wait in order. */
export class RunGate {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(limit: number) {
    this.#free = limit
  }

  /** Resolves when a place is held; undefined (nothing to wait for) when one is free now. */
  enter(): Promise<void> | undefined {
    if (this.#free > 0) {
      this.#free--
      return undefined
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Gives a place back, to the next who waits. */
  leave(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free++
    else next()
  }
}
