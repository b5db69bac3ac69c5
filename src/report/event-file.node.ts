/** @file TensorBoard's event file of one run, from its start or from where it goes on. */
import { appendFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describeWriteFault, FileError } from '../tensor/index.node.js'
import { nextEventFileName, restartRecord, scalarsRecord, versionRecord } from './tensorboard.js'

/** A file to which records are added one by one; one that is cut off by a crash loses its last record. */
export class EventFile {
  readonly #path: string

  private constructor(path: string) {
    this.#path = path
  }

  /**
   * Starts a new file, read by TensorBoard after those that the folder has.
   * @param firstStep steps from here on in older files are forgotten
   * @throws FileError when the folder cannot be written.
   */
  static async create(folder: string, firstStep: number): Promise<EventFile> {
    const seconds = Date.now() / 1000
    const present = (await readdir(folder).catch(() => [])).filter((name) => name.includes('tfevents'))
    const path = join(folder, nextEventFileName(seconds, present))
    const parts = [versionRecord(seconds), ...(present.length === 0 ? [] : [restartRecord(seconds, firstStep)])]
    await written(path, () => writeFile(path, Buffer.concat(parts)))
    return new EventFile(path)
  }

  /** Adds the figures of a step by tag. @throws FileError when the file cannot be written. */
  async add(step: number, scalars: Iterable<readonly [string, number]>): Promise<void> {
    await written(this.#path, () => appendFile(this.#path, scalarsRecord(Date.now() / 1000, step, scalars)))
  }
}

async function written(where: string, write: () => Promise<void>): Promise<void> {
  try {
    await write()
  } catch (cause) {
    throw new FileError({ where, expected: 'a place that can be written', got: describeWriteFault(cause), cause })
  }
}
