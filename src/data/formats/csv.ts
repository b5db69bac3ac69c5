/** @file Tables of comma-separated values, as RFC 4180 and spreadsheets write them. */
import { DatasetError } from '../../tensor/index.js'

/** One cell: its text, and whether it stood in quotes. */
export interface CsvCell {
  readonly text: string
  readonly quoted: boolean
}

/** One row and the line of the file that it starts on, from 1. */
export interface CsvRow {
  readonly line: number
  readonly cells: readonly CsvCell[]
}

const SEPARATORS = [',', ';', '\t'] as const

/**
 * The rows of a table; empty lines are left out. The separator is the one of comma, semicolon and tab that the first
 * line has most of.
 * @param where names the file in errors.
 * @throws DatasetError when the bytes are not UTF-8, or quotes are never closed.
 */
export function parseCsv(bytes: Uint8Array, where: string): CsvRow[] {
  const text = decodeText(bytes, where)
  const firstLine = /^[\r\n]*([^\r\n]*)/.exec(text)![1]!
  const counts = SEPARATORS.map((separator) => firstLine.split(separator).length)
  const separator = SEPARATORS[counts.indexOf(Math.max(...counts))]!
  const rows: CsvRow[] = []
  let [at, line] = [0, 1]
  while (at < text.length) {
    const start = line
    const cells: CsvCell[] = []
    for (;;) {
      const quoted = text[at] === '"'
      const end = quoted ? closingQuote(text, at, where, line) : nextBreak(text, at, separator)
      const raw = quoted ? text.slice(at + 1, end) : text.slice(at, end)
      for (let i = raw.indexOf('\n'); i >= 0; i = raw.indexOf('\n', i + 1)) line++
      cells.push({ text: quoted ? raw.replaceAll('""', '"') : raw.trim(), quoted })
      // Behind closing quotes only blanks may stand; whatever does is passed over.
      at = quoted ? nextBreak(text, end + 1, separator) : end
      if (text[at] !== separator) break
      at++
    }
    if (cells.length > 1 || cells[0]!.text !== '') rows.push({ line: start, cells })
    if (text[at] === '\r' && text[at + 1] === '\n') at++
    at++
    line++
  }
  return rows
}

/** Text of a file in UTF-8, without its byte order mark. @throws DatasetError when it is in another encoding. */
export function decodeText(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new DatasetError({ where, expected: 'text in UTF-8', got: 'other bytes', next: 'Save it as UTF-8.' })
  }
}

function closingQuote(text: string, start: number, where: string, line: number): number {
  for (let at = start + 1; ; at += 2) {
    at = text.indexOf('"', at)
    if (at < 0) throw new DatasetError({ where, expected: 'closing quotes', got: `none for those of line ${line}` })
    if (text[at + 1] !== '"') return at
  }
}

function nextBreak(text: string, start: number, separator: string): number {
  let at = start
  while (at < text.length && text[at] !== separator && text[at] !== '\n' && text[at] !== '\r') at++
  return at
}

/** A cell as a CSV file needs it. */
export function csvCell(text: string): string {
  return /[",;\t\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
