/** @file Training: mathematics worked out: formula after formula, with few words between. */
import { box, escapeHtml, region } from '../markup.js'
import { placed } from './arrange.js'
import { footnotes, formula, item, list, paragraph, plainHeading, theorem } from './blocks.js'
import { figure } from './floats.js'
import { title } from './openings.js'
import type { Material, Sheet, Template } from './page.js'
import { geometry, running } from './running.js'

/** A few words that lead to the next line. */
function joint(m: Material): string {
  const { prose, random } = m
  const words = random.chance(0.5) ? `${prose.words(random.int(1, 3))},` : `${prose.clause()}:`
  return region('Text', escapeHtml(words), { tag: 'p', as: 'p', style: 'text-indent:0' })
}

/** Formulas below one another, some with words between. */
function chain(m: Material): string {
  const { random } = m
  const between = (): string => random.pick([() => '', () => joint(m), () => paragraph(m, random.int(1, 2))])()
  return Array.from({ length: random.int(1, 4) }, () => formula(m) + between()).join('')
}

/** A frame or a ground around a passage; its heading inside, or the first words of a paragraph. */
function framed(m: Material): string {
  const { random, prose, theme } = m
  const dress = random.pick([
    'border:1px solid',
    `border:2px solid ${theme.accent};border-radius:8px`,
    'background:#f1f4f7;color:#111',
    `border-inline-start:3px solid ${theme.accent}`,
    'border-block:1px solid',
  ])
  const name = prose.label(random.pick(['definition', 'theorem', 'example', 'note']))
  const head = random.chance(0.6)
    ? region('Section-header', escapeHtml(name), {
        style: `font-weight:bold;text-align:${random.pick(['start', 'center'])}`,
      }) + paragraph(m, random.int(1, 2))
    : region('Text', `<b>${escapeHtml(name)}.</b> ${prose.paragraph(random.int(1, 2), m.decoration)}`, {
        tag: 'p',
        as: 'p',
      })
  return box(head + chain(m), '', `${dress};padding:0.6em 1em;margin:0.9em 0;break-inside:avoid`)
}

/** A task and how it is done. */
function task(m: Material, n: number): string {
  const { prose, random } = m
  const name = `${prose.label('example')} ${prose.digits(n)}`
  const asked = prose.paragraph(random.int(1, 3), m.decoration)
  const head = random.pick([
    () => plainHeading(name, 3) + region('Text', asked, { tag: 'p', as: 'p', style: 'text-indent:0' }),
    () => item(prose.digits(`${n}.`), asked, 'item wide'),
    () => region('Text', `<b>${escapeHtml(name)}.</b> ${asked}`, { tag: 'p', as: 'p', style: 'text-indent:0' }),
  ])()
  return head + (random.chance(0.3) ? list(m, { numbered: true, nested: false }) : '') + chain(m)
}

function workings(m: Material): Sheet {
  const { random, prose } = m
  const g = geometry(m, { a4: 3, letter: 2, b5: 1, a5: 1 }, [0.07, 0.15])
  const columns = random.chance(0.2) ? 2 : 1
  const inner = (g.width - g.left - g.right) / columns - 20
  const start = random.int(1, 12)
  const draw = {
    task: (n: number) => task(m, n),
    framed: () => framed(m),
    chain: () => paragraph(m) + chain(m),
    theorem: () => theorem(m) + paragraph(m, 2),
    figure: () => figure(m, inner, random.pick(['diagram', 'chart'])),
    heading: () => plainHeading(prose.phrase()) + paragraph(m, random.int(1, 3)) + chain(m),
  }
  const often = { task: 4, framed: 2, chain: 3, theorem: 1, figure: 0.8, heading: 1 }
  const body = Array.from({ length: random.int(6, 10) }, (_, i) => draw[random.weighted(often)](start + i)).join('')
  const notes = random.chance(0.25) ? footnotes(m, random.int(1, 2)) : ''
  const flow = columns === 2 ? box(body, 'flow', 'columns:2;column-gap:24px;column-fill:auto;height:88%') : body
  return placed(
    g,
    running(m, g, {
      head: random.weighted({ none: 2, book: 1, number: 1, report: 1 }),
      foot: random.weighted({ number: 3, outer: 1, of: 1, none: 1 }),
    }),
    (random.chance(0.4) ? title(m, random.float(1.4, 2)) : '') + flow + notes,
  )
}

export const WORKINGS: readonly Template[] = [{ name: 'workings', family: 'lecture', weight: 16, draw: workings }]
