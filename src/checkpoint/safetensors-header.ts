/**
 * @file The JSON header of a safetensors file, by a scanner of exactly its grammar. JSON.parse would keep the last of
 * two equal keys without a word, take 2^53 + 1 for 2^53, and build objects without bound.
 * Format: huggingface/safetensors, README "Format" and `safetensors/src/tensor.rs` at 24b0b28.
 */
import { CheckpointError } from '../tensor/index.js'
import { quoteName } from './state-dict.js'

/** One tensor of the header; `begin` and `end` are byte offsets into the data section. */
export interface SafetensorsEntry {
  readonly name: string
  readonly dtype: string
  readonly shape: readonly number[]
  readonly begin: number
  readonly end: number
}

/** The header: tensors in the order written, and the string-to-string metadata. */
export interface SafetensorsHeader {
  readonly entries: readonly SafetensorsEntry[]
  readonly metadata: Map<string, string>
}

/** Own limits, far above every real file: they keep a hostile 100 MB header from becoming gigabytes of objects. */
const MAX_TENSORS = 500_000
const MAX_METADATA = 100_000
const MAX_RANK = 64

/**
 * Parses the header's text.
 * @throws CheckpointError when it is not one JSON object of tensors, a name occurs twice, a number is not a whole
 * number below 2^53, or a limit (500,000 tensors, 100,000 metadata entries, rank 64) is exceeded.
 */
export function scanSafetensorsHeader(text: string, where: string): SafetensorsHeader {
  return new HeaderScanner(text, where).header()
}

class HeaderScanner {
  readonly #text: string
  readonly #where: string
  #at = 0

  constructor(text: string, where: string) {
    this.#text = text
    this.#where = where
  }

  header(): SafetensorsHeader {
    const entries: SafetensorsEntry[] = []
    let metadata: Map<string, string> | undefined
    this.#object('tensor', MAX_TENSORS, (name) => {
      if (name === '__metadata__') metadata = this.#metadata()
      else entries.push(this.#entry(name))
    })
    // The header is padded with spaces to align the data; nothing else may follow.
    while (this.#text[this.#at] === ' ') this.#at++
    if (this.#at !== this.#text.length) this.#refuse('only spaces behind the closing brace')
    return { entries, metadata: metadata ?? new Map() }
  }

  #metadata(): Map<string, string> {
    const metadata = new Map<string, string>()
    this.#object('metadata key', MAX_METADATA, (key) => {
      metadata.set(key, this.#string('a string as metadata value'))
    })
    return metadata
  }

  #entry(name: string): SafetensorsEntry {
    let dtype: string | undefined
    let shape: number[] | undefined
    let offsets: number[] | undefined
    this.#object('field', 3, (field) => {
      if (field === 'dtype') dtype = this.#string('a string as dtype')
      else if (field === 'shape') shape = this.#integers(MAX_RANK)
      else if (field === 'data_offsets') offsets = this.#integers(2)
      else this.#refuse(`the fields dtype, shape and data_offsets in tensor ${quoteName(name)}`, field)
    })
    const [begin, end] = offsets ?? []
    if (dtype === undefined || shape === undefined || begin === undefined || end === undefined) {
      return this.#refuse(`dtype, shape and two data_offsets in tensor ${quoteName(name)}`, 'fewer')
    }
    return { name, dtype, shape, begin, end }
  }

  /** Reads `{"key": <value>, ...}`; `value` is called with the cursor at the value. */
  #object(noun: string, limit: number, value: (key: string) => void): void {
    this.#expect('{')
    const keys = new Set<string>()
    if (this.#accept('}')) return
    do {
      const key = this.#string(`a quoted ${noun}`)
      if (keys.has(key)) this.#refuse(`every ${noun} once`, `${quoteName(key)} twice`)
      if (keys.size === limit) this.#refuse(`at most ${limit} entries of kind ${noun}`, 'more')
      keys.add(key)
      this.#expect(':')
      value(key)
    } while (this.#accept(','))
    this.#expect('}')
  }

  #integers(limit: number): number[] {
    const values: number[] = []
    this.#expect('[')
    if (this.#accept(']')) return values
    do {
      if (values.length === limit) this.#refuse(`at most ${limit} numbers in a list`, 'more')
      values.push(this.#integer())
    } while (this.#accept(','))
    this.#expect(']')
    return values
  }

  #integer(): number {
    this.#skipSpace()
    const start = this.#at
    let value = 0
    let code = this.#text.charCodeAt(start)
    for (; code >= ZERO && code <= NINE && this.#at - start <= 16; code = this.#text.charCodeAt(this.#at)) {
      value = 10 * value + code - ZERO
      this.#at++
    }
    const digits = this.#at - start
    // No leading zero, fraction or exponent: 04, 1.0 and 1e3 are not offsets.
    const isWhole = digits === 1 || (digits > 1 && this.#text[start] !== '0')
    if (!isWhole || code === DOT || code === LOWER_E || code === UPPER_E) {
      this.#at = start
      this.#refuse('a whole number that is not negative')
    }
    if (digits > 16 || !Number.isSafeInteger(value)) {
      this.#refuse('a whole number below 2^53', this.#text.slice(start, start + 40).match(/^\d+/)?.[0])
    }
    return value
  }

  #string(expected: string): string {
    this.#skipSpace()
    if (this.#text[this.#at] !== '"') this.#refuse(expected)
    let end = this.#at + 1
    for (; ; end++) {
      const code = this.#text.charCodeAt(end)
      if (code === 0x22) break
      if (code === 0x5c) end++
      // NaN (past the end) fails this test too.
      else if (!(code >= 0x20)) this.#refuse('a closed string without control characters')
    }
    const token = this.#text.slice(this.#at, end + 1)
    const value = token.includes('\\') ? this.#unescape(token) : token.slice(1, -1)
    this.#at = end + 1
    return value
  }

  #unescape(token: string): string {
    let value: unknown
    try {
      value = JSON.parse(token)
    } catch {
      value = undefined
    }
    if (typeof value !== 'string' || /\p{Surrogate}/u.test(value))
      return this.#refuse('a valid string', token.slice(0, 80))
    return value
  }

  #expect(mark: string): void {
    if (!this.#accept(mark)) this.#refuse(`'${mark}'`)
  }

  #accept(mark: string): boolean {
    this.#skipSpace()
    if (this.#text[this.#at] !== mark) return false
    this.#at++
    return true
  }

  #skipSpace(): void {
    for (; ; this.#at++) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
    }
  }

  #refuse(expected: string, got?: string): never {
    const found = this.#text.slice(this.#at, this.#at + 40)
    throw new CheckpointError({
      where: this.#where,
      expected: `${expected} in the safetensors header`,
      got: got?.slice(0, 300) ?? (found === '' ? 'its end' : `${JSON.stringify(found)} at character ${this.#at}`),
    })
  }
}

const [ZERO, NINE, DOT, LOWER_E, UPPER_E] = [0x30, 0x39, 0x2e, 0x65, 0x45]
