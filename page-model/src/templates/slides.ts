/** @file Training: slides, wide and narrow, and handouts of them. */
import { box, escapeHtml, region } from '../markup.js'
import { code, formula, item, paragraph } from './blocks.js'
import { captionedTable, emblem, figure, picture, table } from './floats.js'
import { title } from './openings.js'
import type { Material, Sheet, Template } from './page.js'

export interface Look {
  readonly dark: boolean
  /** CSS of the sheet's ground. */
  readonly ground: string
  readonly ink: string
}

/** The ground of a slide: light more often than dark. */
export function look(m: Material): Look {
  const { random, theme } = m
  const dark = random.chance(0.22)
  if (dark) return { dark, ground: random.pick(['#14213d', '#1f1f1f', '#0b3c49', theme.accent]), ink: '#f4f4f4' }
  return { dark, ground: random.pick(['#fff', '#fff', '#fff', '#f7f5f0', '#f2f6fb']), ink: theme.ink }
}

/** Points, some with points of their own. */
export function bullets(m: Material, count: number): string {
  const { random, prose, theme } = m
  const out: string[] = []
  for (let i = 0; i < count; i++) {
    out.push(item(theme.bullet, random.chance(0.5) ? escapeHtml(prose.phrase()) : prose.paragraph(1)))
    for (let k = random.chance(0.2) ? random.int(1, 3) : 0; k > 0; k--)
      out.push(item('–', escapeHtml(prose.phrase()), 'item deep'))
  }
  return box(out.join(''), 'list', 'padding:0')
}

const SHAPES = [
  'bullets',
  'bullets-picture',
  'picture',
  'two',
  'table',
  'formula',
  'code',
  'opening',
  'section',
  'quote',
] as const

function slide(m: Material): Sheet {
  const { random, prose, theme } = m
  const [width, height] = random.pick([
    [960, 540],
    [960, 540],
    [960, 720],
  ] as const)
  const { ground, ink } = look(m)
  const shape = random.pick(SHAPES)
  const pad = random.int(34, 70)
  const inner = width - 2 * pad
  const filled = random.chance(0.25) && shape !== 'opening'
  const headHeight = random.int(70, 100)
  const band = filled
    ? `<div style="position:absolute;left:0;top:0;width:100%;height:${headHeight}px;background:${theme.accent}"></div>`
    : ''
  const stripe =
    !filled && random.chance(0.25)
      ? `<div style="position:absolute;left:0;top:0;width:12px;height:100%;background:${theme.accent}"></div>`
      : ''
  const large = shape === 'opening' || shape === 'section'
  const name = title(
    m,
    large ? random.float(1.9, 2.5) : random.float(1.35, 1.8),
    `margin:0;${filled ? 'color:#fff;' : ''}`,
  )
  const head = large
    ? ''
    : box(
        name,
        '',
        `position:absolute;left:${pad}px;right:${pad}px;top:0;height:${headHeight}px;display:flex;align-items:center`,
      )
  const body = {
    bullets: () => bullets(m, random.int(3, 6)),
    'bullets-picture': () => beside(m, bullets(m, random.int(2, 4)), picture(m, inner * 0.42, random.float(1, 1.5))),
    picture: () => figure(m, Math.min(inner, (height - 200) * 1.7)),
    two: () => beside(m, half(m), half(m)),
    table: () =>
      random.chance(0.5)
        ? table(m, { rows: random.int(3, 6), full: true })
        : captionedTable(m, { rows: random.int(3, 5) }),
    formula: () => paragraph(m, 1) + formula(m) + bullets(m, random.int(1, 3)),
    code: () => bullets(m, 2) + code(m, 60, random.int(4, 8)),
    opening: () =>
      name +
      region('Section-header', escapeHtml(prose.phrase()), { style: 'font-size:1.1em;margin:0.4em 0 1em' }) +
      region(
        'Text',
        `${escapeHtml(prose.person())}<br>${escapeHtml(prose.organisation())}<br>${escapeHtml(prose.date())}`,
        {
          style: 'font-size:0.8em',
        },
      ),
    section: () =>
      name +
      (random.chance(0.5)
        ? region('Text', escapeHtml(prose.sentence()), { style: 'font-size:0.9em;margin-top:1em' })
        : ''),
    quote: () =>
      region('Text', `“${prose.paragraph(2)}”`, { style: 'font-size:1.2em;font-style:italic;margin-bottom:1em' }) +
      region('Text', `— ${escapeHtml(prose.person())}`),
  }[shape]()
  const note = random.chance(0.2)
    ? box(
        region('Footnote', `<sup>1</sup> ${prose.paragraph(1)}`),
        '',
        `position:absolute;left:${pad}px;right:${pad}px;bottom:44px;font-size:0.55em`,
      )
    : ''
  const foot = random.chance(0.75) ? footer(m, pad) : ''
  const main = box(
    body,
    '',
    `position:absolute;left:${pad}px;right:${pad}px;top:${large ? 0 : headHeight + 14}px;bottom:${note === '' ? 50 : 84}px;display:flex;flex-direction:column;justify-content:${large ? 'center' : random.pick(['flex-start', 'center'])};${large ? `text-align:${random.pick(['start', 'center'])};` : ''}`,
  )
  const mark = random.chance(0.3)
    ? box(emblem(m, 'logo', 26), '', `position:absolute;${random.pick(['left', 'right'])}:16px;bottom:12px`)
    : ''
  return {
    width,
    height,
    html: band + stripe + head + main + note + (mark === '' ? foot : mark),
    css: `.sheet { background: ${ground}; color: ${ink}; font-size: ${(random.float(20, 25) * (height / 540) ** 0.3).toFixed(1)}px; line-height: 1.3; } .item { margin-block-end: 0.4em; } .tab { font-size: 0.75em; } .cap { font-size: 0.65em; } .code { font-size: 0.65em; }`,
  }
}

function half(m: Material): string {
  return (
    region('Section-header', escapeHtml(m.prose.phrase()), {
      style: 'font-weight:bold;font-size:0.95em;margin-bottom:0.5em',
    }) + (m.random.chance(0.75) ? bullets(m, m.random.int(2, 3)) : paragraph(m, 2))
  )
}

function beside(m: Material, a: string, b: string): string {
  const [first, second] = m.random.chance(0.7) ? [a, b] : [b, a]
  return box(
    `<div style="flex:1;min-width:0">${first}</div><div style="flex:1;min-width:0">${second}</div>`,
    '',
    'display:flex;gap:32px;align-items:center',
  )
}

/** Names and number at a slide's foot. @param pad from its sides, in CSS pixels. */
export function footer(m: Material, pad: number): string {
  const { random, prose } = m
  const parts = random.pick([
    [String(random.int(1, 60))],
    ['', String(random.int(1, 60))],
    [prose.organisation(), String(random.int(1, 60))],
    [prose.person(), prose.phrase(), `${random.int(1, 30)} / ${random.int(31, 60)}`],
  ])
  const cells = parts.map((part) =>
    part === '' ? '<span></span>' : region('Page-footer', escapeHtml(prose.digits(part)), { tag: 'span' }),
  )
  return box(
    cells.join(''),
    '',
    `position:absolute;left:${pad}px;right:${pad}px;bottom:14px;display:flex;justify-content:space-between;font-size:0.5em`,
  )
}

export const SLIDES: readonly Template[] = [
  {
    name: 'slide',
    family: 'slides',
    weight: 6,
    theme: { bodyRole: 'sans', align: 'start', paragraphs: 'space', numbering: 'none' },
    draw: slide,
  },
  {
    name: 'slide-modern',
    family: 'slides',
    weight: 1.5,
    scripts: ['latin', 'cyrillic', 'greek'],
    theme: {
      bodyRole: 'sans',
      bodyFonts: ['CMU Sans Serif', 'CMU Bright'],
      headingRole: 'body',
      align: 'start',
      bullet: '▪',
    },
    draw: slide,
  },
]
