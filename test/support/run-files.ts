/** @file Files of training runs, compared byte for byte. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Paths of all files of a run, relative to its folder, in order. */
export function filesOf(runFolder: string): string[] {
  return readdirSync(runFolder, { recursive: true })
    .map((name) => String(name).replaceAll('\\', '/'))
    .filter((name) => statSync(join(runFolder, name)).isFile())
    .sort()
}

/** Files that tell when, where and by what process a run was made. */
const OF_ITS_OWN = /^(environment\.json|report\.html|events\.out\.tfevents\..*)$/

/** Files that only one of two runs has, or whose bytes differ, but for those that each run has of its own. */
export function differingFiles(a: string, b: string): string[] {
  const digests = (runFolder: string): Map<string, string> =>
    new Map(
      filesOf(runFolder).map((name) => [
        name,
        createHash('sha256')
          .update(readFileSync(join(runFolder, name)))
          .digest('hex'),
      ]),
    )
  const [one, other] = [digests(a), digests(b)]
  const names = [...new Set([...one.keys(), ...other.keys()])].filter((name) => !OF_ITS_OWN.test(name))
  return names.filter((name) => one.get(name) !== other.get(name))
}
