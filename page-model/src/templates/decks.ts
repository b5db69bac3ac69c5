/** @file Training: slides whose heading stands elsewhere than above: in a column, beside or below a photo; slides of cards and steps. */
import { box, escapeHtml, region } from '../markup.js'
import { code, formula, paragraph, plainHeading, quote } from './blocks.js'
import { captionedTable, emblem, figure, picture, table } from './floats.js'
import { title } from './openings.js'
import type { Material, Sheet, Template } from './page.js'
import { bullets, footer, type Look, look } from './slides.js'

type Size = readonly [width: number, height: number]

const SIZES: readonly Size[] = [
  [960, 540],
  [960, 540],
  [1024, 576],
  [960, 600],
  [960, 720],
]

/** What a slide tells, in a room of this width. */
function content(m: Material, width: number): string {
  const { random } = m
  return random.pick([
    () => bullets(m, random.int(2, 6)),
    () => bullets(m, random.int(3, 7)),
    () => Array.from({ length: random.int(1, 3) }, () => paragraph(m, random.int(1, 2))).join(''),
    () => plainHeading(m.prose.phrase(), 3) + paragraph(m, 2) + plainHeading(m.prose.phrase(), 3) + paragraph(m, 2),
    () => figure(m, width * random.float(0.6, 1)),
    () => picture(m, width * random.float(0.6, 1), random.float(1.4, 2.2)),
    () => table(m, { rows: random.int(3, 7), columns: random.int(2, 4), full: true }),
    () => captionedTable(m, { rows: random.int(3, 5), columns: random.int(2, 4) }),
    () => paragraph(m, 1) + formula(m) + (random.chance(0.5) ? formula(m) : '') + paragraph(m, 1),
    () => paragraph(m, 1) + code(m, Math.floor(width / 9), random.int(4, 9)),
    () => quote(m),
  ])()
}

function css(m: Material, [, height]: Size, { ground, ink }: Look): string {
  const size = m.random.float(17, 24) * (height / 540) ** 0.4
  return `.sheet { background: ${ground}; color: ${ink}; font-size: ${size.toFixed(1)}px; line-height: 1.32; } .item { margin-block-end: 0.45em; } .tab { font-size: 0.72em; } .cap { font-size: 0.62em; } .code { font-size: 0.62em; }`
}

/** Heading in a column of its own, coloured or not; the rest beside it. */
function column(m: Material): Sheet {
  const { random, prose, theme } = m
  const size = random.pick(SIZES)
  const [width, height] = size
  const slide = look(m)
  const own = Math.round(width * random.float(0.21, 0.42))
  const side = random.chance(0.75) ? 'inset-inline-start' : 'inset-inline-end'
  const other = side === 'inset-inline-start' ? 'inset-inline-end' : 'inset-inline-start'
  const dress = random.weighted({ fill: 4, pale: 1.5, rule: 1.5, none: 1.5 })
  const ground = dress === 'fill' ? random.pick([theme.accent, theme.accent, '#22313f', '#37474f']) : ''
  const [paint, colour] = {
    fill: [`background:${ground};`, 'color:#fff;'],
    pale: ['background:#e9edf1;color:#1c1c1c;', 'color:#1c1c1c;'],
    rule: [`border-inline-end:2px solid ${theme.accent};`, ''],
    none: ['', ''],
  }[dress]
  const small = (html: string): string => region('Section-header', html, { style: `font-size:0.75em;${colour}` })
  const parts = [
    random.chance(0.2) ? small(escapeHtml(prose.digits(`${prose.label('chapter')} ${random.int(1, 9)}`))) : '',
    title(m, random.float(1.15, 1.9), `margin:0 0 0.5em;${colour}`),
    random.chance(0.35) ? small(escapeHtml(prose.phrase())) : '',
    random.chance(0.2)
      ? region('Text', prose.paragraph(1), { style: `font-size:0.65em;margin-top:0.8em;${colour}` })
      : '',
  ]
  const place = random.pick(['flex-start', 'flex-start', 'center', 'flex-end'])
  const head = box(
    parts.join(''),
    '',
    `position:absolute;${side}:0;top:0;width:${own}px;height:100%;${paint}padding:${random.int(28, 60)}px ${random.int(18, 34)}px;display:flex;flex-direction:column;justify-content:${place}`,
  )
  const gap = random.int(28, 60)
  const inner = width - own - 2 * gap
  const body = box(
    content(m, inner),
    '',
    `position:absolute;${side}:${own + gap}px;${other}:${gap}px;top:${random.int(26, 60)}px;bottom:46px;display:flex;flex-direction:column;justify-content:${random.pick(['flex-start', 'center', 'center'])}`,
  )
  const foot = random.chance(0.6)
    ? box(footer(m, 0), '', `position:absolute;${side}:${own + gap}px;${other}:${gap}px;bottom:0;height:34px`)
    : ''
  return { width, height, html: head + body + foot, css: css(m, size, slide) }
}

/** A photo over half of the slide, on any side; heading and points in the other half. */
function halfPhoto(m: Material): Sheet {
  const { random, prose } = m
  const size = random.pick(SIZES)
  const [width, height] = size
  const slide = look(m)
  const upright = random.chance(0.7)
  const share = random.float(0.35, 0.6)
  const [photoWidth, photoHeight] = upright ? [width * share, height] : [width, height * share]
  const shown = picture(m, photoWidth, photoWidth / photoHeight, 'photo')
  const end = random.chance(0.5)
  const text = box(
    title(m, random.float(1.3, 2.1), 'margin:0 0 0.5em;') +
      (upright && random.chance(0.7)
        ? bullets(m, random.int(2, 4))
        : region('Text', random.chance(0.5) ? prose.paragraph(1) : escapeHtml(`${prose.person()} · ${prose.date()}`), {
            style: 'font-size:0.85em',
          })),
    '',
    `flex:1;min-width:0;min-height:0;padding:24px 36px;display:flex;flex-direction:column;justify-content:center`,
  )
  const photo = box(shown, '', 'flex:none')
  const parts = end ? text + photo : photo + text
  return {
    width,
    height,
    html: box(parts, '', `display:flex;flex-direction:${upright ? 'row' : 'column'};width:100%;height:100%`),
    css: css(m, size, slide),
  }
}

/** Cards in a row or a grid, each with its heading. */
function cards(m: Material): Sheet {
  const { random, prose, theme } = m
  const size = random.pick(SIZES)
  const [width, height] = size
  const slide = look(m)
  const { dark } = slide
  const columns = random.int(2, 4)
  const rows = columns === 2 && random.chance(0.5) ? 2 : 1
  const dress = random.pick([
    `border:1px solid ${dark ? '#888' : '#bbb'}`,
    `border-top:4px solid ${theme.accent}`,
    dark ? 'background:#ffffff18' : 'background:#eef1f4',
    '',
  ])
  const mark = random.chance(0.35)
  const card = (): string =>
    box(
      (mark ? box(emblem(m, 'logo', random.int(26, 44)), '', 'margin-bottom:0.5em') : '') +
        region('Section-header', escapeHtml(prose.words(random.int(1, 3))), {
          style: 'font-weight:bold;font-size:0.95em;margin-bottom:0.4em',
        }) +
        (random.chance(0.7)
          ? region('Text', prose.paragraph(rows === 2 ? 1 : random.int(1, 3)), { style: 'font-size:0.75em' })
          : box(bullets(m, 2), '', 'font-size:0.75em')),
      '',
      `min-width:0;padding:14px 16px;${dress}`,
    )
  const pad = random.int(34, 60)
  const html =
    title(m, random.float(1.3, 1.8), `margin:0 0 0.7em;text-align:${random.pick(['start', 'center'])};`) +
    box(
      Array.from({ length: columns * rows }, card).join(''),
      '',
      `display:grid;grid-template-columns:repeat(${columns}, 1fr);gap:${random.int(14, 30)}px`,
    )
  const main = box(html, '', `position:absolute;left:${pad}px;right:${pad}px;top:${random.int(26, 80)}px;bottom:44px`)
  return { width, height, html: main + (random.chance(0.6) ? footer(m, pad) : ''), css: css(m, size, slide) }
}

/** What comes, in order: numbers in front, in one or two columns; the heading above, below or in the middle of the left side. */
function agenda(m: Material): Sheet {
  const { random, prose, theme } = m
  const size = random.pick(SIZES)
  const [width, height] = size
  const slide = look(m)
  const round = random.chance(0.4)
  const mark = (n: number): string =>
    round
      ? `<span class="mark" style="background:${theme.accent};color:#fff;border-radius:50%;width:1.5em;height:1.5em;text-align:center;line-height:1.5em">${prose.digits(n)}</span>`
      : `<span class="mark" style="font-weight:bold">${prose.digits(random.chance(0.5) ? `${n}.` : `0${n}`)}</span>`
  const items = Array.from({ length: random.int(3, 8) }, (_, i) =>
    region('List-item', `${mark(i + 1)}${escapeHtml(prose.phrase())}`, {
      as: 'item',
      style: 'padding-inline-start:2.3em;margin-bottom:0.75em;min-height:1.5em',
    }),
  )
  const points = box(items.join(''), '', items.length > 4 && random.chance(0.5) ? 'columns:2;column-gap:40px' : '')
  const name = title(m, random.float(1.4, 2.2), 'margin:0 0 0.8em;')
  const below = random.chance(0.2)
  const pad = random.int(50, 110)
  const main = box(
    below ? points + name : name + points,
    '',
    `position:absolute;left:${pad}px;right:${pad}px;top:30px;bottom:48px;display:flex;flex-direction:column;justify-content:${random.pick(['flex-start', 'center'])}`,
  )
  return { width, height, html: main + (random.chance(0.5) ? footer(m, pad) : ''), css: css(m, size, slide) }
}

const LOOK = { align: 'start', paragraphs: 'space', numbering: 'none' } as const

export const DECKS: readonly Template[] = [
  { name: 'slide-column', family: 'slides', weight: 9, theme: LOOK, draw: column },
  { name: 'slide-photo', family: 'slides', weight: 3, theme: LOOK, draw: halfPhoto },
  { name: 'slide-cards', family: 'slides', weight: 3, theme: LOOK, draw: cards },
  { name: 'slide-agenda', family: 'slides', weight: 2.5, theme: LOOK, draw: agenda },
]
