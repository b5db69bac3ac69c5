/** @file PyTorch as the other side of a benchmark: a child process that does one pass when asked. */
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const REFERENCE = fileURLToPath(new URL('../../reference/', import.meta.url))

/** The Python that has reference/requirements.txt installed: $DETRS_PYTHON, else .venv, else python3. */
export function findPython(): string | undefined {
  const local = fileURLToPath(new URL('../../.venv/bin/python', import.meta.url))
  const candidates = [process.env['DETRS_PYTHON'], local, 'python3']
  return candidates.find((python) => {
    try {
      if (python === undefined) return false
      execFileSync(python, ['-c', 'import torch, transformers'], { stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  })
}

/** Runs a script of reference/ to its end. @throws Error with what it printed when it fails. */
export function runReference(python: string, script: string, words: readonly string[]): void {
  execFileSync(python, [`${REFERENCE}${script}`, ...words], { stdio: ['ignore', 'ignore', 'inherit'] })
}

/** reference/speed.py --serve: one eager pass at a time. */
export class EagerPyTorch {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string>

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  }

  /** Starts it and waits until its warm-up is done. */
  static async start(python: string, words: readonly string[]): Promise<EagerPyTorch> {
    const child = spawn(python, [`${REFERENCE}speed.py`, '--serve', ...words])
    child.stderr.pipe(process.stderr)
    const eager = new EagerPyTorch(child)
    const { value } = await eager.#lines.next()
    if (value !== 'ready') throw new Error(`speed.py: expected ready, got ${value}`)
    return eager
  }

  /** Milliseconds of one pass. */
  async run(): Promise<number> {
    this.#child.stdin.write('run\n')
    const { value } = await this.#lines.next()
    return Number(value)
  }

  stop(): void {
    this.#child.stdin.end()
  }
}
