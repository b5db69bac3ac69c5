/** @file Validation: families and styles that no training page has. The list of their names is `HELD_OUT`. */
import { box, escapeHtml, region } from '../markup.js'
import { placed } from './arrange.js'
import { footnotes, formulaPassage, item, list, paragraph, plainHeading, theorem } from './blocks.js'
import { captionedTable, emblem, figure, picture, table } from './floats.js'
import { blocks, flowTemplate } from './flow.js'
import { HELD_OUT_FLOWS } from './held-out-flows.js'
import { title } from './openings.js'
import type { Material, Sheet, Template } from './page.js'
import { geometry, running } from './running.js'

/** Pictures in rows with their names, as in catalogues. */
function catalogue(m: Material): Sheet {
  const { random, prose } = m
  const g = geometry(m, { a4: 1, letter: 1 }, [0.06, 0.09])
  const columns = random.int(2, 3)
  const width = (g.width - g.left - g.right - 20 * (columns - 1)) / columns
  const aspect = random.float(1, 1.5)
  const cells = Array.from({ length: columns * random.int(2, 3) }, () => {
    const price = random.chance(0.5) ? `<br><b>${escapeHtml(prose.money(200))}</b>` : ''
    return box(
      picture(m, width, aspect, random.chance(0.8) ? 'photo' : 'diagram') +
        region('Caption', `<b>${escapeHtml(prose.words(2))}</b> ${prose.sentence()}${price}`, {
          style: 'font-size:0.85em;margin-top:0.4em;line-height:1.25',
        }),
      '',
    )
  })
  const grid = box(cells.join(''), '', `display:grid;grid-template-columns:repeat(${columns},1fr);gap:20px`)
  return placed(
    g,
    running(m, g, { head: random.weighted({ center: 1, logo: 1 }), foot: random.weighted({ outer: 1, address: 1 }) }),
    title(m, 1.8, 'text-align:center;') + (random.chance(0.5) ? paragraph(m, 2) : '') + grid,
  )
}

/** Movements of an account. */
function statement(m: Material): Sheet {
  const { random, prose, theme } = m
  const g = geometry(m, { a4: 1, letter: 1 }, [0.1, 0.13])
  const panel = box(
    region('Text', [prose.person(), ...prose.address()].map(escapeHtml).join('<br>')),
    '',
    'padding:0.8em;border-radius:8px;background:#eef1f4;color:#111;flex:1',
  )
  const facts = box(
    region(
      'Text',
      [`${prose.label('date')}: ${prose.date()}`, `${prose.label('total')}: ${prose.money()}`, prose.code()]
        .map(escapeHtml)
        .join('<br>'),
    ),
    '',
    `padding:0.8em;border:1px solid ${theme.accent};flex:1`,
  )
  const head = `<tr class="head"><th>${escapeHtml(prose.label('date'))}</th><th>${escapeHtml(prose.label('description'))}</th><th class="num">−</th><th class="num">+</th></tr>`
  const rows = Array.from(
    { length: random.int(8, 20) },
    () =>
      `<tr><td>${escapeHtml(prose.date())}</td><td>${escapeHtml(prose.phrase())}</td><td class="num">${random.chance(0.6) ? escapeHtml(prose.money()) : ''}</td><td class="num">${random.chance(0.4) ? escapeHtml(prose.money()) : ''}</td></tr>`,
  )
  const movements = region('Table', head + rows.join(''), {
    tag: 'table',
    as: 'tab',
    style: 'width:100%;margin:1.4em 0',
  })
  const notes = footnotes(m, random.int(0, 2))
  const top = box(
    title(m, 1.7) + emblem(m, 'logo', 40),
    '',
    'display:flex;flex-direction:row-reverse;justify-content:space-between;margin-bottom:1.2em',
  )
  return placed(
    g,
    running(m, g, { head: 'none', foot: random.weighted({ address: 1, of: 1 }) }),
    top + box(panel + facts, '', 'display:flex;gap:1.2em') + movements + notes + paragraph(m, 2),
  )
}

/** A slide with a coloured panel at its side. */
function deck(m: Material): Sheet {
  const { random, prose, theme } = m
  const [width, height] = [960, random.pick([540, 600])]
  const panel = random.int(230, 320)
  const name = title(m, 1.4, 'color:#fff;margin:0 0 0.8em;')
  const sub = random.chance(0.6)
    ? region('Section-header', escapeHtml(prose.phrase()), { style: 'color:#fff;font-size:0.75em' })
    : ''
  const kind = random.pick(['list', 'figure', 'table', 'formula', 'text'] as const)
  const content = {
    list: () => list(m, { items: random.int(3, 6), nested: false }),
    figure: () => figure(m, width - panel - 130),
    table: () => table(m, { rows: random.int(4, 7), columns: random.int(3, 4), full: true }),
    formula: () => formulaPassage(m),
    text: () => plainHeading(prose.phrase()) + paragraph(m, 2) + plainHeading(prose.phrase()) + paragraph(m, 1),
  }[kind]()
  const left = box(
    name + sub,
    '',
    `position:absolute;inset-inline-start:0;top:0;width:${panel}px;height:100%;background:${theme.accent};padding:46px 26px`,
  )
  const right = box(
    content,
    '',
    `position:absolute;inset-inline-start:${panel + 46}px;inset-inline-end:46px;top:40px;bottom:52px;display:flex;flex-direction:column;justify-content:center`,
  )
  const foot = box(
    region('Page-footer', escapeHtml(prose.organisation()), { tag: 'span' }) +
      region('Page-footer', prose.digits(random.int(1, 80)), { tag: 'span' }),
    '',
    `position:absolute;inset-inline-start:${panel + 46}px;inset-inline-end:46px;bottom:14px;display:flex;justify-content:space-between;font-size:0.5em`,
  )
  return {
    width,
    height,
    html: left + right + foot,
    css: '.sheet { font-size: 20px; line-height: 1.35; } .item { margin-block-end: 0.5em; } .tab { font-size: 0.8em; } .cap { font-size: 0.65em; }',
  }
}

/** Questions answered by crosses in a grid. */
function questionnaire(m: Material): Sheet {
  const { random, prose } = m
  const g = geometry(m, { a4: 1, letter: 1 }, [0.1, 0.12])
  const part = (n: number): string => {
    const marks = random.int(4, 6)
    const head = `<tr class="head"><th></th>${Array.from({ length: marks }, (_, i) => `<th class="num">${prose.digits(i + 1)}</th>`).join('')}</tr>`
    const rows = Array.from(
      { length: random.int(3, 7) },
      () =>
        `<tr><td style="width:60%">${escapeHtml(prose.clause())}</td>${'<td class="num">○</td>'.repeat(marks)}</tr>`,
    )
    return (
      region('Section-header', escapeHtml(`${prose.digits(n)} / ${prose.phrase()}`), {
        style: 'font-weight:bold;margin:1.2em 0 0.4em',
      }) +
      paragraph(m, 1) +
      region('Table', head + rows.join(''), {
        tag: 'table',
        as: 'tab',
        style: 'width:100%;margin-top:0.4em;break-inside:avoid',
      })
    )
  }
  const html =
    title(m, 1.8) + paragraph(m, 3) + Array.from({ length: random.int(2, 4) }, (_, i) => part(i + 1)).join('')
  return placed(
    g,
    running(m, g, { head: random.weighted({ logo: 1, notice: 1 }), foot: random.weighted({ of: 1, number: 1 }) }),
    html,
  )
}

/** A photo, what is needed, what to do. */
function recipe(m: Material): Sheet {
  const { random, prose, theme } = m
  const g = geometry(m, { a5: 1, a4: 1, letter: 1 }, [0.08, 0.11])
  const width = g.width - g.left - g.right
  const needs = box(
    plainHeading(prose.words(1), 3) +
      Array.from({ length: random.int(5, 10) }, () =>
        item(theme.bullet, escapeHtml(`${prose.digits(random.int(1, 900))} g ${prose.words(1)}`)),
      ).join(''),
    '',
    `flex:0 0 34%;border-top:3px solid ${theme.accent};padding-top:0.4em`,
  )
  const steps = box(
    plainHeading(prose.words(2), 3) +
      Array.from({ length: random.int(4, 7) }, (_, i) =>
        item(prose.digits(`${i + 1}`), prose.paragraph(random.int(1, 2)), 'item wide'),
      ).join(''),
    '',
    'flex:1;min-width:0',
  )
  const html =
    title(m, 2.2, 'text-align:center;font-style:italic;') +
    region('Text', prose.paragraph(1), { style: 'text-align:center;margin-bottom:1em' }) +
    picture(m, width, random.float(1.7, 2.6), 'photo') +
    box(needs + steps, '', 'display:flex;gap:1.6em;margin-top:1.2em') +
    (random.chance(0.4)
      ? box(
          region('Text', `${escapeHtml(prose.label('note'))} ${prose.paragraph(1)}`),
          '',
          'border:1px dashed;padding:0.7em;margin-top:1em',
        )
      : '')
  return placed(g, running(m, g, { head: 'none', foot: random.weighted({ outer: 1, mark: 1, none: 1 }) }), html)
}

/** A site's front page of cards. */
function portal(m: Material): Sheet {
  const { random, prose, theme } = m
  const [width, height] = [1000, random.int(900, 1250)]
  const bar = box(
    emblem(m, 'logo', 30) +
      Array.from({ length: random.int(3, 5) }, () =>
        region('Page-header', escapeHtml(prose.words(1)), { tag: 'span' }),
      ).join(''),
    '',
    `display:flex;justify-content:space-between;align-items:center;padding:16px 40px;border-top:6px solid ${theme.accent}`,
  )
  const lead = box(
    box(title(m, 2) + paragraph(m, 2), '', 'flex:1;min-width:0') + picture(m, 430, 1.8, 'photo'),
    '',
    'display:flex;gap:30px;padding:20px 40px;align-items:center',
  )
  const card = (): string =>
    box(
      picture(m, 280, 1.7, random.pick(['photo', 'chart'])) + plainHeading(prose.phrase(), 3) + paragraph(m, 2),
      '',
      'flex:1;min-width:0;border:1px solid #ddd;padding:10px',
    )
  const cards = box([card(), card(), card()].join(''), '', 'display:flex;gap:24px;padding:10px 40px')
  const foot = box(
    region('Page-footer', escapeHtml([prose.organisation(), ...prose.address(), prose.phone()].join(' — '))),
    '',
    'margin:20px 40px 0;border-top:1px solid #ccc;padding-top:8px;font-size:0.8em;text-align:center',
  )
  return { width, height, html: box(bar + lead + cards + foot, 'clip', 'height:100%;overflow:hidden') }
}

/** Somebody's life in two columns. */
function curriculum(m: Material): Sheet {
  const { random, prose } = m
  const g = geometry(m, { a4: 1, letter: 1 }, [0.08, 0.1])
  const entry = (): string =>
    box(
      `<div style="flex:0 0 6.5em">${region('Text', prose.digits([prose.year(), prose.year()].sort((a, b) => a - b).join('–')))}</div>${region('Text', `<b>${escapeHtml(prose.phrase())}</b>, ${escapeHtml(prose.organisation())}<br>${prose.paragraph(1)}`, { style: 'flex:1' })}`,
      '',
      'display:flex;gap:1em;margin-bottom:0.6em',
    )
  const part = (): string =>
    region('Section-header', escapeHtml(prose.words(2)), {
      style: 'font-weight:bold;border-bottom:1px solid;margin:1em 0 0.6em;font-size:1.15em',
    }) + (random.chance(0.25) ? list(m, { nested: false }) : Array.from({ length: random.int(2, 4) }, entry).join(''))
  const head = box(
    `<div>${title(m, 2.2, '', () => prose.person())}${region('Text', escapeHtml([...prose.address(), prose.phone(), prose.email()].join(' · ')), { style: 'font-size:0.85em' })}</div>${random.chance(0.6) ? picture(m, 96, 0.8, 'photo') : ''}`,
    '',
    'display:flex;justify-content:space-between;gap:1em',
  )
  return placed(
    g,
    running(m, g, { head: 'none', foot: random.weighted({ number: 1, none: 1 }) }),
    head + Array.from({ length: random.int(3, 5) }, part).join(''),
  )
}

/** A lesson: rules in frames, worked formulas, tasks. */
function lesson(m: Material): Sheet {
  const { random, prose, theme } = m
  const g = geometry(m, { a4: 1, b5: 1 }, [0.1, 0.13])
  const frame = (html: string): string =>
    box(html, '', `border:2px solid ${theme.accent};border-radius:6px;padding:0.7em 1em;margin:1em 0`)
  const parts = Array.from({ length: random.int(2, 4) }, () =>
    random.pick([
      () => frame(plainHeading(prose.label('definition'), 3) + formulaPassage(m)),
      () => formulaPassage(m) + theorem(m),
      () => plainHeading(prose.phrase()) + paragraph(m) + figure(m, 380, 'diagram'),
      () => plainHeading(prose.label('exercise')) + list(m, { items: random.int(2, 4), numbered: true, nested: false }),
    ])(),
  )
  return placed(
    g,
    running(m, g, { head: random.weighted({ report: 1, none: 1 }), foot: random.weighted({ outer: 1, number: 1 }) }),
    (random.chance(0.7) ? title(m, 1.7) : '') + paragraph(m, 3) + parts.join('') + footnotes(m, random.int(0, 2)),
  )
}

/** Facts on a wide card of three columns. */
function card(m: Material): Sheet {
  const [width, height] = [1123, 794]
  const content = blocks(
    m,
    { blocks: { h2: 2, list: 2, table: 1.6, code: 1, definitions: 1.2, p: 1.5, figure: 0.5 } },
    330,
    330 * 640 * 3,
  )
  const html =
    box(title(m, 1.6, 'margin:0;'), '', 'flex:none;padding:22px 34px 10px') +
    box(
      content,
      'flow',
      'columns:3;column-gap:26px;column-rule:1px dashed #999;flex:1 1 0;min-height:0;margin:0 34px',
    ) +
    box(
      region('Page-footer', escapeHtml(`${m.prose.host()} · ${m.prose.date()}`)),
      '',
      'flex:none;padding:8px 34px 14px;font-size:0.8em;text-align:end',
    )
  return {
    width,
    height,
    html: box(html, '', 'display:flex;flex-direction:column;height:100%'),
    css: '.sheet { font-size: 11.5px; }',
  }
}

/** Times, rooms and names of an event. */
function programme(m: Material): Sheet {
  const { random, prose, theme } = m
  const g = geometry(m, { a4: 1, a5: 1, letter: 1 }, [0.1, 0.13])
  const day = (): string => {
    const rows = Array.from(
      { length: random.int(4, 9) },
      (_, i) =>
        `<tr><td style="white-space:nowrap"><b>${prose.digits(`${9 + i}:${random.pick(['00', '15', '30'])}`)}</b></td><td>${escapeHtml(prose.phrase())}</td><td><i>${escapeHtml(prose.person())}</i></td></tr>`,
    )
    return (
      region('Section-header', escapeHtml(`${prose.date()} – ${prose.place()}`), {
        style: `font-weight:bold;color:${theme.accent};margin:1.2em 0 0.4em`,
      }) +
      region('Table', rows.join(''), { tag: 'table', as: 'tab', style: 'width:100%;break-inside:avoid' }) +
      (random.chance(0.5) ? box(region('Footnote', `* ${prose.paragraph(1)}`), 'notes', 'margin-top:0.3em') : '')
    )
  }
  const top = random.chance(0.5)
    ? box(emblem(m, 'seal', 76), '', 'display:flex;justify-content:center;margin-bottom:0.6em')
    : ''
  return placed(
    g,
    running(m, g, { head: 'none', foot: random.weighted({ address: 1, mark: 1 }) }),
    top +
      title(m, 2, 'text-align:center;') +
      region('Text', prose.paragraph(2), { style: 'text-align:center' }) +
      Array.from({ length: random.int(2, 3) }, day).join('') +
      captionedTable(m, { rows: 3 }),
  )
}

export const HELD_OUT: readonly Template[] = [
  ...HELD_OUT_FLOWS.map(flowTemplate),
  { name: 'catalogue', family: 'catalogue', weight: 2, draw: catalogue },
  { name: 'statement', family: 'business', weight: 2.5, theme: { tableDress: 'rows' }, draw: statement },
  {
    name: 'deck',
    family: 'slides',
    weight: 5,
    theme: { align: 'start', paragraphs: 'space', numbering: 'none' },
    draw: deck,
  },
  { name: 'questionnaire', family: 'form', weight: 2.5, draw: questionnaire },
  { name: 'recipe', family: 'recipe', weight: 2, draw: recipe },
  { name: 'portal', family: 'web', weight: 2, theme: { paragraphs: 'space', align: 'start' }, draw: portal },
  { name: 'curriculum-vitae', family: 'curriculum-vitae', weight: 2, draw: curriculum },
  { name: 'lesson', family: 'lesson', weight: 5, theme: { paragraphs: 'space' }, draw: lesson },
  { name: 'card', family: 'card', weight: 2, theme: { numbering: 'none', size: 11.5, align: 'start' }, draw: card },
  { name: 'programme', family: 'programme', weight: 2.5, theme: { tableDress: 'bare' }, draw: programme },
]
