/** @file pycocotools as the other side of a comparison: reference/coco_eval.py as a child process that answers lines. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { findPython } from './python.js'

const SCRIPT = fileURLToPath(new URL('../../../reference/coco_eval.py', import.meta.url))

/** The Python that has pycocotools. */
export const findPycocotools = (): string | undefined => findPython('pycocotools.cocoeval')

/** A running reference/coco_eval.py. */
export class Pycocotools {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string>

  /** @param words the script's arguments */
  constructor(python: string, words: readonly string[]) {
    this.#child = spawn(python, [SCRIPT, ...words])
    this.#child.stderr.pipe(process.stderr)
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  /** Writes a line, without waiting for the answer. */
  send(line: string): void {
    this.#child.stdin.write(`${line}\n`)
  }

  /** The next line of its answers. @throws Error when it has ended. */
  async receive(): Promise<string> {
    const { value, done } = await this.#lines.next()
    if (done === true) throw new Error('coco_eval.py: expected a line, got the end of its output')
    return value
  }

  /** Lets it end. */
  stop(): void {
    this.#child.stdin.end()
  }
}
