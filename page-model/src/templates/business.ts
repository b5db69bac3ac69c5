/** @file Training: invoices, letters, memos, receipts, order forms. */
import { box, escapeHtml, region } from '../markup.js'
import { placed } from './arrange.js'
import { list, paragraph } from './blocks.js'
import { emblem, table } from './floats.js'
import { title } from './openings.js'
import type { Material, Sheet, Template } from './page.js'
import { geometry, running } from './running.js'

/** Lines in one box. */
export function lines(m: Material, texts: readonly string[], style = ''): string {
  return region('Text', texts.map(escapeHtml).join('<br>'), { style: `line-height:${m.theme.leading};${style}` })
}

export function addressBlock(m: Material): string[] {
  const { prose, random } = m
  const out = [prose.organisation(), prose.person(), ...prose.address()]
  if (random.chance(0.4)) out.push(prose.phone())
  if (random.chance(0.3)) out.push(prose.email())
  return out.slice(random.int(0, 1))
}

/** Positions with quantities and prices, and their sums. */
export function priceTable(m: Material, rows: number): string {
  const { prose, random } = m
  const names = ['item', 'quantity', 'price', 'total'] as const
  const code = random.chance(0.4)
  const head = `${code ? '<th>#</th>' : ''}${names.map((name, i) => `<th${i === 0 ? '' : ' class="num"'}>${escapeHtml(prose.label(name))}</th>`).join('')}`
  const body = Array.from({ length: rows }, (_, i) => {
    const name = random.chance(0.3)
      ? `${escapeHtml(prose.words(2))}<br><small>${escapeHtml(prose.phrase())}</small>`
      : escapeHtml(prose.words(random.int(1, 4)))
    return `<tr>${code ? `<td>${prose.digits(i + 1)}</td>` : ''}<td>${name}</td><td class="num">${prose.digits(random.int(1, 40))}</td><td class="num">${escapeHtml(prose.money(300))}</td><td class="num">${escapeHtml(prose.money())}</td></tr>`
  })
  const sums = (['subtotal', 'tax', 'total'] as const).map(
    (name) =>
      `<tr style="font-weight:bold"><td colspan="${code ? 4 : 3}" class="num">${escapeHtml(prose.label(name))}</td><td class="num">${escapeHtml(prose.money())}</td></tr>`,
  )
  return region('Table', `<tr class="head">${head}</tr>${body.join('')}${random.chance(0.7) ? sums.join('') : ''}`, {
    tag: 'table',
    as: 'tab',
    style: 'width:100%',
  })
}

function invoice(m: Material): Sheet {
  const { random, prose, theme } = m
  const g = geometry(m, { a4: 3, letter: 2 })
  const facts = (['invoice', 'date', 'phone'] as const).map(
    (name) =>
      `${prose.label(name)}: ${name === 'date' ? prose.date() : name === 'phone' ? prose.phone() : prose.code()}`,
  )
  const mark = random.chance(0.8)
    ? emblem(m, 'logo', random.int(32, 64))
    : region('Text', escapeHtml(prose.organisation()), { style: 'font-weight:bold;font-size:1.3em' })
  const number = (): string => (random.chance(0.4) ? ` ${prose.code()}` : '')
  const word = title(m, random.float(1.6, 2.6), '', () => `${prose.label('invoice')}${number()}`)
  const sender = lines(m, addressBlock(m), 'font-size:0.85em')
  const receiver = lines(m, addressBlock(m))
  const data = lines(m, facts, random.chance(0.5) ? 'text-align:end' : '')
  const row = (a: string, b: string): string =>
    box(
      `<div>${a}</div><div>${b}</div>`,
      '',
      'display:flex;justify-content:space-between;align-items:flex-start;margin-bottom:2em;gap:2em',
    )
  const top = random.chance(0.5)
    ? row(mark, word) + row(receiver, data)
    : row(sender, mark) + row(receiver, data) + word
  const end = [
    paragraph(m, random.int(1, 2)),
    random.chance(0.5)
      ? lines(
          m,
          [`IBAN XX${random.int(10, 99)} ${random.int(1000, 9999)} ${random.int(1000, 9999)}`, prose.organisation()],
          'margin-top:1em',
        )
      : '',
  ]
  const stamp = random.chance(0.25)
    ? box(emblem(m, random.pick(['seal', 'square', 'bars']), random.int(60, 90)), '', 'margin-top:1.5em')
    : ''
  const bar = random.chance(0.3)
    ? `<div style="position:absolute;left:0;top:0;width:100%;height:14px;background:${theme.accent}"></div>`
    : ''
  const html = top + box(priceTable(m, random.int(2, 11)), '', 'margin:1.2em 0') + end.join('') + stamp
  return placed(
    g,
    bar + running(m, g, { head: 'none', foot: random.weighted({ address: 2, parts: 1, of: 1, none: 1 }) }),
    html,
  )
}

function letter(m: Material): Sheet {
  const { random, prose } = m
  const g = geometry(m, { a4: 3, letter: 3 }, [0.1, 0.16])
  const dense = prose.language.space === ''
  const from = lines(
    m,
    addressBlock(m),
    `font-size:0.88em;text-align:${random.pick(['start', 'end'])};margin-bottom:1.6em`,
  )
  const head = random.chance(0.6)
    ? box(
        emblem(m, 'logo', random.int(30, 60)),
        '',
        `display:flex;justify-content:${random.pick(['start', 'center', 'end'])};margin-bottom:1.2em`,
      ) + (random.chance(0.4) ? from : '')
    : from
  const to = lines(m, addressBlock(m), 'margin-bottom:1.6em')
  const date = lines(
    m,
    [random.chance(0.6) ? `${prose.place()}, ${prose.date()}` : prose.date()],
    `text-align:${random.pick(['start', 'end'])};margin-bottom:1.2em`,
  )
  const subject = random.chance(0.75)
    ? region(
        'Title',
        `${random.chance(0.3) ? `${escapeHtml(prose.label('subject'))}: ` : ''}${escapeHtml(prose.phrase())}`,
        {
          style: 'font-weight:bold;margin-bottom:1.2em',
        },
      )
    : ''
  const greeting = lines(m, [`${prose.label('dear')}${dense ? '' : ' '}${prose.person()},`], 'margin-bottom:0.8em')
  const body = Array.from({ length: random.int(2, 7) }, () =>
    random.chance(0.15) ? list(m, { items: random.int(2, 4) }) : paragraph(m, random.int(2, 5)),
  ).join('')
  const sign = random.chance(0.7)
    ? box(emblem(m, 'signature', random.int(30, 48)), '', 'margin:0.4em 0')
    : '<div style="height:2.5em"></div>'
  const close =
    lines(m, [prose.label('regards')], 'margin-top:1.2em') +
    sign +
    lines(m, [prose.person(), ...(random.chance(0.5) ? [prose.words(2)] : [])])
  const html = head + (random.chance(0.5) ? to + date : date + to) + subject + greeting + body + close
  return placed(g, running(m, g, { head: 'none', foot: random.weighted({ none: 3, address: 3, number: 1 }) }), html)
}

function memo(m: Material): Sheet {
  const { random, prose } = m
  const g = geometry(m, { letter: 2, a4: 2 })
  const facts = [
    `${prose.label('date')}: ${prose.date()}`,
    `${prose.label('subject')}: ${prose.phrase()}`,
    `${prose.label('name')}: ${prose.person()}`,
  ]
  const rule = '<div style="border-top:1.2px solid currentColor;margin:0.8em 0 1em"></div>'
  const parts = Array.from({ length: random.int(4, 10) }, () =>
    random.chance(0.3) ? list(m) : paragraph(m, random.int(2, 5)),
  )
  const html =
    title(m, random.float(1.6, 2.4)) +
    facts.map((fact) => lines(m, [fact], 'margin-bottom:0.35em')).join('') +
    rule +
    parts.join('')
  return placed(
    g,
    running(m, g, {
      head: random.weighted({ none: 1, logo: 2, report: 1 }),
      foot: random.weighted({ none: 1, number: 1, of: 1, notice: 1 }),
    }),
    html,
  )
}

function receipt(m: Material): Sheet {
  const { random, prose, theme } = m
  const [width, height] = [random.int(300, 360), random.int(520, 760)]
  const rows = Array.from(
    { length: random.int(4, 12) },
    () =>
      `<tr><td>${escapeHtml(prose.words(random.int(1, 2)))}</td><td class="num">${escapeHtml(prose.money(90))}</td></tr>`,
  )
  const html =
    title(m, random.float(1.3, 1.8), 'text-align:center;') +
    lines(m, addressBlock(m).slice(0, 3), 'text-align:center;margin-bottom:1em') +
    lines(m, [`${prose.label('date')} ${prose.date()}`, prose.code()], 'margin-bottom:0.8em') +
    region(
      'Table',
      `${rows.join('')}<tr style="font-weight:bold;border-top:1px dashed"><td>${escapeHtml(prose.label('total'))}</td><td class="num">${escapeHtml(prose.money())}</td></tr>`,
      { tag: 'table', as: 'tab', style: 'width:100%;border:0' },
    ) +
    lines(m, [prose.phrase()], 'text-align:center;margin:1.2em 0') +
    box(emblem(m, random.pick(['bars', 'square']), random.int(50, 80)), '', 'display:flex;justify-content:center')
  return {
    width,
    height,
    html: box(
      box(html, 'flow', 'columns:1;height:100%'),
      '',
      `position:absolute;inset:22px;font-family:${theme.mono};font-size:12px`,
    ),
  }
}

function certificate(m: Material): Sheet {
  const { random, prose, theme } = m
  const g = geometry(m, { a4: 2, letter: 1, b5: 1 }, [0.14, 0.2])
  const frame = `<div style="position:absolute;inset:${random.int(24, 44)}px;border:${random.pick(['2px solid', '6px double', '1px solid'])} ${theme.accent}"></div>`
  const middle = (text: string, style: string): string =>
    region('Text', escapeHtml(text), { style: `text-align:center;${style}` })
  const html =
    box(
      emblem(m, random.pick(['logo', 'seal']), random.int(60, 100)),
      '',
      'display:flex;justify-content:center;margin:2.5em 0 1.5em',
    ) +
    title(m, random.float(2, 3), 'text-align:center;') +
    middle(prose.sentence(), 'margin:1.5em 0') +
    middle(prose.person(), 'font-size:1.6em;margin:0.8em 0') +
    region('Text', prose.paragraph(random.int(1, 3)), { style: 'text-align:center;margin-bottom:2.5em' }) +
    (random.chance(0.5) ? table(m, { rows: random.int(3, 6), columns: random.int(2, 4), full: true }) : '') +
    box(
      [0, 1]
        .map(() => `<div>${emblem(m, 'signature', 40)}${lines(m, [prose.person()], 'font-size:0.85em')}</div>`)
        .join(''),
      '',
      'display:flex;justify-content:space-between;margin-top:2em',
    )
  return placed(g, frame, html)
}

export const BUSINESS: readonly Template[] = [
  {
    name: 'invoice',
    family: 'business',
    weight: 5.5,
    theme: { bodyRole: 'sans', paragraphs: 'space', align: 'start' },
    draw: invoice,
  },
  { name: 'letter', family: 'business', weight: 4.5, theme: { paragraphs: 'space' }, draw: letter },
  { name: 'memo', family: 'business', weight: 2.5, theme: { paragraphs: 'space' }, draw: memo },
  { name: 'receipt', family: 'business', weight: 1, theme: { bodyRole: 'sans', tableDress: 'bare' }, draw: receipt },
  { name: 'certificate', family: 'business', weight: 1.2, draw: certificate },
]
