/** @file Training: forms to fill in, examinations. */
import { box, escapeHtml, region } from '../markup.js'
import { placed } from './arrange.js'
import { callout, paragraph } from './blocks.js'
import { emblem, picture } from './floats.js'
import { title } from './openings.js'
import type { Material, Sheet, Template } from './page.js'
import { geometry, running } from './running.js'

const FIELDS = [
  'name',
  'address',
  'phone',
  'email',
  'date',
  'signature',
  'description',
  'quantity',
  'subject',
  'item',
] as const

function field(m: Material): string {
  const { random, prose } = m
  const label = random.chance(0.6) ? prose.label(random.pick(FIELDS)) : prose.words(random.int(1, 2))
  const filled = random.chance(0.35)
    ? escapeHtml(random.pick([prose.person(), prose.date(), prose.place(), prose.code()]))
    : ''
  const blank = random.pick([
    'border-bottom:1px solid currentColor',
    'border-bottom:1px dotted currentColor',
    'border:1px solid currentColor',
  ])
  return region(
    'Text',
    `${escapeHtml(label)}: <span style="display:inline-block;min-width:${random.int(70, 150)}px;height:1.35em;vertical-align:bottom;${blank}">${filled}</span>`,
    { style: 'flex:1;white-space:nowrap' },
  )
}

function checks(m: Material): string {
  const { random, prose } = m
  const boxes = Array.from({ length: random.int(2, 5) }, () =>
    region(
      'List-item',
      `<span class="mark">${random.pick(['☐', '☐', '☒', '○'])}</span>${escapeHtml(random.chance(0.5) ? prose.phrase() : prose.words(2))}`,
      { as: 'item' },
    ),
  )
  return box(
    boxes.join(''),
    'list',
    random.chance(0.5) ? 'display:grid;grid-template-columns:1fr 1fr;padding:0' : 'padding:0',
  )
}

function gridForm(m: Material): string {
  const { random, prose } = m
  const columns = random.int(2, 3)
  const rows = Array.from({ length: random.int(2, 6) }, () => {
    const cells = Array.from(
      { length: columns },
      () =>
        `<td style="height:3.1em;border:1px solid currentColor"><small>${escapeHtml(random.chance(0.5) ? prose.label(random.pick(FIELDS)) : prose.words(2))}</small>${random.chance(0.35) ? `<br>${escapeHtml(prose.person())}` : ''}</td>`,
    )
    return `<tr>${random.chance(0.2) ? `<td colspan="${columns}" style="height:3.1em;border:1px solid currentColor"><small>${escapeHtml(prose.words(3))}</small></td>` : cells.join('')}</tr>`
  })
  return region('Table', rows.join(''), { tag: 'table', as: 'tab', style: 'width:100%;margin-bottom:0.9em' })
}

function form(m: Material): Sheet {
  const { random, prose, theme } = m
  const g = geometry(m, { a4: 2, letter: 2 }, [0.06, 0.1])
  const head = box(
    (random.chance(0.5) ? emblem(m, random.pick(['logo', 'seal']), random.int(40, 60)) : '') +
      `<div>${title(m, random.float(1.3, 1.9))}${random.chance(0.5) ? region('Text', escapeHtml(`${prose.code()} ${prose.sentence()}`), { style: 'font-size:0.85em' }) : ''}</div>`,
    '',
    'display:flex;gap:1.5em;align-items:center;margin-bottom:1em',
  )
  const dress = random.pick([
    `background:${theme.accent};color:#fff;padding:0.2em 0.6em`,
    'border-bottom:1.5px solid currentColor',
    'background:#ddd;color:#000;padding:0.2em 0.6em',
    '',
  ])
  const section = (): string => {
    const kind = random.weighted({ fields: 4, grid: 3, checks: 2, text: 1 })
    const body =
      kind === 'grid'
        ? gridForm(m)
        : kind === 'checks'
          ? paragraph(m, 1) + checks(m)
          : kind === 'text'
            ? paragraph(m, random.int(1, 3))
            : Array.from({ length: random.int(2, 5) }, () =>
                box(
                  Array.from({ length: random.int(1, 2) }, () => field(m)).join(''),
                  '',
                  'display:flex;gap:1.5em;margin-bottom:0.75em',
                ),
              ).join('')
    return (
      region(
        'Section-header',
        escapeHtml(`${random.chance(0.5) ? `${random.pick(['A', 'B', 'C', '1', '2', '3'])}. ` : ''}${prose.phrase()}`),
        { style: `font-weight:bold;margin:0.9em 0 0.6em;${dress}` },
      ) + box(body, '', 'break-inside:avoid')
    )
  }
  const sections = Array.from({ length: random.int(3, 7) }, section).join('')
  const end = random.chance(0.4) ? box(`${field(m)}${field(m)}`, '', 'display:flex;gap:2em;margin-top:1.5em') : ''
  return placed(
    g,
    running(m, g, {
      head: random.weighted({ none: 2, notice: 2 }),
      foot: random.weighted({ of: 2, mark: 2, none: 1 }),
    }),
    head + sections + end,
    `.sheet { font-size: ${random.float(12, 14).toFixed(1)}px; } .flow { hyphens: none; }`,
  )
}

/** Questions with rooms for answers. */
function exam(m: Material): Sheet {
  const { random, prose } = m
  const g = geometry(m, { a4: 2, letter: 2 })
  const facts = box(`${field(m)}${field(m)}`, '', 'display:flex;gap:2em;margin-bottom:1.2em')
  const questions = Array.from({ length: random.int(4, 9) }, (_, i) => {
    const ask = region(
      'List-item',
      `<span class="mark">${prose.digits(`${i + 1}.`)}</span>${prose.paragraph(random.int(1, 2), m.decoration)}`,
      { as: 'item', style: 'margin-bottom:0.5em' },
    )
    const answers = random.chance(0.5)
      ? box(
          'ABCD'
            .split('')
            .map((letter) =>
              region('List-item', `<span class="mark">${letter})</span>${escapeHtml(prose.words(2))}`, { as: 'item' }),
            )
            .join(''),
          'list',
          `padding-inline-start:2em;${random.chance(0.5) ? 'display:grid;grid-template-columns:1fr 1fr' : ''}`,
        )
      : `<div style="height:${random.int(40, 110)}px"></div>`
    const drawing = random.chance(0.2)
      ? box(picture(m, random.int(160, 280), 1.5, 'diagram'), '', 'margin:0.5em 0')
      : ''
    return box(ask + drawing + answers, '', 'break-inside:avoid;margin-bottom:0.6em')
  })
  return placed(
    g,
    running(m, g, { head: random.weighted({ none: 1, report: 2 }), foot: random.weighted({ of: 2, number: 1 }) }),
    title(m, 1.6, `text-align:${random.pick(['start', 'center'])};`) +
      facts +
      (random.chance(0.5) ? callout(m) : paragraph(m, 2)) +
      questions.join(''),
  )
}

export const FORMS: readonly Template[] = [
  { name: 'form', family: 'form', weight: 4, theme: { align: 'start', bodyRole: 'sans' }, draw: form },
  { name: 'exam', family: 'form', weight: 1.2, draw: exam },
]
