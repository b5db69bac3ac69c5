/** @file Files that commands write: their place is checked before the work, and they appear whole or not at all. */
import { randomUUID } from 'node:crypto'
import { access, constants, lstat, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describeWriteFault, FileError, makeFolder } from '../tensor/index.node.js'

/**
 * Makes sure, before any work is done, that a file can probably be written.
 * @throws FileError when the path names a folder, or its folder is missing or may not be written.
 */
export async function checkOutput(path: string): Promise<void> {
  const present = await stat(path).catch(() => undefined)
  if (path === '' || /[\\/]$/.test(path) || present?.isDirectory() === true) {
    const got = path === '' ? 'an empty name' : 'a folder'
    throw new FileError({ where: path === '' ? 'output' : path, expected: 'the name of a file to write', got })
  }
  const folder = dirname(path)
  try {
    // A file in the folder's place would pass the check of permissions.
    if (!(await stat(folder)).isDirectory()) throw Object.assign(new Error(folder), { code: 'ENOTDIR' })
    await access(present === undefined || present.isFile() ? folder : path, constants.W_OK)
  } catch (cause) {
    throw unwritable(path, cause)
  }
}

/**
 * Makes a folder for results before the work, so that they need not be thrown away.
 * @throws FileError when it cannot be made or written.
 */
export async function makeOutputFolder(path: string): Promise<void> {
  try {
    await makeFolder(path)
    await access(path, constants.W_OK)
  } catch (cause) {
    throw unwritable(path, cause)
  }
}

/**
 * Writes a file under another name and renames it, so that a fault leaves the file as it was. What is no regular file
 * (a link, /dev/stdout, a named pipe) is written to directly: it must not be replaced.
 * @throws FileError when that fails.
 */
export async function writeOutput(path: string, content: string | Iterable<Uint8Array>): Promise<void> {
  let temporary: string | undefined
  try {
    const present = await lstat(path).catch(() => undefined)
    if (present !== undefined && !present.isFile()) {
      await writeFile(path, content)
      return
    }
    temporary = join(dirname(path), `.detrs-${randomUUID()}.part`)
    await writeFile(temporary, content)
    await rename(temporary, path)
  } catch (cause) {
    if (temporary !== undefined) await rm(temporary, { force: true }).catch(() => undefined)
    throw unwritable(path, cause)
  }
}

/** The error of a file or folder that cannot be written. */
export function unwritable(where: string, cause: unknown): FileError {
  return new FileError({
    where,
    expected: 'a place that can be written',
    got: describeWriteFault(cause),
    next: 'Choose another place.',
    cause,
  })
}
