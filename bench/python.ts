/** @file PyTorch as the other side of a benchmark: a child process that does one pass when asked. */
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const REFERENCE = fileURLToPath(new URL('../../reference/', import.meta.url))

/** Runs a script of reference/ to its end. @throws Error with what it printed when it fails. */
export function runReference(python: string, script: string, words: readonly string[]): void {
  execFileSync(python, [`${REFERENCE}${script}`, ...words], { stdio: ['ignore', 'ignore', 'inherit'] })
}

/** A script of reference/ in its --serve mode: one pass, or one step, each time it is asked. */
export class EagerPyTorch {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string>

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  }

  /** Starts it and waits until it is ready. @throws Error when it says anything else. */
  static async start(python: string, words: readonly string[], script = 'speed.py'): Promise<EagerPyTorch> {
    const child = spawn(python, [`${REFERENCE}${script}`, '--serve', ...words])
    child.stderr.pipe(process.stderr)
    const eager = new EagerPyTorch(child)
    const { value } = await eager.#lines.next()
    if (value !== 'ready') throw new Error(`${script}: expected ready, got ${value}`)
    return eager
  }

  /** Milliseconds of one pass. */
  async run(): Promise<number> {
    return (await this.answer())[0]!
  }

  /** The numbers of one answer: milliseconds, and what else the script measures. */
  async answer(): Promise<readonly number[]> {
    this.#child.stdin.write('run\n')
    const { value } = await this.#lines.next()
    return String(value).split(' ').map(Number)
  }

  stop(): void {
    this.#child.stdin.end()
  }
}
