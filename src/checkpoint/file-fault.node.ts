/**
 * @file Faults of the file system in plain words: what the operating system answers with a code
 * (ENOSPC, EACCES, …) becomes a FileError that says what to do next.
 */
import { FileError } from '../tensor/index.js'

/** The `code` of an error of the operating system or of a library, '' where there is none. */
export function faultCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : ''
}

/** `error` as a FileError about `path`; errors that are not the file system's are given back unchanged. */
export function fileFault(error: unknown, path: string): unknown {
  const code = faultCode(error).replace(/^ERR_FS_(?=E)/, '')
  if (!/^E[A-Z]+$/.test(code)) return error
  const message = error instanceof Error ? error.message : String(error)
  const [expected, got, next] = words(code) ?? ['a file or folder that can be used', message, undefined]
  return new FileError({ where: path, expected, got, ...(next === undefined ? {} : { next }), cause: error })
}

function words(code: string): [expected: string, got: string, next: string] | undefined {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return ['room on the disk', `a full disk (${code})`, 'Free some space or choose a folder on another disk.']
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return ['permission to use it', `none (${code})`, 'Change its permissions or choose another folder.']
    case 'EEXIST':
    case 'ENOTDIR':
      return ['a folder', `a file in its place (${code})`, 'Choose another folder or move that file away.']
    case 'EISDIR':
      return ['a file', 'a folder in its place (EISDIR)', 'Choose another file name or move that folder away.']
    default:
      return undefined
  }
}
