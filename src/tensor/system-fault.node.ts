/** @file What the operating system answers with a code (ENOENT, ENOSPC, …), in words for an error's "got". */

/** Why something cannot be read. */
export function describeReadFault(error: unknown): string {
  switch (codeOf(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'no such file'
    case 'EACCES':
    case 'EPERM':
      return 'no permission to read it'
    case 'ENAMETOOLONG':
      return 'a name that is too long'
    case 'ELOOP':
      return 'a loop of symbolic links'
    default:
      return error instanceof Error ? error.message : String(error)
  }
}

/** Why something cannot be written. */
export function describeWriteFault(error: unknown): string {
  switch (codeOf(error)) {
    case 'ENOENT':
      return 'no such folder'
    case 'EEXIST':
    case 'ENOTDIR':
      return 'a file where a folder is needed'
    case 'EISDIR':
      return 'a folder'
    case 'EACCES':
    case 'EPERM':
      return 'no permission to write there'
    case 'EROFS':
      return 'a disk that can only be read'
    case 'ENOSPC':
    case 'EDQUOT':
      return 'a full disk'
    case 'EFBIG':
      return 'a file larger than is allowed here'
    case 'EIO':
      return 'a disk that fails'
    default:
      return describeReadFault(error)
  }
}

const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown } | undefined)?.code
