/**
 * @file The little XML that label files need: elements, text, comments, CDATA and the five named characters. Document
 * types are refused whole, so that no entity can be declared: neither one that multiplies nor one that reads a file.
 */
import { DatasetError } from '../../tensor/index.js'

/** An element with its children; attributes are checked for form and forgotten. */
export interface XmlElement {
  readonly name: string
  /** The element's own text without its children's, trimmed. */
  readonly text: string
  readonly children: readonly XmlElement[]
}

/** Larger files are no annotation of one photo. */
const MAX_BYTES = 64 * 2 ** 20
const MAX_DEPTH = 100

const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

/**
 * The root element of an XML file.
 * @param where names the file in errors.
 * @throws DatasetError when the bytes are not well-formed XML, or hold a document type or an entity of their own.
 */
export function parseXml(bytes: Uint8Array, where: string): XmlElement {
  if (bytes.length > MAX_BYTES) {
    throw new DatasetError({ where, expected: `at most ${MAX_BYTES} bytes of XML`, got: `${bytes.length}` })
  }
  return new XmlReader(decodeXml(bytes, where), where).read()
}

/** The first child of a name. */
export function childOf(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((child) => child.name === name)
}

/** The text of the first child of a name; undefined when there is none, or only blanks. */
export function textOf(element: XmlElement | undefined, name: string): string | undefined {
  return childOf(element, name)?.text || undefined
}

function decodeXml(bytes: Uint8Array, where: string): string {
  const head = String.fromCharCode(...bytes.subarray(0, 200))
  const marked = head.startsWith('\xff\xfe') ? 'utf-16le' : head.startsWith('\xfe\xff') ? 'utf-16be' : undefined
  const declared = /^(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]+)["']/.exec(head)?.[1]
  const encoding = marked ?? declared ?? 'utf-8'
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch {
    throw new DatasetError({ where, expected: `text in ${encoding}`, got: 'other bytes', next: 'Save it as UTF-8.' })
  }
}

interface OpenElement {
  readonly name: string
  readonly children: XmlElement[]
  text: string
}

class XmlReader {
  readonly #text: string
  readonly #where: string
  readonly #open: OpenElement[] = []
  #at = 0
  #root: XmlElement | undefined

  constructor(text: string, where: string) {
    this.#text = text
    this.#where = where
  }

  read(): XmlElement {
    const text = this.#text
    while (this.#at < text.length) {
      const next = text.indexOf('<', this.#at)
      const end = next < 0 ? text.length : next
      this.#characters(text.slice(this.#at, end))
      this.#at = end
      if (next >= 0) this.#markup()
    }
    const unclosed = this.#open.at(-1)
    if (unclosed !== undefined) throw this.#fault(`</${unclosed.name}>`, 'the end of the file')
    if (this.#root === undefined) throw this.#fault('an element', text.trim() === '' ? 'an empty file' : 'none')
    return this.#root
  }

  #markup(): void {
    const text = this.#text
    if (text.startsWith('<!--', this.#at)) this.#skipTo('-->', 'the end of a comment')
    else if (text.startsWith('<![CDATA[', this.#at)) {
      const start = this.#at + 9
      this.#skipTo(']]>', 'the end of a CDATA section')
      this.#append(text.slice(start, this.#at - 3))
    } else if (text.startsWith('<?', this.#at)) this.#skipTo('?>', 'the end of an instruction')
    else if (text.startsWith('<!', this.#at)) {
      throw this.#fault('XML without a document type', `'${text.slice(this.#at, this.#at + 20).split(/\s/)[0]}'`)
    } else this.#tag()
  }

  #tag(): void {
    // Sticky, so that a long file costs no copies; attributes may hold > inside quotes.
    const tag =
      /<(\/?)([\p{L}_:][\p{L}\p{N}_:.-]*)((?:\s+[\p{L}_:][\p{L}\p{N}_:.-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/uy
    tag.lastIndex = this.#at
    const match = tag.exec(this.#text)
    if (match === null) throw this.#fault('a tag', `'${this.#text.slice(this.#at, this.#at + 20).split(/[\r\n]/)[0]}'`)
    const [whole, closing, name, , empty] = match as unknown as [string, string, string, string, string]
    if (closing === '/') {
      const last = this.#open.pop()
      if (last?.name !== name)
        throw this.#fault(last === undefined ? 'no closing tag' : `</${last.name}>`, `</${name}>`)
      this.#close(last)
    } else {
      if (this.#open.length >= MAX_DEPTH) throw this.#fault(`elements at most ${MAX_DEPTH} deep`, 'deeper ones')
      if (this.#open.length === 0 && this.#root !== undefined)
        throw this.#fault('one root element', `another, <${name}>`)
      const element: OpenElement = { name, children: [], text: '' }
      if (empty === '/') this.#close(element)
      else this.#open.push(element)
    }
    this.#at += whole.length
  }

  #close({ name, children, text }: OpenElement): void {
    const element: XmlElement = { name, children, text: text.trim() }
    const parent = this.#open.at(-1)
    if (parent === undefined) this.#root = element
    else parent.children.push(element)
  }

  #characters(raw: string): void {
    if (raw.trim() === '') return
    if (this.#open.length === 0)
      throw this.#fault(
        'XML',
        `'${
          raw
            .trim()
            .slice(0, 20)
            .split(/[\r\n]/)[0]
        }'`,
      )
    this.#append(
      raw.includes('&') ? raw.replace(/&([^;\s]{0,40};?)/g, (all, name: string) => this.#entity(all, name)) : raw,
    )
  }

  #append(text: string): void {
    const open = this.#open.at(-1)
    if (open !== undefined) open.text += text
  }

  #entity(all: string, name: string): string {
    const code = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}));$/.exec(name)
    const point = code === null ? Number.NaN : Number.parseInt(code[1] ?? code[2]!, code[1] === undefined ? 10 : 16)
    if (point > 0 && point <= 0x10ffff) return String.fromCodePoint(point)
    const key = name.slice(0, -1)
    if (name.endsWith(';') && Object.hasOwn(NAMED, key)) return NAMED[key]!
    throw this.#fault('no entities but &lt; &gt; &amp; &quot; &apos; and numbers', `'${all}'`)
  }

  #skipTo(mark: string, expected: string): void {
    const end = this.#text.indexOf(mark, this.#at + 2)
    if (end < 0) throw this.#fault(expected, 'the end of the file')
    this.#at = end + mark.length
  }

  #fault(expected: string, got: string): DatasetError {
    const line = this.#text.slice(0, this.#at).split('\n').length
    return new DatasetError({ where: this.#where, expected, got: `${got} at line ${line}` })
  }
}
