/** @file The text of JSON files that users give: annotations and results. */
import { constants } from 'node:buffer'
import { readFile, stat } from 'node:fs/promises'
import { describeReadFault, FileError } from '../tensor/index.node.js'

/** Largest file that is read: Node holds no longer text. */
const MAX_BYTES = constants.MAX_STRING_LENGTH

/**
 * The text of a file of annotations or results.
 * @throws FileError when it cannot be read, or is longer than a text can be.
 */
export async function readJsonText(path: string): Promise<string> {
  try {
    const status = await stat(path)
    // Pipes are welcome; a device may never end.
    if (!status.isFile() && !status.isFIFO()) {
      throw new FileError({ where: path, expected: 'a JSON file', got: status.isDirectory() ? 'a folder' : 'a device' })
    }
    if (status.size > MAX_BYTES) {
      throw new FileError({
        where: path,
        expected: `at most ${MAX_BYTES} bytes`,
        got: `${status.size}`,
        next: 'Keep the 100 best detections of each photo, with two decimal places, or evaluate in parts.',
      })
    }
    return await readFile(path, 'utf8')
  } catch (cause) {
    if (cause instanceof FileError) throw cause
    throw new FileError({ where: path, expected: 'a readable file', got: faultInWords(cause), cause })
  }
}

function faultInWords(cause: unknown): string {
  const { code } = cause as NodeJS.ErrnoException
  return code === 'ERR_STRING_TOO_LONG' ? `more than ${MAX_BYTES} characters` : describeReadFault(cause)
}
