/** @file Training: reference cards, pages with notes in the margin, first pages under a journal's name. */
import { box, escapeHtml, region } from '../markup.js'
import { placed } from './arrange.js'
import { bulleted, callout, code, definitions, formulaPassage, paragraph, plainHeading } from './blocks.js'
import { caption, emblem, figure, picture, referenceTable, table } from './floats.js'
import { blocks } from './flow.js'
import { title } from './openings.js'
import type { Material, Sheet, Template } from './page.js'
import { geometry, running } from './running.js'

/** As much as a sheet holds, in narrow columns of small type: tables of names, lists, short listings. */
function quickReference(m: Material): Sheet {
  const { random, prose, theme } = m
  const [width, height] = random.pick([
    [1123, 794],
    [1056, 816],
    [794, 1123],
  ] as const)
  const columns = width > height ? random.int(3, 4) : random.int(2, 3)
  const pad = random.int(22, 44)
  const inner = (width - 2 * pad - (columns - 1) * 18) / columns
  const part = (): string =>
    plainHeading(prose.words(random.int(1, 3)), 3) +
    random.pick([
      () => referenceTable(m),
      () => referenceTable(m),
      () => bulleted(m, random.int(3, 7)),
      () => definitions(m, random.int(2, 4)),
      () => paragraph(m, random.int(1, 3)) + code(m, Math.floor(inner / 6), random.int(3, 10)),
      () => table(m, { columns: random.int(2, 3), full: true }),
      () => callout(m),
      () => paragraph(m, 2),
    ])()
  const head = box(
    `<div>${title(m, random.float(1.5, 2.4), 'margin:0;')}</div>${random.chance(0.5) ? emblem(m, 'logo', 30) : ''}`,
    '',
    `flex:none;display:flex;justify-content:${random.pick(['space-between', 'center'])};align-items:center;gap:1em;padding-bottom:8px;${random.chance(0.5) ? `border-bottom:2px solid ${theme.accent}` : ''}`,
  )
  const rule = random.chance(0.3) ? `;column-rule:1px solid ${theme.accent}` : ''
  const body = box(
    Array.from({ length: columns * 6 }, part).join(''),
    'flow',
    `columns:${columns};column-gap:18px${rule};flex:1 1 0;min-height:0;margin-top:10px`,
  )
  const foot = random.chance(0.5)
    ? box(
        region('Page-footer', escapeHtml(`${prose.host()} · ${prose.date()}`), { tag: 'span' }),
        '',
        `flex:none;padding-top:6px;text-align:${random.pick(['start', 'center', 'end'])};font-size:0.85em`,
      )
    : ''
  return {
    width,
    height,
    html: box(head + body + foot, '', `display:flex;flex-direction:column;height:100%;padding:${pad}px`),
    css: `.sheet { font-size: ${random.float(9.5, 12.5).toFixed(1)}px; line-height: 1.28; } .h { margin-top: 0.7em; } .tab { width: 100%; }`,
  }
}

/** Text in a narrow column, notes and captions in the wide margin beside it. */
function margins(m: Material): Sheet {
  const { random, prose } = m
  const g = geometry(m, { a4: 2, letter: 2, b5: 1 }, [0.07, 0.1])
  const own = Math.round((g.width - g.left - g.right) * random.float(0.24, 0.33))
  const inner = g.width - g.left - g.right - own - 26
  const end = random.chance(0.75)
  const note = (): string => {
    const mark = random.chance(0.6) ? `<sup>${prose.digits(m.counters.note++)}</sup> ` : ''
    return region('Footnote', mark + prose.paragraph(random.int(1, 2)), {
      style: 'font-size:0.78em;line-height:1.25;margin-bottom:1.2em',
    })
  }
  const row = (main: string, beside: string): string => {
    const [a, b] = [`<div style="flex:1;min-width:0">${main}</div>`, `<div style="flex:0 0 ${own}px">${beside}</div>`]
    return box(end ? a + b : b + a, '', 'display:flex;gap:26px;break-inside:avoid')
  }
  const parts = Array.from({ length: random.int(5, 9) }, () =>
    random.pick([
      () => row(paragraph(m, random.int(4, 8)), note()),
      () =>
        row(paragraph(m, random.int(3, 6)) + paragraph(m, random.int(3, 6)), random.chance(0.6) ? note() + note() : ''),
      () => row(plainHeading(prose.phrase()) + paragraph(m, random.int(3, 6)), random.chance(0.4) ? note() : ''),
      () => row(picture(m, inner * random.float(0.7, 1), random.float(1.2, 2.2)), caption(m, 'figure')),
      () => row(formulaPassage(m), random.chance(0.4) ? note() : ''),
      () => row(table(m, { full: true }), caption(m, 'table')),
    ])(),
  )
  return placed(
    g,
    running(m, g, {
      head: random.weighted({ none: 1, book: 2, number: 1 }),
      foot: random.weighted({ number: 1, none: 2 }),
    }),
    (random.chance(0.35) ? title(m, random.float(1.6, 2.4)) : '') + parts.join(''),
  )
}

/** The first page of an article below the name of what it appeared in. */
function masthead(m: Material): Sheet {
  const { random, prose, theme } = m
  const g = geometry(m, { a4: 2, letter: 2 }, [0.07, 0.11])
  const name = region('Page-header', escapeHtml(prose.words(random.int(1, 3))), {
    style: `font-family:${theme.heading};font-size:${random.float(1.7, 3.2).toFixed(2)}em;line-height:1.1;${random.pick(['font-weight:bold', 'font-variant:small-caps', 'letter-spacing:0.08em', ''])}`,
  })
  const issue = region(
    'Page-header',
    escapeHtml(`${prose.digits(`${random.int(1, 60)} (${random.int(1, 12)})`)} · ${prose.date()}`),
    {
      style: 'font-size:0.8em',
    },
  )
  const mark = random.chance(0.4) ? emblem(m, 'logo', random.int(30, 54)) : ''
  const head = box(
    random.pick([
      box(`<div>${name}${issue}</div>${mark}`, '', 'display:flex;justify-content:space-between;align-items:center'),
      box(name + issue, '', 'text-align:center'),
      box(
        `${mark}<div>${name}</div>${issue}`,
        '',
        'display:flex;justify-content:space-between;align-items:flex-end;gap:1em',
      ),
    ]),
    '',
    `${random.pick(['border-bottom:3px double', 'border-bottom:1px solid', `border-block:2px solid ${theme.accent}`, 'border-bottom:0 solid'])};padding:0.3em 0;margin-bottom:1.2em`,
  )
  const columns = random.int(1, 3)
  const inner = (g.width - g.left - g.right - (columns - 1) * 20) / columns
  const top =
    title(m, random.float(1.5, 2.2)) +
    region('Text', escapeHtml([prose.person(), ...(random.chance(0.5) ? [prose.organisation()] : [])].join(', ')), {
      style: 'margin-bottom:1em',
    }) +
    (random.chance(0.3) ? figure(m, g.width - g.left - g.right, 'photo') : '')
  const body = box(
    blocks(
      m,
      { blocks: { p: 7, h2: 1.5, list: 0.6, figure: 0.8, quote: 0.4, callout: 0.3 } },
      inner,
      (g.width - g.left - g.right) * g.height,
    ),
    'flow',
    `columns:${columns};column-gap:20px;flex:1 1 0;min-height:0`,
  )
  return placed(
    g,
    running(m, g, { head: 'none', foot: random.weighted({ number: 2, outer: 1, notice: 1 }) }),
    box(box(head + top, '', 'flex:none') + body, '', 'display:flex;flex-direction:column;height:100%'),
  )
}

export const QUICK: readonly Template[] = [
  {
    name: 'quick-reference',
    family: 'reference-card',
    weight: 6,
    theme: { numbering: 'none', align: 'start', paragraphs: 'space' },
    draw: quickReference,
  },
  { name: 'margin-notes', family: 'book', weight: 4, theme: { numbering: 'none' }, draw: margins },
  { name: 'masthead', family: 'press', weight: 4, theme: { numbering: 'none' }, draw: masthead },
]
