/** @file Templates whose text flows through one or more columns of a page, described by a plan. */
import type { Script } from '../fonts.js'
import { box, region } from '../markup.js'
import {
  callout,
  code,
  declaration,
  definitions,
  dropped,
  footnotes,
  formulaPassage,
  heading,
  list,
  paragraph,
  plainHeading,
  quote,
  references,
  runIn,
  theorem,
} from './blocks.js'
import { captionedTable, figure, picture, referenceTable, screen } from './floats.js'
import { type Opening, opening } from './openings.js'
import type { Material, Sheet, Template } from './page.js'
import { type FootStyle, type Geometry, geometry, type HeadStyle, type Paper, running } from './running.js'
import type { ThemeWish } from './theme.js'

export type Block =
  | 'p'
  | 'runIn'
  | 'h1'
  | 'h2'
  | 'h3'
  | 'list'
  | 'references'
  | 'definitions'
  | 'figure'
  | 'photo'
  | 'table'
  | 'formula'
  | 'code'
  | 'listing'
  | 'declaration'
  | 'reference'
  | 'screen'
  | 'quote'
  | 'theorem'
  | 'callout'
  | 'dropped'

/** A kind of document: weights of what may occur on its pages. */
export interface FlowPlan {
  readonly name: string
  readonly family: string
  readonly weight: number
  readonly papers: Partial<Record<Paper, number>>
  readonly margins?: readonly [low: number, high: number]
  readonly columns: readonly number[]
  /** A line between columns, as a chance. */
  readonly rule?: number
  readonly heads: Partial<Record<HeadStyle, number>>
  readonly feet: Partial<Record<FootStyle, number>>
  readonly openings: Partial<Record<Opening, number>>
  readonly blocks: Partial<Record<Block, number>>
  /** Chance of a figure or table across all columns. */
  readonly spanning?: number
  /** Chance of notes at the foot. */
  readonly notes?: number
  /** Chance of a picture that fills the top of the page to its edges. */
  readonly bleed?: number
  /** Chance of a narrow column of remarks beside the text. */
  readonly sidebar?: number
  readonly theme?: ThemeWish
  /** Rules of its own, after the theme's. */
  readonly css?: string
  readonly scripts?: readonly Script[]
}

export function flowTemplate(plan: FlowPlan): Template {
  const { name, family, weight, theme, scripts } = plan
  return {
    name,
    family,
    weight,
    ...(theme === undefined ? {} : { theme }),
    ...(scripts === undefined ? {} : { scripts }),
    draw: (material) => drawFlow(material, plan),
  }
}

function drawFlow(m: Material, plan: FlowPlan): Sheet {
  const { random } = m
  const g = geometry(m, plan.papers, plan.margins)
  const head = random.weighted(plan.heads)
  const foot = random.weighted(plan.feet)
  const bleed = random.chance(plan.bleed ?? 0)
  const top = bleed ? picture(m, g.width, random.float(2, 3.6), 'photo') : ''
  const columns = random.pick(plan.columns)
  const begin = opening(m, random.weighted(plan.openings))
  const sidebar = random.chance(plan.sidebar ?? 0)
  const text = g.width - g.left - g.right
  const gap = random.float(16, 30)
  const main = sidebar ? text * random.float(0.62, 0.72) : text
  const width = (main - gap * (columns - 1)) / columns
  const area = main * (g.height - g.top - g.bottom)
  const span = random.chance(plan.spanning ?? 0)
    ? random.chance(0.5)
      ? figure(m, main * 0.9)
      : captionedTable(m, { columns: random.int(4, 7), full: true })
    : ''
  const notes = random.chance(plan.notes ?? 0) ? random.int(1, columns === 1 ? 5 : 3) : 0
  const content = body(m, { plan, width, area, columns, gap, notes })
  const spanLast = random.chance(0.25)
  const column = begin + (spanLast ? '' : span) + content + (spanLast ? span : '')
  const aside = sidebar
    ? box(
        box(asideOf(m, text - main - gap), 'flow', `height:100%;columns:1`),
        '',
        `flex:0 0 ${text - main - gap}px;font-size:0.85em`,
      )
    : ''
  const page = sidebar
    ? box(box(column, 'stack', 'flex:1;height:100%;min-width:0') + aside, '', `display:flex;gap:${gap}px;height:100%`)
    : box(column, 'stack', 'height:100%')
  const inset = bleed ? `top:${(g.width / 3).toFixed(0)}px` : `top:${g.top}px`
  return {
    width: g.width,
    height: g.height,
    html:
      (bleed ? bled(top, g) : running(m, g, { head, foot: 'none' })) +
      running(m, g, { head: 'none', foot }) +
      box(page, '', `position:absolute;left:${g.left}px;right:${g.right}px;bottom:${g.bottom}px;${inset}`),
    css:
      '.stack { display: flex; flex-direction: column; } .stack > * { flex: none; } .stack > .flow, .stack > .split { flex: 1 1 0; min-height: 0; }' +
      (plan.css ?? ''),
  }
}

/** A third of the page's width high: what does not fit is cut. */
function bled(html: string, g: Geometry): string {
  return box(
    html,
    'bleed',
    `position:absolute;left:0;top:0;width:${g.width}px;height:${(g.width / 3 - 24).toFixed(0)}px;overflow:hidden`,
  )
}

interface Body {
  readonly plan: FlowPlan
  readonly width: number
  readonly area: number
  readonly columns: number
  readonly gap: number
  readonly notes: number
}

function body(m: Material, { plan, width, area, columns, gap, notes }: Body): string {
  const { random } = m
  const rule = random.chance(plan.rule ?? 0) ? `column-rule:0.8px solid #888;` : ''
  const full = random.chance(0.86) ? 1.25 : random.float(0.35, 0.9)
  if (columns > 1 && notes > 0 && random.chance(0.8)) {
    const each = Array.from({ length: columns }, (_, i) => {
      const flow = box(blocks(m, plan, width, (area / columns) * 1.2), 'flow', 'columns:1;flex:1 1 0;min-height:0')
      return box(
        flow + (i === 0 || random.chance(0.4) ? footnotes(m, notes) : ''),
        '',
        `flex:1 1 0;min-width:0;display:flex;flex-direction:column;height:100%`,
      )
    })
    return box(each.join(''), 'split', `display:flex;gap:${gap}px`)
  }
  return (
    box(blocks(m, plan, width, area * full), 'flow', `columns:${columns};column-gap:${gap}px;${rule}`) +
    footnotes(m, notes)
  )
}

/** Blocks for about this area, by a rough count of letters and pictures. */
export function blocks(m: Material, plan: Pick<FlowPlan, 'blocks'>, width: number, area: number): string {
  const { theme, random } = m
  const dense = m.language.space === ''
  const letter = theme.size * theme.leading * theme.size * (dense ? 1 : 0.46)
  const out: string[] = []
  let left = area
  let last: Block | undefined
  while (left > 0 && out.length < 80) {
    let kind = random.weighted(plan.blocks)
    if (last?.startsWith('h') === true && (kind.startsWith('h') || kind === 'references')) kind = 'p'
    if (kind === last && kind !== 'p' && kind !== 'runIn') kind = 'p'
    const html = make(m, kind, width)
    out.push(html)
    last = kind
    const text = html.replaceAll(/<svg.*?<\/svg>|<[^>]*>/gs, '').length
    const pictures = [...html.matchAll(/data-c="Picture"/g)].length
    left -= text * letter * 0.95 + theme.size * theme.leading * width * 0.6 + pictures * width * width * 0.3
  }
  return out.join('')
}

/** Characters of code that fit a column, about. @param width of the column in CSS pixels. */
function codeWidth({ theme }: Material, width: number): number {
  return width / (theme.size * 0.82 * 0.62) - 4
}

function make(m: Material, kind: Block, width: number): string {
  const { random } = m
  switch (kind) {
    case 'h1':
      return heading(m, 1)
    case 'h2':
      return heading(m, 2)
    case 'h3':
      return heading(m, 3)
    case 'runIn':
      return runIn(m)
    case 'list':
      return list(m)
    case 'references':
      return plainHeading(m.prose.label('references'), 1) + references(m)
    case 'definitions':
      return definitions(m)
    case 'figure':
      return figure(m, width)
    case 'photo':
      return figure(m, width, 'photo')
    case 'table':
      return captionedTable(m, { columns: width < 300 ? random.int(2, 3) : random.int(2, 6) })
    case 'formula':
      return formulaPassage(m)
    case 'code':
      return code(m, codeWidth(m, width))
    case 'listing':
      return code(m, codeWidth(m, width), random.int(12, 34))
    case 'declaration':
      return declaration(m, codeWidth(m, width))
    case 'reference':
      return referenceTable(m)
    case 'screen':
      return screen(m, width)
    case 'quote':
      return quote(m)
    case 'theorem':
      return theorem(m)
    case 'callout':
      return callout(m)
    case 'dropped':
      return dropped(m)
    default:
      return paragraph(m)
  }
}

/** Remarks, small pictures and facts beside the text. */
export function asideOf(m: Material, width: number): string {
  const { random, prose } = m
  const parts = Array.from({ length: random.int(2, 5) }, () => {
    const kind = random.weighted({ remark: 4, picture: 2, list: 2 })
    if (kind === 'picture') return figure(m, width)
    if (kind === 'list') return plainHeading(prose.phrase(), 3) + list(m, { nested: false })
    return (
      (random.chance(0.5) ? plainHeading(prose.phrase(), 3) : '') +
      region('Text', prose.paragraph(random.int(1, 3)), { tag: 'p', style: 'margin:0 0 1.2em' })
    )
  })
  return parts.join('')
}
