/**
 * @file JSON files of labels: strict, but with the `NaN` and `Infinity` that Python writes, of any length that fits into
 * memory (JavaScript's own parser takes half a gigabyte of text), and with the place of a fault in its sentence.
 */
import { FileError } from '../../tensor/index.js'

/** Longer files are parsed from their bytes: no string can hold much more. */
const LONGEST_STRING = 2 ** 28
/** Deeper nesting is no data set. */
const MAX_DEPTH = 500

/**
 * The value that a JSON file holds.
 * @param where names the file in errors.
 * @throws FileError when the bytes are not JSON: the line and column of the fault, or what the file is instead.
 */
export function parseJson(bytes: Uint8Array, where: string): unknown {
  const content = withoutMark(bytes, where)
  if (content.length <= LONGEST_STRING) {
    try {
      return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content))
    } catch {
      // Read again below, where NaN is a number and a fault has a place.
    }
  }
  return new ByteParser(content, where).parse()
}

function withoutMark(bytes: Uint8Array, where: string): Uint8Array {
  const [a, b, c] = bytes
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) {
    throw new FileError({ where, expected: 'JSON in UTF-8', got: 'UTF-16 text', next: 'Save it as UTF-8.' })
  }
  if (a === 0x1f && b === 0x8b) throw new FileError({ where, expected: 'JSON', got: 'a gzip archive' })
  if (a === 0x50 && b === 0x4b) throw new FileError({ where, expected: 'JSON', got: 'a ZIP archive' })
  return a === 0xef && b === 0xbb && c === 0xbf ? bytes.subarray(3) : bytes
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

const WORDS: readonly (readonly [string, unknown])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]

class ByteParser {
  readonly #bytes: Uint8Array
  readonly #where: string
  readonly #decoder = new TextDecoder('utf-8', { fatal: true })
  #at = 0

  constructor(bytes: Uint8Array, where: string) {
    this.#bytes = bytes
    this.#where = where
  }

  parse(): unknown {
    const value = this.#value(0)
    this.#skipBlanks()
    if (this.#at < this.#bytes.length) throw this.#fault('nothing behind the end of the JSON text')
    return value
  }

  #value(depth: number): unknown {
    this.#skipBlanks()
    const byte = this.#bytes[this.#at]
    if (byte === QUOTE) return this.#string()
    if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
      if (depth >= MAX_DEPTH) throw this.#fault(`JSON nested at most ${MAX_DEPTH} deep`)
      return byte === OPEN_LIST ? this.#list(depth) : this.#object(depth)
    }
    return this.#wordOrNumber()
  }

  #list(depth: number): unknown[] {
    const list: unknown[] = []
    this.#at++
    if (this.#take(CLOSE_LIST)) return list
    for (;;) {
      list.push(this.#value(depth + 1))
      if (this.#take(CLOSE_LIST)) return list
      if (!this.#take(COMMA)) throw this.#fault('a comma or ]')
    }
  }

  #object(depth: number): object {
    const entries: [string, unknown][] = []
    this.#at++
    if (this.#take(CLOSE_OBJECT)) return {}
    for (;;) {
      this.#skipBlanks()
      if (this.#bytes[this.#at] !== QUOTE) throw this.#fault('a name in double quotes')
      const name = this.#string()
      if (!this.#take(COLON)) throw this.#fault('a colon')
      entries.push([name, this.#value(depth + 1)])
      // Not by assignment: that would give '__proto__' an effect.
      if (this.#take(CLOSE_OBJECT)) return Object.fromEntries(entries)
      if (!this.#take(COMMA)) throw this.#fault('a comma or }')
    }
  }

  #string(): string {
    const start = this.#at
    const bytes = this.#bytes
    let escaped = false
    for (this.#at++; bytes[this.#at] !== QUOTE; this.#at++) {
      const byte = bytes[this.#at]
      if (byte === undefined) throw this.#fault('the closing quotes of a text')
      if (byte < 0x20) throw this.#fault('a text without line breaks')
      if (byte !== BACKSLASH) continue
      escaped = true
      this.#at++
    }
    this.#at++
    try {
      const text = this.#decoder.decode(bytes.subarray(start, this.#at))
      return escaped ? (JSON.parse(text) as string) : text.slice(1, -1)
    } catch {
      this.#at = start
      throw this.#fault('a text in UTF-8 with the escapes of JSON')
    }
  }

  #wordOrNumber(): unknown {
    const start = this.#at
    while (isWordByte(this.#bytes[this.#at])) this.#at++
    const text = String.fromCharCode(...this.#bytes.subarray(start, Math.min(this.#at, start + 400)))
    const word = WORDS.find(([name]) => name === text)
    if (word !== undefined) return word[1]
    if (/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text)) return Number(text)
    this.#at = start
    throw this.#fault('a value')
  }

  #take(byte: number): boolean {
    this.#skipBlanks()
    if (this.#bytes[this.#at] !== byte) return false
    this.#at++
    return true
  }

  #skipBlanks(): void {
    const bytes = this.#bytes
    let byte = bytes[this.#at]
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = bytes[++this.#at]
  }

  #fault(expected: string): FileError {
    const [bytes, at] = [this.#bytes, this.#at]
    let line = 1
    let lineStart = 0
    for (let i = 0; i < Math.min(at, bytes.length); i++) {
      if (bytes[i] !== 0x0a) continue
      line++
      lineStart = i + 1
    }
    const place = `at line ${line}, column ${at - lineStart + 1}`
    const rest = new TextDecoder().decode(bytes.subarray(at, at + 12)).split(/[\r\n]/)[0]
    const got =
      bytes.length === 0 ? 'an empty file' : at >= bytes.length ? `the end of the file ${place}` : `'${rest}' ${place}`
    return new FileError({ where: this.#where, expected: `JSON: ${expected}`, got })
  }
}

/** Letters, digits, plus, minus, point. */
function isWordByte(byte: number | undefined): boolean {
  if (byte === undefined) return false
  const letter = byte | 0x20
  return (
    (letter >= 0x61 && letter <= 0x7a) ||
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x2b ||
    byte === 0x2d ||
    byte === 0x2e
  )
}
