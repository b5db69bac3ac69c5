/** @file Names of photos as annotation files write them: made relative, and never leading out of the data set. */
import type { ProblemKind } from './problems.js'

/** A name that can be looked for below a folder, and what was wrong with it. */
export interface CleanName {
  /** Parts joined by slashes; never absolute, never with `..`; empty when nothing usable is left. */
  readonly name: string
  readonly kind?: ProblemKind
}

/** Makes a name relative to its folder: backslashes become slashes; of what leads out, only the last part is kept. */
export function cleanFileName(written: string): CleanName {
  const slashed = written.replaceAll('\\', '/')
  const parts = slashed.split('/').filter((part) => part !== '' && part !== '.')
  const address = /^[a-z][a-z0-9+.-]+:\/\//i.test(slashed)
  if (address || slashed.startsWith('/') || /^[a-z]:/i.test(slashed) || parts.includes('..')) {
    const last = parts.at(-1) ?? ''
    return { name: plain(address ? last.replace(/[?#].*$/, '') : last), kind: 'file-name-outside' }
  }
  const name = plain(parts.join('/'))
  return slashed === written ? { name } : { name, kind: 'file-name-backslash' }
}

function plain(name: string): string {
  return name.includes('\0') || name === '..' ? '' : name
}
