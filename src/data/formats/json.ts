/**
 * @file JSON files of labels: strict, but with the `NaN` and `Infinity` that Python writes, of any length that fits into
 * memory (JavaScript's own parser takes half a gigabyte of text), and with the place of a fault in its sentence.
 */
import { DatasetError } from '../../tensor/index.js'

/** Longer texts are parsed from their bytes: V8's strings end there. */
const LONGEST_STRING = 2 ** 29 - 24
/** Deeper nesting is no data set. */
const MAX_DEPTH = 500

/**
 * The value that a JSON file holds.
 * @param where names the file in errors.
 * @throws DatasetError when the bytes are not JSON: the line and column of the fault, or what the file is instead.
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
    throw new DatasetError({ where, expected: 'JSON in UTF-8', got: 'UTF-16 text', next: 'Save it as UTF-8.' })
  }
  if (a === 0x1f && b === 0x8b) throw new DatasetError({ where, expected: 'JSON', got: 'a gzip archive' })
  if (a === 0x50 && b === 0x4b) throw new DatasetError({ where, expected: 'JSON', got: 'a ZIP archive' })
  return a === 0xef && b === 0xbb && c === 0xbf ? bytes.subarray(3) : bytes
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const MINUS = 0x2d
const POINT = 0x2e
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

/** Powers of ten that are exact: a whole number below 2^53 by one of them is rounded once, as it must be. */
const POWERS_OF_TEN: readonly number[] = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`))
/** Names repeat a million times, and there are few: they are decoded once. */
const NAME_SLOTS = 1024

class ByteParser {
  readonly #bytes: Uint8Array
  readonly #where: string
  readonly #decoder = new TextDecoder('utf-8', { fatal: true })
  readonly #names: ({ readonly start: number; readonly end: number; readonly name: string } | undefined)[] = new Array(
    NAME_SLOTS,
  )
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
    const object: Record<string, unknown> = {}
    this.#at++
    if (this.#take(CLOSE_OBJECT)) return object
    for (;;) {
      this.#skipBlanks()
      if (this.#bytes[this.#at] !== QUOTE) throw this.#fault('a name in double quotes')
      const name = this.#name()
      if (!this.#take(COLON)) throw this.#fault('a colon')
      const value = this.#value(depth + 1)
      if (name !== '__proto__') object[name] = value
      else Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
      if (this.#take(CLOSE_OBJECT)) return object
      if (!this.#take(COMMA)) throw this.#fault('a comma or }')
    }
  }

  #name(): string {
    const bytes = this.#bytes
    const start = this.#at
    let hash = 0
    let end = start + 1
    for (; bytes[end] !== QUOTE && end < bytes.length; end++) hash = (Math.imul(hash, 31) + bytes[end]!) | 0
    const slot = hash & (NAME_SLOTS - 1)
    const known = this.#names[slot]
    if (known !== undefined && this.#equals(known.start, known.end, start, end)) {
      this.#at = end + 1
      return known.name
    }
    const name = this.#string()
    // One with an escaped quote in it ended elsewhere.
    if (this.#at === end + 1) this.#names[slot] = { start, end, name }
    return name
  }

  #equals(start: number, end: number, other: number, otherEnd: number): boolean {
    if (end - start !== otherEnd - other) return false
    const bytes = this.#bytes
    for (let i = start, j = other; i < end; i++, j++) if (bytes[i] !== bytes[j]) return false
    return true
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

  /** Plain decimals, which are most of a file; undefined for all else, with nothing taken. */
  #plainNumber(): number | undefined {
    const bytes = this.#bytes
    const negative = bytes[this.#at] === MINUS
    const start = negative ? this.#at + 1 : this.#at
    let [at, value, point] = [start, 0, -1]
    for (; ; at++) {
      const byte = bytes[at]!
      if (byte >= 0x30 && byte <= 0x39) value = value * 10 + (byte - 0x30)
      else if (byte === POINT && point < 0 && at > start) point = at
      else break
    }
    const digits = at - start - (point < 0 ? 0 : 1)
    const zero = bytes[start] === 0x30 && digits > 1 && point !== start + 1
    if (digits === 0 || digits > 15 || zero || point === at - 1 || isWordByte(bytes[at])) return undefined
    this.#at = at
    const size = point < 0 ? value : value / POWERS_OF_TEN[at - point - 1]!
    return negative ? -size : size
  }

  #wordOrNumber(): unknown {
    const plain = this.#plainNumber()
    if (plain !== undefined) return plain
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

  #fault(expected: string): DatasetError {
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
    return new DatasetError({ where: this.#where, expected: `JSON: ${expected}`, got })
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
