/** @file Running heads and feet, and page sizes. */
import { escapeHtml, region } from '../markup.js'
import { emblem } from './floats.js'
import type { Material } from './page.js'

/** Margins and size of a page, in CSS pixels. */
export interface Geometry {
  readonly width: number
  readonly height: number
  readonly top: number
  readonly bottom: number
  readonly left: number
  readonly right: number
}

/** Width by height at 96 pixels per inch. */
const PAPERS = {
  a4: [794, 1123],
  letter: [816, 1056],
  a5: [559, 794],
  b5: [665, 944],
  crown: [620, 880],
  tabloid: [900, 1250],
} as const

export type Paper = keyof typeof PAPERS

export function geometry(
  m: Material,
  papers: Partial<Record<Paper, number>>,
  margins: readonly [low: number, high: number] = [0.07, 0.14],
): Geometry {
  const { random } = m
  const [width, height] = PAPERS[random.weighted(papers)]
  const side = width * random.float(...margins)
  const skewed = random.chance(0.2) ? random.float(0.6, 1.5) : 1
  return {
    width,
    height,
    left: side * skewed,
    right: side * (2 - skewed),
    top: height * random.float(0.065, 0.11),
    bottom: height * random.float(0.065, 0.115),
  }
}

export type HeadStyle = 'none' | 'book' | 'center' | 'journal' | 'report' | 'logo' | 'number' | 'notice'
export type FootStyle = 'none' | 'number' | 'outer' | 'of' | 'parts' | 'notice' | 'address' | 'mark'

export interface Running {
  readonly head: HeadStyle
  readonly foot: FootStyle
}

const HEADS: Readonly<Record<HeadStyle, (m: Material) => readonly string[]>> = {
  none: () => [],
  book: (m) => {
    const title = cased(
      m,
      m.random.chance(0.5)
        ? `${m.prose.label('chapter')} ${m.counters.heading[0]}. ${m.prose.phrase()}`
        : m.prose.phrase(),
    )
    return m.random.chance(0.5) ? [pageNumber(m), title] : [title, pageNumber(m)]
  },
  center: (m) => ['', cased(m, m.prose.phrase()), ''],
  journal: (m) => {
    const { prose, random } = m
    const volume = `${escapeHtml(prose.phrase())} ${prose.digits(`${random.int(1, 90)} (${prose.year()}) ${random.int(1, 400)}–${random.int(401, 900)}`)}`
    return m.random.chance(0.5)
      ? [escapeHtml(`${prose.surname()} et al.`), volume]
      : [`<i>${volume}</i>`, pageNumber(m)]
  },
  report: (m) => [escapeHtml(m.prose.organisation()), cased(m, m.prose.phrase())],
  logo: (m) => ['<LOGO>', escapeHtml(m.prose.phrase())],
  number: (m) => (m.random.chance(0.5) ? ['', pageNumber(m)] : [pageNumber(m), '']),
  notice: (m) => [escapeHtml(m.prose.code()), escapeHtml(m.prose.date()), pageNumber(m)],
}

const FEET: Readonly<Record<FootStyle, (m: Material) => readonly string[]>> = {
  none: () => [],
  number: (m) => ['', m.random.chance(0.15) ? `– ${pageNumber(m)} –` : pageNumber(m), ''],
  outer: (m) => (m.random.chance(0.7) ? ['', pageNumber(m)] : [pageNumber(m), '']),
  of: (m) => {
    const last = m.random.int(20, 300)
    return [
      '',
      escapeHtml(m.prose.digits(`${m.prose.label('page')} ${m.random.int(1, last)} ${m.prose.label('of')} ${last}`)),
      '',
    ]
  },
  parts: (m) => [escapeHtml(m.prose.organisation()), pageNumber(m), escapeHtml(m.prose.date())],
  notice: (m) => [escapeHtml(`© ${m.prose.digits(m.prose.year())} ${m.prose.organisation()}`), pageNumber(m)],
  address: (m) => ['', escapeHtml([m.prose.organisation(), ...m.prose.address(), m.prose.phone()].join(' · ')), ''],
  mark: (m) => [escapeHtml(m.prose.code()), escapeHtml(m.prose.host())],
}

function pageNumber(m: Material): string {
  return m.prose.digits(m.random.chance(0.05) ? 'xvii' : m.random.int(1, 480))
}

function cased(m: Material, text: string): string {
  const style = m.random.weighted({ plain: 4, italic: 3, upper: 1.5, caps: 1 })
  if (style === 'italic' && m.language.script === 'latin') return `<i>${escapeHtml(text)}</i>`
  if (style === 'upper' && m.language.script === 'latin')
    return `<span style="letter-spacing:0.06em">${escapeHtml(text.toUpperCase())}</span>`
  return escapeHtml(text)
}

/** Head and foot of a page, placed in its margins. */
export function running(m: Material, g: Geometry, { head, foot }: Running): string {
  const { random } = m
  const line = `<div style="position:absolute;left:${g.left}px;right:${g.right}px;border-top:${random.pick([0.8, 1, 2])}px solid ${random.pick(['currentColor', m.theme.accent])};`
  const size = random.float(0.72, 0.95)
  const place = (style: string, parts: readonly string[], name: 'Page-header' | 'Page-footer'): string => {
    if (parts.length === 0) return ''
    const cells = parts.map((part) =>
      part === ''
        ? '<span></span>'
        : part === '<LOGO>'
          ? emblem(m, 'logo', random.int(18, 30))
          : region(name, part, { tag: 'span' }),
    )
    return `<div class="run" style="left:${g.left}px;right:${g.right}px;${style};font-size:${size}em;align-items:center">${cells.join('')}</div>`
  }
  const above = g.top * random.float(0.4, 0.55)
  const below = g.bottom * random.float(0.38, 0.55)
  const headRule =
    head !== 'none' && head !== 'number' && random.chance(0.45) ? `${line}top:${above + 21}px"></div>` : ''
  const footRule = foot !== 'none' && random.chance(0.25) ? `${line}bottom:${below + 22}px"></div>` : ''
  return (
    place(`top:${above - 6}px;height:24px`, HEADS[head](m), 'Page-header') +
    headRule +
    place(`bottom:${below - 6}px;height:24px`, FEET[foot](m), 'Page-footer') +
    footRule
  )
}
