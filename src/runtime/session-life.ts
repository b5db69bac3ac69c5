/** @file A session's life: runs are counted, disposal waits for them, nothing runs afterwards. */
import { RuntimeError } from '../tensor/index.js'

/** Counts what is under way and releases once it has ended. */
export class SessionLife {
  readonly #label: string
  readonly #release: () => Promise<void>
  #running = 0
  #disposal: Promise<void> | undefined
  #whenIdle: (() => void) | undefined

  constructor(label: string, release: () => Promise<void>) {
    this.#label = label
    this.#release = release
  }

  /**
   * Does `work` as a part of the session's life.
   * @throws RuntimeError when the session was disposed.
   */
  async during<T>(work: () => Promise<T>): Promise<T> {
    if (this.#disposal !== undefined) {
      throw new RuntimeError({ where: this.#label, expected: 'a live session', got: 'one that was disposed' })
    }
    this.#running++
    try {
      return await work()
    } finally {
      this.#running--
      if (this.#running === 0) this.#whenIdle?.()
    }
  }

  /** Releases the session once runs in flight have ended; every call returns the same promise. */
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
