/** @file Tables and pictures with their captions. */
import {
  barCode,
  chart,
  type Drawing,
  diagram,
  logo,
  screenshot,
  seal,
  signature,
  squareCode,
} from '../figures/index.js'
import { box, escapeHtml, region } from '../markup.js'
import type { Material } from './page.js'

export function caption(m: Material, kind: 'figure' | 'table'): string {
  const { prose, theme, random } = m
  const n = m.counters[kind]++
  const number = prose.digits(random.chance(0.25) ? `${m.counters.heading[0]}.${n}` : n)
  const dense = prose.language.space === ''
  const short = kind === 'figure' && prose.language.script === 'latin' && theme.captionLabel === 'plain'
  const word = short ? prose.label(kind).replace('Figure', 'Fig.') : prose.label(kind)
  const label = `<span class="label">${escapeHtml(word)}${dense ? '' : ' '}${number}${theme.captionSign}</span> `
  const text = random.chance(0.55) ? escapeHtml(prose.phrase()) : prose.paragraph(random.int(1, 3))
  return region('Caption', label + text, { as: 'cap' })
}

export interface TableOptions {
  readonly rows?: number
  readonly columns?: number
  /** The whole width of its column. */
  readonly full?: boolean
}

/** Rows and columns without a caption. */
export function table(m: Material, options: TableOptions = {}): string {
  const { random, prose } = m
  const { columns = random.int(2, 5), rows = random.int(3, 10), full = random.chance(0.5) } = options
  const kinds = Array.from({ length: columns }, (_, i) =>
    i === 0 || random.chance(0.22) ? 'words' : random.pick(['number', 'number', 'money', 'mark']),
  )
  const wordy = columns <= 3 && random.chance(0.35) ? kinds.lastIndexOf('words') : -1
  const head = kinds.map(
    (kind, i) =>
      `<th${kind === 'words' ? '' : ' class="num"'}>${escapeHtml(prose.words(i === 0 || columns > 4 ? 1 : random.int(1, 2)))}</th>`,
  )
  const group =
    columns >= 4 && random.chance(0.15)
      ? `<tr class="head"><th></th><th colspan="${columns - 1}" style="text-align:center">${escapeHtml(prose.words(2))}</th></tr>`
      : ''
  const cell = (kind: string, i: number): string => {
    if (kind === 'words')
      return `<td>${i === wordy && i > 0 ? prose.paragraph(1) : escapeHtml(prose.words(random.int(1, 2)))}</td>`
    if (random.chance(0.04)) return '<td class="num">–</td>'
    const text =
      kind === 'money' ? prose.money() : kind === 'mark' ? random.pick(['✓', '–', 'A', 'B', '+', '0']) : prose.amount()
    return `<td class="num">${escapeHtml(prose.digits(text))}</td>`
  }
  const body = Array.from({ length: rows }, (_, r) => {
    const bold = r === rows - 1 && random.chance(0.2) ? ' style="font-weight:bold"' : ''
    return `<tr${bold}>${kinds.map(cell).join('')}</tr>`
  })
  return region('Table', `${group}<tr class="head">${head.join('')}</tr>${body.join('')}`, {
    tag: 'table',
    as: 'tab',
    style: full ? 'width:100%' : '',
  })
}

/** What names mean, in whole sentences: options, commands, fields. Without a caption, more often than not. */
export function referenceTable(m: Material): string {
  const { random, prose } = m
  const columns = random.weighted({ two: 5, three: 3, four: 1 })
  const [rows, long] = [random.int(3, 14), random.int(1, 3)]
  const more = columns === 'two' ? 0 : columns === 'three' ? 1 : 2
  const mono = random.chance(0.6)
  const name = (): string =>
    mono ? `<code>${escapeHtml(prose.code())}</code>` : escapeHtml(prose.words(random.int(1, 2)))
  const row = (): string => {
    const rest = Array.from({ length: more }, () => `<td>${escapeHtml(prose.words(random.int(1, 2)))}</td>`).join('')
    const meaning = random.chance(0.3) ? escapeHtml(prose.words(3)) : prose.paragraph(random.int(1, long))
    return `<tr><td>${name()}</td><td>${meaning}</td>${rest}</tr>`
  }
  const head = Array.from({ length: 2 + more }, () => `<th>${escapeHtml(prose.words(1))}</th>`).join('')
  const html = (random.chance(0.75) ? `<tr class="head">${head}</tr>` : '') + Array.from({ length: rows }, row).join('')
  const own = region('Table', html, { tag: 'table', as: 'tab', style: random.chance(0.7) ? 'width:100%' : '' })
  if (random.chance(0.6)) return box(own, 'fig')
  const text = caption(m, 'table')
  return box(m.theme.tableCaption === 'above' ? text + own : own + text, 'fig')
}

/** A program's window, of any width up to that of the column; most manuals give it no caption. */
export function screen(m: Material, width: number): string {
  const { random } = m
  const own = Math.max(120, width * random.float(0.25, 0.95))
  const height = own * random.float(0.35, 0.9)
  const scale = Math.max(1, 250 / own)
  const shown = drawn(screenshot(random, m.prose, Math.round(own * scale), Math.round(height * scale)), own)
  return box(random.chance(0.65) ? shown : shown + caption(m, 'figure'), 'fig')
}

/** A table with its caption, and now and then a note below it. */
export function captionedTable(m: Material, options: TableOptions = {}): string {
  const { random, theme, prose } = m
  const text = caption(m, 'table')
  const own = table(m, options)
  const note = random.chance(0.35)
    ? region(
        'Footnote',
        `${random.pick(['<sup>a</sup> ', '* ', `<i>${escapeHtml(prose.label('note'))}:</i> `, `${escapeHtml(prose.label('source'))}: `])}${prose.paragraph(1)}`,
        {
          style: 'font-size:0.78em;line-height:1.2;margin-top:0.3em',
        },
      )
    : ''
  return box(theme.tableCaption === 'above' ? text + own + note : own + note + text, 'fig')
}

/** Any picture, of a width in CSS pixels. */
export function picture(m: Material, width: number, aspect: number = m.random.float(1.1, 2.4), kind = 'any'): string {
  const { random } = m
  const chosen = kind === 'any' ? random.weighted({ photo: 5, chart: 4, diagram: 4 }) : kind
  if (chosen === 'photo') {
    const style = `width:${width.toFixed(0)}px;height:${(width / aspect).toFixed(0)}px;display:block`
    return region('Picture', `<img src="${m.photo(aspect)}" style="${style}">`, {
      as: 'pic',
      style: `width:${width.toFixed(0)}px`,
    })
  }
  const height = Math.round(width / aspect)
  // Drawn at a usual size and scaled: text in figures is small where figures are.
  const scale = Math.max(1, 250 / width)
  const make = chosen === 'chart' ? chart : diagram
  return drawn(make(random, m.prose, Math.round(width * scale), Math.round(height * scale)), width)
}

export function drawn({ svg }: Drawing, width: number): string {
  return region('Picture', svg, { as: 'pic', style: `width:${width.toFixed(0)}px` })
}

/** A picture with its caption below, or beside it. @param width of the column. */
export function figure(m: Material, width: number, kind = 'any'): string {
  const { random } = m
  const text = caption(m, 'figure')
  const style = random.weighted({ one: 8, pair: 1.5, beside: 0.8 })
  if (style === 'pair' && width > 260) {
    const two = [0, 1].map(() => picture(m, width * 0.47, random.float(1, 1.6), kind)).join('')
    return box(box(two, 'pair', 'display:flex;justify-content:space-between;align-items:flex-end') + text, 'fig')
  }
  const own = picture(m, width * random.float(0.55, 1), random.float(1.1, 2.5), kind)
  if (style === 'beside' && width > 420) {
    const small = picture(m, width * 0.55, random.float(1.1, 1.8), kind)
    return box(
      `${small}<div style="width:40%">${text}</div>`,
      'fig',
      'display:flex;justify-content:space-between;align-items:center',
    )
  }
  return box(random.chance(0.9) ? own + text : text + own, 'fig')
}

/** A logo, seal, signature or code, of a height in CSS pixels. */
export function emblem(m: Material, kind: 'logo' | 'seal' | 'signature' | 'bars' | 'square', height: number): string {
  const { random, prose } = m
  const drawing =
    kind === 'logo'
      ? logo(random, prose, height)
      : kind === 'seal'
        ? seal(random, prose, height)
        : kind === 'signature'
          ? signature(random, height * 3, height)
          : kind === 'bars'
            ? barCode(random, height * 2.6, height)
            : squareCode(random, height)
  return drawn(drawing, drawing.width)
}
