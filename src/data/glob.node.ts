/** @file Finds the files that a pattern names. */
import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, parse } from 'node:path'
import { expandBraces, isPattern, matchesName } from './glob.js'

/** What the walk needs to know of the system. */
export interface GlobOptions {
  /** Backslashes separate folders, and case does not matter. */
  readonly windows: boolean
}

/**
 * Paths of all files (not folders) that fit the pattern, unsorted, each once. Folders that cannot be read and links to
 * folders below `**` are passed over, so that a walk always ends.
 * @throws ConfigError when the braces of the pattern stand for too many patterns.
 */
export async function findByPattern(pattern: string, options: GlobOptions): Promise<string[]> {
  const found = new Set<string>()
  for (const expanded of expandBraces(options.windows ? pattern.replaceAll('\\', '/') : pattern)) {
    const { root } = parse(expanded)
    const segments = expanded
      .slice(root.length)
      .split('/')
      .filter((segment, i, all) => segment !== '' && !(segment === '**' && all[i - 1] === '**'))
    await walk(root, segments, options, found)
  }
  return [...found]
}

async function walk(
  folder: string,
  segments: readonly string[],
  options: GlobOptions,
  found: Set<string>,
): Promise<void> {
  const [segment, ...rest] = segments
  if (segment === undefined) return
  if (segment === '**') {
    // `a/**` names all files below a.
    const below = rest.length === 0 ? ['*'] : rest
    await walk(folder, below, options, found)
    for (const entry of await list(folder)) {
      if (entry.isDirectory() && !entry.name.startsWith('.')) {
        await walk(join(folder, entry.name), segments, options, found)
      }
    }
    return
  }
  if (!isPattern(segment)) {
    await follow(join(folder, segment), rest, options, found)
    return
  }
  for (const entry of await list(folder)) {
    if (matchesName(entry.name, segment, options.windows)) await follow(join(folder, entry.name), rest, options, found)
  }
}

async function follow(path: string, rest: readonly string[], options: GlobOptions, found: Set<string>): Promise<void> {
  if (rest.length > 0) await walk(path, rest, options, found)
  else if (await isFile(path)) found.add(path)
}

async function list(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder === '' ? '.' : folder, { withFileTypes: true })
  } catch {
    return []
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}
