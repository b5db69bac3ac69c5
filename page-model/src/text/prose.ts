/** @file Sentences, headings, names, numbers and dates of one language. */
import { escapeHtml } from '../markup.js'
import type { Random } from '../random.js'
import type { LabelName, Language } from './language.js'

/** How many marks a paragraph carries besides its words. */
export interface Decoration {
  /** Chance per sentence of a citation such as [12] or (Moore, 2004). */
  readonly citations: number
  /** Chance per sentence of an emphasised word, a link or an inline formula. */
  readonly emphasis: number
  readonly links: number
  readonly formulas: number
  /** Makes an inline formula, as HTML. */
  readonly formula?: () => string
}

const PLAIN: Decoration = { citations: 0, emphasis: 0, links: 0, formulas: 0 }

const MONTHS = 'January February March April May June July August September October November December'.split(' ')
const CURRENCIES = ['$', '€', '£', 'CHF ', 'EUR ', '¥', 'USD ']

export class Prose {
  readonly language: Language
  private readonly random: Random
  private readonly currency: string
  private readonly numericDates: boolean
  private readonly easternDigits: boolean
  private readonly decimal: string

  constructor(random: Random, language: Language) {
    this.random = random
    this.language = language
    this.currency = random.pick(CURRENCIES)
    this.numericDates = !language.code.startsWith('en') || random.chance(0.4)
    this.easternDigits = language.script === 'arabic' && random.chance(0.4)
    this.decimal = language.script === 'latin' && !language.code.startsWith('en') ? ',' : '.'
  }

  label(name: LabelName): string {
    return this.language.labels[name]
  }

  /** Digits as the language's page prints them. */
  digits(text: string | number): string {
    if (!this.easternDigits) return String(text)
    return String(text).replaceAll(/\d/g, (digit) => String.fromCharCode(0x660 + Number(digit)))
  }

  private fill(pattern: string): string {
    const text = pattern.replaceAll(/\{(\w+)\}/g, (_, key: string) => this.random.pick(this.language.words[key]!))
    return this.language.code.startsWith('en') ? text.replaceAll(/\b([aA]) (?=[aeiou])/g, '$1n ') : text
  }

  private capital(text: string): string {
    return text.charAt(0).toUpperCase() + text.slice(1)
  }

  /** A sentence without its stop. */
  clause(): string {
    return this.capital(this.fill(this.random.pick(this.language.patterns)))
  }

  sentence(): string {
    const { random, language } = this
    let text = this.clause()
    if (random.chance(0.12)) text += `${language.space || ''}(${this.digits(this.amount())})`
    if (random.chance(0.15)) text += `${language.comma}${lowerFirst(this.clause(), language.code)}`
    return text + language.stop
  }

  /** Sentences as HTML. */
  paragraph(sentences: number, decoration: Decoration = PLAIN): string {
    const parts: string[] = []
    for (let i = 0; i < sentences; i++) parts.push(this.decorated(this.sentence(), decoration))
    return parts.join(this.language.space)
  }

  private decorated(sentence: string, { citations, emphasis, links, formulas, formula }: Decoration): string {
    const { random, language } = this
    const words = language.space === '' ? [sentence] : sentence.split(' ')
    const html = words.map(escapeHtml)
    if (html.length > 4) {
      const at = random.int(1, html.length - 3)
      if (random.chance(emphasis)) {
        const tag = random.pick(['em', 'strong', 'i', 'b', 'code'])
        html[at] = `<${tag}>${html[at]}</${tag}>`
      } else if (random.chance(links)) html[at] = `<a>${html[at]} ${html[at + 1]}</a>`
      if (formula !== undefined && random.chance(formulas)) html[html.length - 2] += ` ${formula()}`
    }
    if (random.chance(citations)) html[html.length - 1] = withMark(html.at(-1)!, this.citation())
    return html.join(language.space)
  }

  citation(): string {
    const { random } = this
    if (random.chance(0.6)) {
      const numbers = Array.from({ length: random.weighted({ one: 6, two: 2 }) === 'one' ? 1 : 2 }, () =>
        random.int(1, 60),
      )
      return this.digits(`[${numbers.join(', ')}]`)
    }
    return `(${this.surname()}, ${this.digits(this.year())})`
  }

  /** A heading or the name of a thing, without a stop. */
  phrase(): string {
    return this.capital(this.fill(this.random.pick(this.language.phrases)))
  }

  /** A few words, for cells and labels. */
  words(count: number): string {
    const { words, space } = this.language
    const keys = ['n', 's', 'm', 'f', 'a', 'o', 'n2'].filter((key) => words[key] !== undefined)
    const out = Array.from({ length: count }, () => this.random.pick(words[this.random.pick(keys)]!))
    return this.capital(out.join(space))
  }

  surname(): string {
    return this.random.pick(this.language.family)
  }

  person(): string {
    const { random, language } = this
    const given = random.pick(language.given)
    const dense = language.space === '' || language.script === 'korean'
    if (dense) return this.surname() + given
    if (language.script === 'latin' && random.chance(0.3)) return `${given.charAt(0)}. ${this.surname()}`
    return `${given} ${this.surname()}`
  }

  place(): string {
    return this.random.pick(this.language.places)
  }

  organisation(): string {
    const { random } = this
    const mark = random.pick(['AG', 'Ltd', '& Co.', 'Group', 'Institute', 'GmbH', 'University', 'Press', 'Foundation'])
    if (this.language.script === 'latin') return `${random.pick([this.surname(), this.place()])} ${mark}`
    return `${this.place()} ${this.words(1)}`
  }

  year(): number {
    return this.random.int(1968, 2025)
  }

  date(): string {
    const { random } = this
    const [day, month, year] = [random.int(1, 28), random.int(1, 12), this.year()]
    const two = (value: number): string => String(value).padStart(2, '0')
    const dense = this.language.script === 'chinese' || this.language.script === 'japanese'
    if (dense) return `${year}年${month}月${day}日`
    if (this.numericDates) return this.digits([two(day), two(month), year].join(random.pick(['.', '/', '-'])))
    const name = MONTHS[month - 1]!
    return random.chance(0.5) ? `${name} ${day}, ${year}` : `${day} ${name} ${year}`
  }

  /** A number in any of the forms that tables hold. */
  amount(): string {
    const { random } = this
    switch (random.weighted({ whole: 3, decimal: 4, percent: 2, large: 2, range: 1 })) {
      case 'whole':
        return String(random.int(1, 999))
      case 'percent':
        return `${random.float(0, 100).toFixed(random.int(0, 1))}%`.replace('.', this.decimal)
      case 'large':
        return `${random.int(1, 99)}${this.decimal === ',' ? '.' : ','}${String(random.int(0, 999)).padStart(3, '0')}`
      case 'range':
        return `${random.int(1, 40)}–${random.int(41, 99)}`
      default:
        return random.float(0, 100).toFixed(random.int(1, 3)).replace('.', this.decimal)
    }
  }

  money(high = 5000): string {
    const text = this.random.float(1, high).toFixed(2).replace('.', this.decimal)
    return this.decimal === ',' ? `${text} ${this.currency.trim()}` : `${this.currency}${text}`
  }

  phone(): string {
    const { random } = this
    return `+${random.int(20, 99)} ${random.int(100, 999)} ${random.int(100, 999)} ${random.int(1000, 9999)}`
  }

  address(): string[] {
    const { random } = this
    const street = this.language.script === 'latin' ? `${this.surname()} Street` : this.words(1)
    return [`${street} ${random.int(1, 240)}`, `${random.int(10000, 99999)} ${this.place()}`]
  }

  host(): string {
    return `${this.random.pick(['www', 'docs', 'shop', 'news', 'data', 'mail'])}.${this.random.pick([
      'example.org',
      'example.com',
      'example.net',
    ])}`
  }

  email(): string {
    return `${this.random.pick(['info', 'office', 'contact', 'press', 'team'])}@${this.host().replace(/^\w+\./, '')}`
  }

  /** `AB-2041`, the number of an order, a form or a part. */
  code(): string {
    const { random } = this
    const letters = Array.from({ length: random.int(1, 3) }, () => String.fromCharCode(65 + random.int(0, 25))).join('')
    return `${letters}${random.pick(['-', ' ', '/', ''])}${random.int(100, 99999)}`
  }
}

function lowerFirst(text: string, code: string): string {
  return code === 'de' ? text : text.charAt(0).toLowerCase() + text.slice(1)
}

/** A mark before the sentence's stop. */
function withMark(last: string, mark: string): string {
  const stop = last.match(/[.。]$/)?.[0] ?? ''
  return `${last.slice(0, last.length - stop.length)} ${mark}${stop}`
}
