/** @file The parts that documents are made of: paragraphs, headings, lists, notes, formulas, listings. */
import { box, escapeHtml, region } from '../markup.js'
import { codeLines } from '../text/code.js'
import { displayFormula, formulaHtml } from '../text/formula.js'
import type { Material } from './page.js'

const ROMAN = ['I', 'II', 'III', 'IV', 'V', 'VI', 'VII', 'VIII', 'IX', 'X', 'XI', 'XII', 'XIII', 'XIV', 'XV']

export function paragraph(m: Material, sentences: number = m.random.int(2, 6), as = 'p'): string {
  return region('Text', m.prose.paragraph(sentences, m.decoration), { tag: 'p', as })
}

/** A paragraph whose first letter is three lines high; only where a script's letters stand alone. */
export function dropped(m: Material): string {
  if (m.language.script === 'arabic') return paragraph(m)
  const text = m.prose.paragraph(m.random.int(4, 7))
  const style = `float:inline-start;font-size:${m.random.float(2.6, 3.6).toFixed(2)}em;line-height:0.85;padding-inline-end:0.08em`
  return region('Text', `<span style="${style}">${text.charAt(0)}</span>${text.slice(1)}`, {
    tag: 'p',
    as: 'p',
    style: 'text-indent:0',
  })
}

/** A paragraph that starts with a bold name in the same line. */
export function runIn(m: Material): string {
  const name = `<b>${escapeHtml(m.prose.phrase())}.</b> `
  return region('Text', name + m.prose.paragraph(m.random.int(2, 4), m.decoration), { tag: 'p', as: 'p' })
}

/** @param level 1 to 3. */
export function heading(m: Material, level: number, name: string = m.prose.phrase()): string {
  const number = headingNumber(m, level)
  const gap = number === '' ? '' : m.random.pick(['&nbsp; ', '&emsp;', ' '])
  return region('Section-header', `${number}${gap}${escapeHtml(name)}`, { tag: `h${level}`, as: `h h${level} dressed` })
}

function headingNumber(m: Material, level: number): string {
  const { heading: numbers } = m.counters
  if (m.theme.numbering === 'none') return ''
  numbers[level - 1]!++
  numbers.fill(1, level)
  const first = numbers[0]!
  const rest = numbers.slice(1, level)
  const head =
    m.theme.numbering === 'roman'
      ? ROMAN[(first - 1) % ROMAN.length]!
      : m.theme.numbering === 'letter'
        ? String.fromCharCode(64 + (((first - 1) % 26) + 1))
        : m.prose.digits(first)
  return [head, ...rest.map((n) => m.prose.digits(n))].join('.') + (m.theme.numbering === 'arabic' ? '' : '.')
}

/** An unnumbered heading with a fixed word. */
export function plainHeading(name: string, level = 2): string {
  return region('Section-header', escapeHtml(name), { tag: `h${level}`, as: `h h${level}` })
}

export interface ListOptions {
  readonly items?: number
  readonly numbered?: boolean
  readonly sentences?: readonly [low: number, high: number]
  readonly nested?: boolean
}

export function list(m: Material, options: ListOptions = {}): string {
  const { random, theme, prose } = m
  const { numbered = random.chance(0.4), items = random.int(2, 5), sentences = [1, 2] } = options
  const short = random.chance(0.3)
  const nested = options.nested ?? random.chance(0.1)
  const out: string[] = []
  for (let i = 0; i < items; i++) {
    const content = short ? escapeHtml(prose.phrase()) : prose.paragraph(random.int(...sentences), m.decoration)
    out.push(item(numbered ? number(m, i + 1) : theme.bullet, content))
    for (let k = nested && i % 2 === 0 ? random.int(1, 3) : 0; k > 0; k--) {
      out.push(item(random.pick(['–', '◦', '•']), escapeHtml(prose.phrase()), 'item deep'))
    }
  }
  return box(out.join(''), 'list')
}

/** Items without numbers, none below another. */
export function bulleted(m: Material, items: number): string {
  return list(m, { items, numbered: false, nested: false })
}

function number(m: Material, n: number): string {
  const letter = String.fromCharCode(96 + n)
  switch (m.theme.listNumber) {
    case '(a)':
      return `(${letter})`
    case 'a.':
      return `${letter}.`
    case '(i)':
      return `(${ROMAN[n - 1]!.toLowerCase()})`
    case '[1]':
      return m.prose.digits(`[${n}]`)
    case '1)':
      return m.prose.digits(`${n})`)
    default:
      return m.prose.digits(`${n}.`)
  }
}

export function item(mark: string, content: string, as = 'item'): string {
  return region('List-item', `<span class="mark">${escapeHtml(mark)}</span>${content}`, { as })
}

/** Names with explanations, as manuals list options. */
export function definitions(m: Material, count: number = m.random.int(2, 5)): string {
  const { random, prose } = m
  const inline = random.chance(0.35)
  const out: string[] = []
  for (let i = 0; i < count; i++) {
    const code = random.chance(0.5)
    const [short, long] = [
      codeLines(random, m.split, 12)
        .join(' ')
        .match(/[a-z]{4,}/g) ?? ['x'],
      prose.phrase(),
    ]
    const name = code ? `<code>--${random.pick(short)}</code>` : `<b>${escapeHtml(long)}</b>`
    const text = prose.paragraph(random.int(1, 3), m.decoration)
    const content = inline ? `${name} &nbsp;${text}` : `${name}<div style="margin-inline-start:2em">${text}</div>`
    out.push(region('List-item', content, { style: 'margin-block-end:0.45em' }))
  }
  return box(out.join(''), 'list', 'padding:0')
}

/** Entries of a bibliography. */
export function references(m: Material, count: number = m.random.int(4, 10)): string {
  const { prose, random } = m
  const style = random.pick(['[1]', '1.', 'name'])
  const out = Array.from({ length: count }, () => {
    const people = Array.from({ length: random.int(1, 4) }, () => prose.person()).join(', ')
    const where = `<i>${escapeHtml(prose.phrase())}</i>, ${prose.digits(`${random.int(1, 80)}(${random.int(1, 12)}):${random.int(1, 900)}–${random.int(901, 1999)}`)}`
    const entry = `${escapeHtml(people)}${random.chance(0.5) ? ` (${prose.digits(prose.year())})` : ''}. ${escapeHtml(prose.phrase())}. ${where}, ${prose.digits(prose.year())}.`
    const n = m.counters.reference++
    if (style !== 'name') return item(prose.digits(style === '[1]' ? `[${n}]` : `${n}.`), entry, 'item wide')
    return region('List-item', entry, { style: 'padding-inline-start:1.5em;text-indent:-1.5em;margin-block-end:0.3em' })
  })
  return box(out.join(''), 'list', `padding:0;font-size:${random.float(0.82, 1).toFixed(2)}em`)
}

export function formula(m: Material): string {
  const { theme, random } = m
  const tex = displayFormula(random)
  const numbered = theme.formulaNumber !== 'none' && random.chance(0.75)
  const value = random.chance(0.2) ? `${m.counters.heading[0]}.${m.counters.formula++}` : String(m.counters.formula++)
  const no = numbered ? `<span class="no">(${value})</span>` : ''
  return region('Formula', formulaHtml(tex, true) + no, { as: `formula ${theme.formulaAlign}` })
}

/** A sentence that a formula continues, the formula, and what follows. */
export function formulaPassage(m: Material): string {
  const { random, prose } = m
  const lead = region('Text', prose.paragraph(random.int(1, 3), m.decoration).replace(/[.。]$/, ':'), {
    tag: 'p',
    as: 'p',
  })
  const first = formula(m)
  const more = random.chance(0.45) ? formula(m) : ''
  const after = region('Text', prose.paragraph(random.int(1, 3), m.decoration), {
    tag: 'p',
    as: 'p',
    style: 'text-indent:0',
  })
  return lead + first + more + (random.chance(0.7) ? after : '')
}

/** @param width about how many characters fit a line. */
export function code(m: Material, width: number, lines: number = m.random.int(3, 14)): string {
  const { random } = m
  const numbered = random.chance(0.15)
  const rows = codeLines(random, m.split, lines).map((line, i) => {
    const cut = line.slice(0, Math.max(20, width))
    return escapeHtml(numbered ? `${String(i + 1).padStart(2)}  ${cut}` : cut)
  })
  return box(region('Text', rows.join('\n')), 'code')
}

/** An entry of a reference made from source code: name, declaration, sentences, and maybe a table of parameters. */
/** @param width about how many characters fit a line. */
export function declaration(m: Material, width: number): string {
  const { random, prose } = m
  const word = (): string => prose.code().replaceAll(/[^\p{L}\p{N}]+/gu, '_')
  const [type, name, space] = [word(), word(), word()]
  const parts = Array.from({ length: random.int(0, 4) }, () => `${word()} ${random.pick(['', '& ', '* '])}${word()}`)
  const line = `${type} ${space}::${name} ( ${parts.join(', ')} )`
  const split = line.length > width || (parts.length > 1 && random.chance(0.7))
  const inside = split ? `\n${parts.map((part) => `        ${part}`).join(',\n')} ` : ` ${parts.join(', ')} `
  const own = heading(m, 3, `${name}()`)
  const shown = box(region('Text', escapeHtml(`${type} ${space}::${name} (${inside})`)), 'code')
  const lines = Array.from({ length: random.int(1, 4) }, () =>
    region('Text', random.chance(0.5) ? escapeHtml(prose.phrase()) : prose.paragraph(1, m.decoration), {
      tag: 'p',
      style: 'margin:0.7em 0;text-indent:0',
    }),
  ).join('')
  if (parts.length === 0 || random.chance(0.5)) return own + shown + lines
  const label = region('Section-header', escapeHtml(prose.words(1)), { style: 'font-weight:bold;font-size:0.9em' })
  const rows = parts.map(
    (part) => `<tr><td><i>${escapeHtml(part.split(' ').at(-1)!)}</i></td><td>${escapeHtml(prose.phrase())}</td></tr>`,
  )
  const table = region('Table', rows.join(''), { tag: 'table', as: 'tab', style: 'margin-inline:0' })
  return own + shown + lines + box(label + table, 'fig', 'text-align:start')
}

export function quote(m: Material): string {
  return box(region('Text', m.prose.paragraph(m.random.int(1, 4)), { tag: 'p', as: 'p' }), 'quote')
}

/** Theorem, proof, definition: the name runs into the paragraph. */
export function theorem(m: Material): string {
  const { prose, random } = m
  const name = prose.label(random.pick(['theorem', 'proof', 'definition', 'example']))
  const lead = `<b>${escapeHtml(name)} ${prose.digits(`${m.counters.heading[0]}.${m.counters.figure++}`)}.</b> `
  const body = prose.paragraph(random.int(1, 3), m.decoration)
  const style = random.chance(0.5)
    ? 'font-style:italic;text-indent:0;margin-block:0.6em'
    : 'text-indent:0;margin-block:0.6em'
  return region('Text', lead + body, { tag: 'p', as: 'p', style }) + (random.chance(0.6) ? formula(m) : '')
}

/** A framed or coloured note, with or without a heading of its own. */
export function callout(m: Material): string {
  const { prose, random, theme } = m
  const word = prose.label(random.pick(['note', 'warning', 'example', 'summary']))
  const dress = random.pick([
    'border:1px solid currentColor',
    `background:${random.pick(['#eef3f8', '#f5f0e6', '#f2f2f2', '#eef6ee'])};color:#111`,
    `border-inline-start:4px solid ${theme.accent}`,
    `border-block:1px solid ${theme.accent}`,
  ])
  const own = random.chance(0.5)
  const head = own
    ? region('Section-header', escapeHtml(word), { style: 'font-weight:bold;margin-block-end:0.3em' })
    : ''
  const lead = own ? '' : `<b>${escapeHtml(word)}:</b> `
  const text = region('Text', lead + prose.paragraph(random.int(1, 3)), {
    tag: 'p',
    as: 'p',
    style: 'text-indent:0;margin:0',
  })
  const more = random.chance(0.25) ? list(m, { items: random.int(2, 4), nested: false }) : ''
  return box(head + text + more, 'callout', `${dress};padding:0.6em 0.9em;margin:0.8em 0;break-inside:avoid`)
}

/** A note at the foot, with its mark. */
export function footnote(m: Material): string {
  const { random, prose } = m
  const n = m.counters.note++
  const mark = random.chance(0.9) ? `<sup>${prose.digits(n)}</sup>` : '<sup>*</sup>'
  const text = prose.paragraph(random.weighted({ one: 5, two: 2 }) === 'one' ? 1 : 2)
  return region('Footnote', `${mark}${random.chance(0.5) ? ' ' : ''}${text}`, { as: 'note' })
}

/** Notes below a column: a rule where the theme has one, then each note. */
export function footnotes(m: Material, count: number): string {
  if (count === 0) return ''
  const notes = Array.from({ length: count }, () => footnote(m)).join('')
  return box(notes, `notes ${m.theme.noteRule ? 'ruled' : ''}`)
}
