/** @file Sessions by key within a bound of bytes: one per input shape, say, where each costs hundreds of megabytes. */
import type { Session } from './session.js'

/** What a cache holds: a session, or several that belong together. */
export interface Disposable {
  dispose(): Promise<void>
}

/** A session and the bytes of memory that it was measured to hold. */
export interface CostedSession<S extends Disposable = Session> {
  readonly session: S
  readonly bytes: number
}

interface Entry<S extends Disposable> {
  readonly made: Promise<CostedSession<S>>
  /** Undefined until the session exists. */
  costed: CostedSession<S> | undefined
  users: number
}

/**
 * Keeps sessions until their bytes exceed the bound, then disposes of the least recently used; never of one in use, so
 * that sessions in use may exceed the bound for as long as they are.
 */
export class SessionCache<S extends Disposable = Session> {
  readonly maxBytes: number
  /** In order of last use, oldest first. */
  readonly #entries = new Map<string, Entry<S>>()
  readonly #disposals = new Set<Promise<void>>()
  #bytes = 0

  /** @param maxBytes bound on the sum of the sessions' bytes. */
  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  /** Bytes of the sessions held now. */
  get bytes(): number {
    return this.#bytes
  }

  /** Keys of the sessions held now, least recently used first. */
  get keys(): readonly string[] {
    return [...this.#entries.keys()]
  }

  /**
   * Does `work` with the session of `key`, which `create` makes where the cache has none; callers who ask for the same
   * key at the same time share one. A failed creation is not remembered.
   */
  async use<T>(key: string, create: () => Promise<CostedSession<S>>, work: (session: S) => Promise<T>): Promise<T> {
    const entry = this.#entries.get(key) ?? this.#add(create)
    // Re-inserted, which makes it the youngest.
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    entry.users++
    try {
      let costed: CostedSession<S>
      try {
        costed = await entry.made
      } catch (error) {
        if (this.#entries.get(key) === entry) this.#entries.delete(key)
        throw error
      }
      this.#evict()
      return await work(costed.session)
    } finally {
      entry.users--
      this.#evict()
    }
  }

  /** Disposes of all sessions that are not in use, and waits until their memory is free. */
  async clear(): Promise<void> {
    this.#evict(0)
    await Promise.all(this.#disposals)
  }

  #add(create: () => Promise<CostedSession<S>>): Entry<S> {
    const entry: Entry<S> = { made: create(), costed: undefined, users: 0 }
    entry.made.then(
      (costed) => {
        entry.costed = costed
        this.#bytes += costed.bytes
      },
      () => {},
    )
    return entry
  }

  #evict(bound = this.maxBytes): void {
    for (const [key, { costed, users }] of this.#entries) {
      if (this.#bytes <= bound && bound > 0) return
      if (costed === undefined || users > 0) continue
      this.#entries.delete(key)
      this.#bytes -= costed.bytes
      const disposal = costed.session.dispose().finally(() => this.#disposals.delete(disposal))
      this.#disposals.add(disposal)
    }
  }
}
