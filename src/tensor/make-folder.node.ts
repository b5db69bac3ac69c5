/** @file A folder and those above it. */
import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Makes a folder and those above it that are missing. Not `mkdir` with `recursive`, which never ends in Node 20 where a folder that
 * is there answers that nothing is (as /proc does).
 * @throws NodeJS.ErrnoException when a folder cannot be made; EEXIST and ENOTDIR where a file has its name.
 */
export async function makeFolder(path: string): Promise<void> {
  const refusal = await tryToMake(path)
  if (refusal === undefined) return
  if (refusal.code !== 'ENOENT' || dirname(path) === path) throw refusal
  await makeFolder(dirname(path))
  const again = await tryToMake(path)
  if (again !== undefined) throw again
}

/** @returns why not, if not; a folder that is there already is made. */
async function tryToMake(path: string): Promise<NodeJS.ErrnoException | undefined> {
  try {
    await mkdir(path)
    return undefined
  } catch (error) {
    const refusal = error as NodeJS.ErrnoException
    // A folder that is there is also refused in other words: drives of Windows with EPERM, mounts that cannot be written with EROFS.
    const isThere = await stat(path).then(
      (entry) => entry.isDirectory(),
      () => false,
    )
    return isThere ? undefined : refusal
  }
}
