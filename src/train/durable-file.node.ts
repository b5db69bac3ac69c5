/** @file Files that survive a power cut: written beside their place, flushed, renamed, and the folder flushed. */
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { describeWriteFault, FileError } from '../tensor/index.node.js'

/** What the name of a file ends with while it is written. */
export const UNFINISHED = '.part'

/**
 * Writes a file so that, at every moment, either the old content or the whole new content stands under its name.
 * @throws FileError when that fails; the old content is then intact.
 */
export async function writeDurably(path: string, parts: Iterable<Uint8Array>): Promise<void> {
  const temporary = `${path}${UNFINISHED}`
  try {
    const file = await open(temporary, 'w')
    try {
      for (const part of parts) await file.writeFile(part)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    await flushFolder(dirname(path))
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined)
    const next = 'What was saved before is intact.'
    throw new FileError({
      where: path,
      expected: 'a file that can be written',
      got: describeWriteFault(cause),
      next,
      cause,
    })
  }
}

/** Windows cannot open a folder for flushing, and does not need it. */
async function flushFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
