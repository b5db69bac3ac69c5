/** @file Options of the FFI engine. */

/** How the FFI engine is made. */
export interface FfiOptions {
  /**
   * Threads that one operator may use, the calling one included; physical cores unless said. The first runtime of the
   * process decides for the shared pool; sessions of a later one with another number get pools of their own. (Workers
   * cannot see what the pool has: give them the same number.)
   */
  readonly threads?: number | undefined
  /**
   * Whether the pool's idle threads wait actively, which takes processor time from everything else; false unless said.
   * The first runtime of the process decides.
   */
  readonly spinning?: boolean | undefined
}
