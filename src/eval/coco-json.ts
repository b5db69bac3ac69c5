/** @file JSON text of labels and results, with errors that say what is wrong with it. */
import { fault } from './fault.js'

/**
 * Parses JSON; a byte order mark is passed over.
 * @param name what the text is called in errors, such as its file's name
 * @throws FileError when it is no JSON: empty, cut off, with NaN or Infinity, or something else.
 */
export function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text.startsWith('\u{feff}') ? text.slice(1) : text)
  } catch (error) {
    throw jsonFault(text, name, error instanceof Error ? error.message : '')
  }
}

function jsonFault(text: string, name: string, message: string): Error {
  const end = text.trimEnd().length
  if (end === 0) return fault(name, 'JSON', 'an empty file')
  const special = /[:[,]\s*(-?(?:NaN|Infinity))\s*[,\]}]/.exec(text)
  if (special !== null) {
    const got = `${special[1]} in line ${lineOf(text, special.index + special[0].indexOf(special[1]!))}`
    return fault(
      name,
      'JSON, which has finite numbers only',
      got,
      'Remove that record, or find out why it has no number.',
    )
  }
  // Engines word their messages differently; some tell a position, some the character.
  const told = /position (\d+)/.exec(message)?.[1]
  const position = told === undefined ? undefined : Number(told)
  if (/end of|unterminated/i.test(message) || (position !== undefined && position >= end)) {
    return fault(name, 'JSON', `text that ends too early, after ${end} characters`, 'The file may be cut off.')
  }
  const token = /token '?(.)/u.exec(message)?.[1]
  const what = token === undefined ? 'something else' : `an unexpected ${token}`
  return fault(name, 'JSON', position === undefined ? what : `${what} in line ${lineOf(text, position)}`)
}

function lineOf(text: string, position: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at >= 0 && at < position; at = text.indexOf('\n', at + 1)) line++
  return line
}
