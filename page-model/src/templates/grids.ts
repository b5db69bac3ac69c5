/** @file Training: tables without captions between headings and lines of text: hours, marks to be set, lists with sentences. */
import { box, escapeHtml, region } from '../markup.js'
import { placed } from './arrange.js'
import { bulleted, paragraph, plainHeading } from './blocks.js'
import { caption, emblem } from './floats.js'
import { title } from './openings.js'
import type { Material, Sheet, Template } from './page.js'
import { geometry, running } from './running.js'

/** What a column holds. Each is drawn once per table and gives a cell. */
const COLUMNS = {
  sentence: (m: Material) => () => m.prose.paragraph(1),
  sentences: (m: Material) => () => m.prose.paragraph(m.random.int(1, 3)),
  clause: (m: Material) => () => escapeHtml(m.prose.clause()),
  phrase: (m: Material) => () => escapeHtml(m.prose.phrase()),
  word: (m: Material) => () => escapeHtml(m.prose.words(1)),
  person: (m: Material) => {
    const tag = m.random.pick(['i', 'span', 'b'])
    return () => `<${tag}>${escapeHtml(m.prose.person())}</${tag}>`
  },
  code: (m: Material) => () => `<code>${escapeHtml(m.prose.code())}</code>`,
  date: (m: Material) => () => escapeHtml(m.prose.date()),
  money: (m: Material) => () => escapeHtml(m.prose.money()),
  amount: (m: Material) => () => escapeHtml(m.prose.digits(m.prose.amount())),
  count: (m: Material) => {
    let n = m.random.int(1, 20)
    return () => m.prose.digits(n++)
  },
  hour: (m: Material) => {
    const [step, ends] = [m.random.pick([15, 20, 30, 45, 60, 90]), m.random.chance(0.35)]
    let minute = step * Math.round((60 * m.random.int(6, 11)) / step)
    const clock = (at: number): string => `${Math.floor(at / 60) % 24}:${String(at % 60).padStart(2, '0')}`
    return () => {
      const from = minute
      minute += step
      return m.prose.digits(ends ? `${clock(from)}–${clock(minute)}` : clock(from))
    }
  },
  /** Boxes to be crossed, or crossed ones. */
  mark: (m: Material) => {
    const [blank, set] = m.random.pick([
      ['○', '●'],
      ['☐', '☒'],
      ['', '✓'],
      ['–', '×'],
      ['□', '■'],
    ])
    const share = m.random.pick([0, 0, 0.3, 0.6])
    return () => (m.random.chance(share) ? set : blank)
  },
  blank: () => () => '&nbsp;',
} as const

type Column = keyof typeof COLUMNS

const NUMERIC: readonly Column[] = ['money', 'amount', 'mark']

/** The columns of a table, told by what its rows are. */
function columnsOf({ random }: Material): readonly Column[] {
  const marks = (low: number, high: number): Column[] => new Array<Column>(random.int(low, high)).fill('mark')
  return random.pick<() => readonly Column[]>([
    () => [random.pick(['sentence', 'clause', 'phrase'] as const), ...marks(2, 8)],
    () => ['count', random.pick(['sentence', 'clause'] as const), ...marks(1, 4)],
    () => ['hour', 'phrase', random.pick(['person', 'word', 'phrase'] as const)],
    () => ['hour', ...new Array<Column>(random.int(2, 5)).fill(random.pick(['phrase', 'word'] as const))],
    () => ['date', 'phrase', random.pick(['person', 'money', 'word'] as const)],
    () => [random.pick(['word', 'phrase', 'code', 'person'] as const), 'sentences'],
    () => ['word', 'sentences', 'sentences'],
    () => ['code', 'sentence', random.pick(['amount', 'word', 'mark'] as const)],
    () => ['count', 'phrase', 'amount', 'money', 'money'],
    () => ['phrase', 'sentence', 'money'],
    () => [random.pick(['phrase', 'person'] as const), ...new Array<Column>(random.int(2, 6)).fill('blank')],
    () => ['person', 'phrase', 'date', 'blank'],
  ])()
}

function grid(m: Material): string {
  const { random, prose } = m
  const columns = columnsOf(m)
  const drawn = columns.map((name) => COLUMNS[name](m))
  const long = columns.some((name) => name.startsWith('sentence'))
  const pad = random.chance(0.4) ? `;padding-block:${random.float(0.3, 0.8).toFixed(2)}em` : ''
  const bold = random.chance(0.3)
  const style = columns.map((name, i) => {
    const align = name === 'mark' ? 'center' : NUMERIC.includes(name) ? 'end' : 'start'
    const wide = name.startsWith('sentence') || name === 'clause' ? '' : ';white-space:nowrap'
    return `text-align:${align}${wide}${i === 0 && bold ? ';font-weight:bold' : ''}${pad}`
  })
  const named = columns[1] === 'mark' || columns.at(-1) === 'mark'
  const top = columns.map((name, i) => {
    const text = name === 'mark' && random.chance(0.5) ? prose.digits(i) : prose.words(1)
    return `<th style="text-align:${NUMERIC.includes(name) ? 'center' : 'start'}">${i === 0 && named ? '' : escapeHtml(text)}</th>`
  })
  const head = random.chance(0.6) ? `<tr class="head">${top.join('')}</tr>` : ''
  const rows = Array.from(
    { length: random.int(3, long ? 8 : 12) },
    () => `<tr>${drawn.map((cell, i) => `<td style="${style[i]}">${cell()}</td>`).join('')}</tr>`,
  )
  return region('Table', head + rows.join(''), {
    tag: 'table',
    as: 'tab',
    style: `${random.chance(0.75) ? 'width:100%;' : ''}${random.chance(0.6) ? 'margin-inline:0;' : ''}break-inside:avoid`,
  })
}

/** A line of text that asks or tells what follows. */
function told(m: Material): string {
  const { prose, random } = m
  const html = random.chance(0.5) ? prose.paragraph(random.int(1, 2)) : escapeHtml(`${prose.phrase()}:`)
  const style = random.pick(['', '', 'font-style:italic', 'font-size:0.9em', 'font-weight:bold'])
  return region('Text', html, { tag: 'p', as: 'p', style: `text-indent:0;margin:0.2em 0 0.5em;${style}` })
}

/** A heading of a part: with a number, a letter, a day. */
function partHeading(m: Material, n: number): string {
  const { prose, random } = m
  const name = random.pick([
    () => prose.phrase(),
    () => `${prose.digits(n)} ${prose.phrase()}`,
    () => `${String.fromCharCode(64 + n)}) ${prose.words(2)}`,
    () => `${prose.label('section')} ${prose.digits(n)}: ${prose.words(2)}`,
    () => `${prose.words(1)}, ${prose.date()}`,
  ])()
  return plainHeading(name, random.pick([2, 2, 3]))
}

function tables(m: Material): Sheet {
  const { random, prose } = m
  const g = geometry(m, { a4: 3, letter: 2, a5: 1, b5: 1 }, [0.06, 0.13])
  const labelled = random.chance(0.15)
  const note = (): string =>
    region('Footnote', `${random.pick(['* ', '<sup>1</sup> ', '† '])}${prose.paragraph(1)}`, {
      style: 'font-size:0.8em;margin-top:0.3em',
    })
  const part = (_: unknown, i: number): string => {
    const before = random.pick(['heading', 'heading', 'both', 'both', 'text', 'none'] as const)
    const own = [
      before === 'heading' || before === 'both' ? partHeading(m, i + 1) : '',
      before === 'text' || before === 'both' ? told(m) : '',
      labelled ? caption(m, 'table') : '',
      grid(m),
      random.chance(0.12) ? note() : '',
    ]
    const between = random.weighted({ none: 5, text: 2, list: 0.7 })
    const after = { none: () => '', text: () => paragraph(m, random.int(1, 4)), list: () => bulleted(m, 3) }[between]()
    return box(own.join(''), '', 'break-inside:avoid;margin-bottom:1em') + after
  }
  const align = random.pick(['start', 'start', 'center'])
  const opening = [
    random.chance(0.25)
      ? box(emblem(m, random.pick(['logo', 'seal']), random.int(34, 70)), '', 'margin-bottom:1em')
      : '',
    random.chance(0.7) ? title(m, random.float(1.5, 2.3), `text-align:${align};`) : '',
    random.chance(0.5) ? paragraph(m, random.int(1, 3)) : '',
  ]
  return placed(
    g,
    running(m, g, {
      head: random.weighted({ none: 2, report: 1, logo: 1, notice: 1 }),
      foot: random.weighted({ number: 2, of: 1, mark: 1, address: 1, none: 1 }),
    }),
    opening.join('') + Array.from({ length: random.int(2, 5) }, part).join(''),
  )
}

export const GRIDS: readonly Template[] = [
  { name: 'tables-of-sentences', family: 'form', weight: 24, theme: { numbering: 'none' }, draw: tables },
]
