/** @file Training: data sheets, tables of contents, posters, covers, parallel texts, screens. */
import { box, escapeHtml, region } from '../markup.js'
import { placed } from './arrange.js'
import { bulleted, list, paragraph, plainHeading } from './blocks.js'
import { captionedTable, emblem, figure, picture, table } from './floats.js'
import { blocks } from './flow.js'
import { title } from './openings.js'
import type { Material, Sheet, Template } from './page.js'
import { geometry, running } from './running.js'

function datasheet(m: Material): Sheet {
  const { random, prose, theme } = m
  const g = geometry(m, { a4: 2, letter: 2 }, [0.06, 0.09])
  const head = box(
    `<div>${title(m, random.float(1.5, 2.2))}${region('Section-header', escapeHtml(prose.phrase()), { style: 'font-size:1.05em' })}</div>${emblem(m, 'logo', random.int(30, 46))}`,
    '',
    `display:flex;justify-content:space-between;align-items:flex-start;padding-bottom:0.6em;margin-bottom:0.8em;border-bottom:2px solid ${theme.accent}`,
  )
  const width = (g.width - g.left - g.right - 24) / 2
  const features = plainHeading(prose.words(1)) + bulleted(m, random.int(4, 7))
  const left = features + paragraph(m, 3) + figure(m, width, random.pick(['diagram', 'chart', 'photo']))
  const right =
    plainHeading(prose.words(2)) +
    paragraph(m, 2) +
    captionedTable(m, { columns: 3, full: true }) +
    plainHeading(prose.words(1)) +
    figure(m, width, 'chart') +
    list(m)
  const two = box(left + right, '', 'columns:2;column-gap:24px;column-fill:balance')
  const wide = captionedTable(m, { columns: random.int(5, 7), rows: random.int(4, 9), full: true })
  const notes = random.chance(0.6)
    ? box([1, 2].map((n) => region('Footnote', `(${n}) ${prose.paragraph(1)}`)).join(''), 'notes')
    : ''
  return placed(
    g,
    running(m, g, { head: 'none', foot: random.weighted({ notice: 2, parts: 1, mark: 1 }) }),
    head + two + wide + notes,
    `.sheet { font-size: ${random.float(12, 13).toFixed(1)}px; }`,
  )
}

function contents(m: Material): Sheet {
  const { random, prose } = m
  const g = geometry(m, { a4: 2, letter: 1, b5: 1 }, [0.1, 0.18])
  const leader = random.chance(0.6)
  let page = random.int(1, 9)
  const rows: string[] = []
  const count = random.int(8, 30)
  for (let chapter = 1; rows.length < count; chapter++) {
    const row = (level: number, number: string): string => {
      page += random.int(0, 9)
      const dots = leader
        ? '<td style="width:99%;border-bottom:1px dotted currentColor"></td>'
        : '<td style="width:99%"></td>'
      return `<tr style="${level === 0 ? 'font-weight:bold' : ''}"><td style="white-space:nowrap;padding-inline-start:${0.2 + level * 1.5}em">${number} &nbsp;${escapeHtml(prose.phrase())}</td>${dots}<td class="num">${prose.digits(page)}</td></tr>`
    }
    rows.push(row(0, prose.digits(chapter)))
    for (let k = random.int(0, 5); k > 0; k--) rows.push(row(1, prose.digits(`${chapter}.${6 - k}`)))
  }
  const heading = region('Section-header', escapeHtml(prose.label('contents')), {
    tag: 'h1',
    as: 'h h1',
    style: 'margin-top:0;font-size:1.7em',
  })
  const own = region('Table', rows.slice(0, count).join(''), { tag: 'table', as: 'tab', style: 'width:100%;border:0' })
  return placed(
    g,
    running(m, g, { head: random.weighted({ none: 2, book: 1 }), foot: random.weighted({ number: 3, none: 1 }) }),
    heading + own,
  )
}

function poster(m: Material): Sheet {
  const { random, prose, theme } = m
  const [width, height] = random.pick([
    [900, 1240],
    [1000, 1300],
    [1240, 900],
  ] as const)
  const columns = width > height ? 3 : random.int(2, 3)
  const dark = random.chance(0.6)
  const own = (width - 60 - (columns - 1) * 22) / columns
  const institutes = region('Text', escapeHtml([prose.person(), prose.person(), prose.organisation()].join(' · ')), {
    style: 'font-size:1.1em',
  })
  const head = box(
    `<div>${title(m, 2.1, dark ? 'color:#fff;' : '')}${institutes}</div>${random.chance(0.5) ? emblem(m, 'seal', 80) : ''}`,
    '',
    `flex:none;display:flex;justify-content:space-between;align-items:center;padding:22px 30px;${dark ? `background:${theme.accent};color:#fff` : `border-bottom:4px solid ${theme.accent}`}`,
  )
  const body = box(
    blocks(
      m,
      { blocks: { p: 3, h1: 2.2, list: 2, figure: 2.4, table: 1, callout: 0.6, formula: 0.5 } },
      own,
      (width - 60) * (height - 160) * 1.1,
    ),
    'flow',
    `columns:${columns};column-gap:22px;flex:1 1 0;min-height:0;margin:20px 30px`,
  )
  const foot = random.chance(0.5)
    ? box(
        region('Page-footer', escapeHtml(`${prose.organisation()} · ${prose.email()}`)),
        '',
        'flex:none;padding:4px 30px 12px;font-size:0.8em',
      )
    : ''
  return { width, height, html: box(head + body + foot, '', 'display:flex;flex-direction:column;height:100%') }
}

function cover(m: Material): Sheet {
  const { random, prose, theme } = m
  const g = geometry(m, { a4: 2, letter: 1, b5: 1 })
  const align = random.pick(['start', 'center'])
  const mark = box(
    emblem(m, random.pick(['logo', 'logo', 'seal']), random.int(50, 90)),
    '',
    `display:flex;justify-content:${align};margin:${random.int(10, 80)}px 0`,
  )
  const sub = region('Section-header', escapeHtml(prose.phrase()), {
    style: `font-size:1.3em;text-align:${align};margin:0.8em 0 1.6em`,
  })
  const who = region(
    'Text',
    [prose.person(), prose.organisation(), prose.date()].slice(random.int(0, 1)).map(escapeHtml).join('<br>'),
    { style: `text-align:${align};font-size:1.05em` },
  )
  const image = random.chance(0.5)
    ? box(picture(m, g.width - g.left - g.right, random.float(1.2, 2), 'photo'), '', 'margin:2em 0')
    : `<div style="height:${random.int(60, 240)}px"></div>`
  const bar = random.chance(0.3)
    ? `<div style="position:absolute;left:0;bottom:0;width:100%;height:${random.int(16, 60)}px;background:${theme.accent}"></div>`
    : ''
  const legal = random.chance(0.4)
    ? region('Text', prose.paragraph(2), { style: 'font-size:0.75em;margin-top:3em' })
    : ''
  return placed(g, bar, mark + title(m, random.float(2.2, 3.4), `text-align:${align};`) + sub + image + who + legal)
}

/** Two languages side by side, paragraph by paragraph. */
function parallel(m: Material): Sheet {
  const { random, prose } = m
  const g = geometry(m, { a4: 2, b5: 1 }, [0.06, 0.1])
  const other = m.otherProse()
  const rows = Array.from({ length: random.int(5, 12) }, () => {
    const sentences = random.int(1, 4)
    const side = (text: string, lang: string, dir: string): string =>
      `<div style="flex:1" lang="${lang}" dir="${dir}">${text}</div>`
    const head = random.chance(0.25)
    const cell = (from: typeof prose): string =>
      head
        ? region('Section-header', escapeHtml(from.phrase()), { style: 'font-weight:bold' })
        : region('Text', from.paragraph(sentences), { tag: 'p', style: 'margin:0' })
    return box(
      side(cell(prose), m.language.code, m.language.direction) +
        side(cell(other), other.language.code, other.language.direction),
      '',
      'display:flex;gap:26px;margin-bottom:0.9em;break-inside:avoid',
    )
  })
  const top = random.chance(0.5)
    ? box(`<div style="flex:1">${title(m, 1.5)}</div>`, '', 'display:flex;gap:26px;margin-bottom:0.8em')
    : ''
  return placed(
    g,
    running(m, g, {
      head: random.weighted({ none: 1, report: 1, number: 1 }),
      foot: random.weighted({ number: 2, none: 1 }),
    }),
    top + rows.join(''),
  )
}

/** A screen of a site: bar on top, a column of links, an article. */
function screen(m: Material): Sheet {
  const { random, prose, theme } = m
  const [width, height] = random.pick([
    [900, 1150],
    [1100, 820],
    [1000, 1300],
    [480, 900],
  ] as const)
  const narrow = width < 600
  const links = Array.from({ length: narrow ? 2 : random.int(3, 6) }, () =>
    region('Page-header', escapeHtml(prose.words(1)), { tag: 'span' }),
  )
  const dark = random.chance(0.5)
  const bar = box(
    (random.chance(0.7) ? emblem(m, 'logo', 24) : '') + links.join(''),
    '',
    `display:flex;gap:2.4em;align-items:center;padding:12px 24px;${dark ? `background:${random.pick([theme.accent, '#222'])};color:#fff` : 'border-bottom:1px solid #ccc'}`,
  )
  const side = !narrow && random.chance(0.6)
  const menu = side
    ? box(
        Array.from({ length: random.int(5, 14) }, () =>
          region('List-item', escapeHtml(prose.words(random.int(1, 2))), { style: 'margin-bottom:0.5em' }),
        ).join(''),
        '',
        `flex:0 0 170px;padding:20px 16px;${random.chance(0.5) ? 'background:#f3f4f6;color:#222' : 'border-inline-end:1px solid #ddd'};font-size:0.88em`,
      )
    : ''
  const inner = width - (side ? 230 : 60)
  const article =
    title(m, random.float(1.7, 2.3)) +
    blocks(
      m,
      { blocks: { p: 5, h2: 1.6, list: 1.4, photo: 1.2, code: 1, callout: 0.8, table: 0.8 } },
      inner,
      inner * height,
    )
  const main = box(article, 'flow', 'columns:1;flex:1;min-width:0;height:100%')
  const foot = siteFoot(m, narrow)
  return {
    width,
    height,
    html: box(
      box(bar, '', 'flex:none') +
        box(
          menu + box(main, '', 'flex:1;min-width:0;padding:20px 26px;height:100%'),
          '',
          'flex:1 1 0;min-height:0;display:flex',
        ) +
        foot,
      '',
      'display:flex;flex-direction:column;height:100%',
    ),
  }
}

/** What a site's pages end with: a line of names, or columns of short lines. */
function siteFoot(m: Material, narrow: boolean): string {
  const { random, prose, theme } = m
  const kind = random.weighted({ none: 4, line: 4, columns: narrow ? 0 : 3 })
  if (kind === 'none') return ''
  const ground = random.pick([
    'background:#eee;color:#333',
    `background:${theme.accent};color:#fff`,
    'border-top:1px solid',
  ])
  const notice = `© ${prose.year()} ${prose.organisation()} · ${prose.words(1)} · ${prose.words(1)}`
  const column = (): string =>
    region(
      'Page-footer',
      Array.from({ length: random.int(2, 4) }, () => escapeHtml(prose.words(random.int(1, 2)))).join('<br>'),
    )
  const inside =
    kind === 'line'
      ? region('Page-footer', escapeHtml(notice), { style: `text-align:${random.pick(['start', 'center'])}` })
      : Array.from({ length: random.int(2, 4) }, column).join('')
  return box(
    inside,
    '',
    `flex:none;${ground};padding:10px 24px;font-size:0.8em;${kind === 'line' ? '' : 'display:flex;justify-content:space-between'}`,
  )
}

/** A page full of numbers. */
function figures(m: Material): Sheet {
  const { random } = m
  const g = geometry(m, { a4: 2, letter: 1 }, [0.06, 0.1])
  const parts = Array.from(
    { length: random.int(2, 4) },
    () =>
      (random.chance(0.4) ? plainHeading(m.prose.phrase()) : '') +
      (random.chance(0.7)
        ? captionedTable(m, { rows: random.int(5, 16), columns: random.int(4, 8), full: random.chance(0.8) })
        : table(m, { columns: random.int(3, 6), full: true })),
  )
  const top = random.chance(0.7) ? title(m, 1.6) : ''
  return placed(
    g,
    running(m, g, {
      head: random.weighted({ report: 2, none: 1, notice: 1 }),
      foot: random.weighted({ of: 1, number: 2, parts: 1 }),
    }),
    top + parts.join(''),
  )
}

export const SHEETS: readonly Template[] = [
  {
    name: 'datasheet',
    family: 'datasheet',
    weight: 4,
    theme: { bodyRole: 'sans', numbering: 'none' },
    draw: datasheet,
  },
  { name: 'statistics', family: 'datasheet', weight: 5.5, theme: { numbering: 'none' }, draw: figures },
  { name: 'contents', family: 'book', weight: 1.5, theme: { tableDress: 'bare' }, draw: contents },
  {
    name: 'poster',
    family: 'poster',
    weight: 2,
    theme: { bodyRole: 'sans', numbering: 'none', paragraphs: 'space' },
    draw: poster,
  },
  { name: 'cover', family: 'report', weight: 2.5, draw: cover },
  { name: 'parallel', family: 'bilingual', weight: 2, theme: { align: 'start' }, draw: parallel },
  {
    name: 'screen',
    family: 'web',
    weight: 4,
    theme: { bodyRole: 'sans', numbering: 'none', paragraphs: 'space', align: 'start' },
    draw: screen,
  },
]
