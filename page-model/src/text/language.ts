/** @file What the generator knows of a language: sentence patterns, words for them, and the words that documents print. */
import type { Split } from '../classes.js'
import type { Script } from '../fonts.js'

/** Fixed words of documents, in the order in which `labels` lists them. */
const LABEL_NAMES = [
  'figure',
  'table',
  'chapter',
  'section',
  'page',
  'of',
  'abstract',
  'keywords',
  'contents',
  'references',
  'appendix',
  'introduction',
  'conclusion',
  'note',
  'warning',
  'example',
  'theorem',
  'proof',
  'definition',
  'date',
  'invoice',
  'total',
  'subtotal',
  'tax',
  'quantity',
  'price',
  'item',
  'description',
  'name',
  'address',
  'phone',
  'email',
  'signature',
  'dear',
  'regards',
  'subject',
  'source',
  'exercise',
  'summary',
  'article',
] as const

export type LabelName = (typeof LABEL_NAMES)[number]

/** A language of one split. Two splits never share words of content. */
export interface Language {
  readonly code: string
  readonly split: Split
  readonly script: Script
  readonly direction: 'ltr' | 'rtl'
  /** How often it is drawn. */
  readonly weight: number
  /** Between words: a space, or nothing. */
  readonly space: string
  readonly stop: string
  readonly comma: string
  /** Sentences without their full stop; `{x}` is a word of list `x`. */
  readonly patterns: readonly string[]
  /** Headings and names of things, likewise. */
  readonly phrases: readonly string[]
  readonly words: Readonly<Record<string, readonly string[]>>
  readonly labels: Readonly<Record<LabelName, string>>
  readonly given: readonly string[]
  readonly family: readonly string[]
  readonly places: readonly string[]
}

/** A language as it is written down: lists are texts, divided by spaces or by `|`. */
export interface LanguageText {
  readonly code: string
  readonly split: Split
  readonly script: Script
  readonly weight: number
  readonly patterns: string
  readonly phrases: string
  readonly words: Readonly<Record<string, string>>
  readonly labels: string
  readonly given: string
  readonly family: string
  readonly places: string
}

const list = (text: string, divider: RegExp | string): string[] =>
  text
    .split(divider)
    .map((part) => part.trim())
    .filter((part) => part !== '')

const STOPS: Readonly<Partial<Record<Script, string>>> = { chinese: '。', japanese: '。' }
const COMMAS: Readonly<Partial<Record<Script, string>>> = { chinese: '，', japanese: '、', arabic: '، ' }

export function language(text: LanguageText): Language {
  const dense = text.script === 'chinese' || text.script === 'japanese'
  const labels = list(text.labels, '|')
  return {
    code: text.code,
    split: text.split,
    script: text.script,
    weight: text.weight,
    direction: text.script === 'arabic' || text.script === 'hebrew' ? 'rtl' : 'ltr',
    space: dense ? '' : ' ',
    stop: STOPS[text.script] ?? '.',
    comma: COMMAS[text.script] ?? ', ',
    patterns: list(text.patterns, '|'),
    phrases: list(text.phrases, '|'),
    words: Object.fromEntries(
      Object.entries(text.words).map(([key, words]) => [key, list(words, words.includes('|') ? '|' : /\s+/)]),
    ),
    labels: Object.fromEntries(LABEL_NAMES.map((name, i) => [name, labels[i] ?? name])) as Record<LabelName, string>,
    given: list(text.given, ' '),
    family: list(text.family, ' '),
    places: list(text.places, '|'),
  }
}
