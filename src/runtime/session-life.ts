/** @file The life of a session, or of what holds one: runs are counted, disposal waits for them, nothing runs afterwards. */
import { RuntimeError } from '../tensor/index.js'

/** Counts what is under way and releases once it has ended. */
export class SessionLife {
  readonly #label: string
  readonly #kind: string
  readonly #release: () => Promise<void>
  #running = 0
  #disposal: Promise<void> | undefined
  #whenIdle: (() => void) | undefined

  /** @param kind what lives, for the error */
  constructor(label: string, release: () => Promise<void>, kind = 'session') {
    this.#label = label
    this.#kind = kind
    this.#release = release
  }

  /**
   * Does `work` as a part of the life.
   * @throws RuntimeError when it has ended.
   */
  async during<T>(work: () => Promise<T>): Promise<T> {
    if (this.#disposal !== undefined) {
      throw new RuntimeError({ where: this.#label, expected: `a live ${this.#kind}`, got: 'one that was disposed' })
    }
    this.#running++
    try {
      return await work()
    } finally {
      this.#running--
      if (this.#running === 0) this.#whenIdle?.()
    }
  }

  /** Releases what lives once runs in flight have ended; every call returns the same promise. */
  dispose(): Promise<void> {
    this.#disposal ??= this.#end()
    return this.#disposal
  }

  async #end(): Promise<void> {
    if (this.#running > 0) {
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve
      })
    }
    await this.#release()
  }
}
