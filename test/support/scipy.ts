/** @file scipy's linear assignment in a child process (reference/matching.py --serve), for comparisons. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A cost matrix, row-major [rows, columns]. */
export interface CostMatrix {
  readonly rows: number
  readonly columns: number
  readonly costs: Float64Array
}

/** Total cost, rows and columns of scipy's assignment; null when it finds none. */
export type ScipyAnswer = readonly [total: number, rows: readonly number[], columns: readonly number[]] | null

/** Where matrices pass, row by row, through a file: a pipe would wait for the thread that is solving them itself. */
export class Scipy {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string>
  readonly #folder: string = mkdtempSync(join(tmpdir(), 'detrs-scipy-'))

  constructor(python: string) {
    this.#child = spawn(python, [fileURLToPath(new URL('../../../reference/matching.py', import.meta.url)), '--serve'])
    this.#child.stderr.pipe(process.stderr)
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  /** scipy's assignment of each matrix. Matrices are copied before this returns. */
  solve(matrices: readonly CostMatrix[]): Promise<readonly ScipyAnswer[]> {
    return this.#ask('solve', matrices) as Promise<readonly ScipyAnswer[]>
  }

  /** Milliseconds that scipy takes for each matrix. */
  time(matrices: readonly CostMatrix[]): Promise<readonly number[]> {
    return this.#ask('time', matrices) as Promise<readonly number[]>
  }

  stop(): void {
    this.#child.stdin.end()
    rmSync(this.#folder, { recursive: true })
  }

  async #ask(command: 'solve' | 'time', matrices: readonly CostMatrix[]): Promise<unknown> {
    const file = join(this.#folder, 'matrices')
    writeFileSync(file, bytesOf(matrices))
    this.#child.stdin.write(`${command} ${file}\n`)
    const { value } = await this.#lines.next()
    if (value === undefined) throw new Error('matching.py --serve: expected an answer, got none')
    return JSON.parse(value)
  }
}

function bytesOf(matrices: readonly CostMatrix[]): Uint8Array {
  const header = Int32Array.of(
    matrices.length,
    ...matrices.map(({ rows }) => rows),
    ...matrices.map(({ columns }) => columns),
  )
  const start = Math.ceil(header.length / 2)
  const values = new Float64Array(matrices.reduce((sum, { costs }) => sum + costs.length, start))
  new Int32Array(values.buffer).set(header)
  let at = start
  for (const { costs } of matrices) {
    values.set(costs, at)
    at += costs.length
  }
  return new Uint8Array(values.buffer)
}
