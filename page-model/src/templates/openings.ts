/** @file How documents begin: titles with authors and abstracts, chapters, headlines. */
import { box, escapeHtml, region } from '../markup.js'
import { emblem } from './floats.js'
import type { Material } from './page.js'

export type Opening = 'none' | 'paper' | 'report' | 'chapter' | 'headline' | 'act' | 'plain'

export function opening(m: Material, kind: Opening): string {
  return OPENINGS[kind](m)
}

/** @param name in place of phrases */
export function title(m: Material, scale: number, style = '', name?: () => string): string {
  const { random, theme } = m
  const weight = random.chance(0.75) ? 'bold' : 'normal'
  const upper = m.language.script === 'latin' && random.chance(0.12) ? 'text-transform:uppercase;' : ''
  const text = random.chance(0.3) ? `${m.prose.phrase()}: ${m.prose.phrase()}` : m.prose.phrase()
  const colour = theme.headingColour === 'accent' ? `color:${theme.accent};` : ''
  const own = `font-family:${theme.heading};font-size:${scale.toFixed(2)}em;line-height:1.18;font-weight:${weight};${upper}${colour}${style}`
  return region('Title', escapeHtml(name?.() ?? text), { tag: 'h1', style: `margin:0 0 0.4em;${own}` })
}

const OPENINGS: Readonly<Record<Opening, (m: Material) => string>> = {
  none: () => '',
  plain: (m) => title(m, m.random.float(1.5, 2.2)),
  paper,
  report,
  chapter,
  headline,
  act,
}

function paper(m: Material): string {
  const { random, prose } = m
  const align = random.chance(0.72) ? 'center' : 'start'
  const people = Array.from({ length: random.int(1, 5) }, () => prose.person())
  const institutes = Array.from({ length: random.int(1, 2) }, () => `${prose.organisation()}, ${prose.place()}`)
  const form = random.weighted({ line: 4, lines: 2, columns: people.length > 1 ? 2.5 : 0 })
  const authors =
    form === 'columns'
      ? box(
          people
            .slice(0, 4)
            .map((name) =>
              region(
                'Text',
                `${escapeHtml(name)}<br><i>${escapeHtml(prose.organisation())}</i><br>${escapeHtml(prose.email())}`,
                {
                  style: `text-align:${align}`,
                },
              ),
            )
            .join(''),
          '',
          'display:flex;justify-content:space-around;gap:1.5em;font-size:0.9em;margin-bottom:1em',
        )
      : region(
          'Text',
          form === 'line'
            ? `${people.map((name, i) => `${escapeHtml(name)}<sup>${(i % institutes.length) + 1}</sup>`).join(', ')}<br><span style="font-size:0.85em">${institutes.map((one, i) => `<sup>${i + 1}</sup>${escapeHtml(one)}`).join('<br>')}</span>`
            : `${escapeHtml(people.join(', '))}<br><i>${escapeHtml(institutes[0]!)}</i>${random.chance(0.5) ? `<br>${escapeHtml(prose.date())}` : ''}`,
          { style: `text-align:${align};margin-bottom:1em` },
        )
  const abstract = random.chance(0.85) ? abstractOf(m) : ''
  const keywords = random.chance(0.4)
    ? region(
        'Text',
        `<b>${escapeHtml(prose.label('keywords'))}:</b> ${Array.from({ length: random.int(3, 6) }, () => escapeHtml(prose.words(1))).join(', ')}`,
        { style: 'font-size:0.9em;margin-bottom:1em' },
      )
    : ''
  return box(
    title(m, random.float(1.3, 1.95), `text-align:${align};`) + authors + abstract + keywords,
    'opening',
    'margin-bottom:0.8em',
  )
}

function abstractOf(m: Material): string {
  const { random, prose, theme } = m
  const narrow = random.chance(0.5) ? '0 8%' : '0'
  const text = prose.paragraph(random.int(3, 8), m.decoration)
  const form = random.weighted({ heading: 4, runIn: 3, bare: 1 })
  const style = `text-align:${theme.align};hyphens:auto;margin:0;font-size:${random.float(0.85, 1).toFixed(2)}em;${random.chance(0.15) ? 'font-style:italic;' : ''}`
  const head =
    form === 'heading'
      ? region('Section-header', escapeHtml(prose.label('abstract')), {
          style: `font-weight:bold;text-align:${random.pick(['center', 'start'])};margin-bottom:0.3em`,
        })
      : ''
  const lead = form === 'runIn' ? `<b>${escapeHtml(prose.label('abstract'))}${random.pick(['.', ':', ' —'])}</b> ` : ''
  return box(head + region('Text', lead + text, { tag: 'p', style }), '', `margin:${narrow};margin-bottom:1em`)
}

function report(m: Material): string {
  const { random, prose } = m
  const align = random.pick(['start', 'start', 'center'])
  const mark = random.chance(0.35)
    ? box(emblem(m, 'logo', random.int(28, 56)), '', `display:flex;justify-content:${align};margin-bottom:1em`)
    : ''
  const sub = random.chance(0.5)
    ? region('Section-header', escapeHtml(prose.phrase()), {
        style: `text-align:${align};font-size:1.15em;margin-bottom:0.5em`,
      })
    : ''
  const facts = random.chance(0.7)
    ? region(
        'Text',
        [prose.organisation(), prose.person(), prose.date()]
          .slice(0, random.int(1, 3))
          .map(escapeHtml)
          .join(random.pick(['<br>', ' · ', ', '])),
        { style: `text-align:${align};margin-bottom:1em` },
      )
    : ''
  return box(
    mark + title(m, random.float(1.6, 2.4), `text-align:${align};`) + sub + facts,
    'opening',
    'margin-bottom:0.6em',
  )
}

function chapter(m: Material): string {
  const { random, prose, theme } = m
  const align = random.pick(['start', 'start', 'center', 'end'])
  const number = `${prose.label('chapter')} ${prose.digits(m.counters.heading[0]!)}`
  const style = (size: number): string =>
    `font-family:${theme.heading};font-size:${size.toFixed(2)}em;text-align:${align};font-weight:bold;line-height:1.2;margin:0 0 0.5em`
  const apart = random.chance(0.7)
  const first = apart ? region('Section-header', escapeHtml(number), { style: style(random.float(1.2, 1.7)) }) : ''
  const name = (apart ? '' : `${prose.digits(m.counters.heading[0]!)} &nbsp;`) + escapeHtml(prose.phrase())
  const rule = random.chance(0.2) ? '<div style="border-top:1.5px solid currentColor;margin-bottom:1.5em"></div>' : ''
  return box(
    first + region('Section-header', name, { tag: 'h1', style: style(random.float(1.6, 2.2)) }) + rule,
    'opening',
    `padding-top:${random.float(0, 9).toFixed(1)}em;margin-bottom:${random.float(0.5, 3).toFixed(1)}em`,
  )
}

function headline(m: Material): string {
  const { random, prose } = m
  const kicker = random.chance(0.3)
    ? region('Section-header', escapeHtml(prose.words(2)), {
        style: `color:${m.theme.accent};font-size:0.85em;font-weight:bold;letter-spacing:0.08em;margin-bottom:0.3em`,
      })
    : ''
  const lead = random.chance(0.6)
    ? region('Text', prose.paragraph(random.int(1, 2)), {
        style: 'font-size:1.15em;margin-bottom:0.6em;font-weight:bold',
      })
    : ''
  const by = random.chance(0.75)
    ? region('Text', `${escapeHtml(prose.person())} | ${escapeHtml(prose.date())}`, {
        style: 'font-size:0.85em;margin-bottom:0.8em',
      })
    : ''
  return box(kicker + title(m, random.float(1.9, 3.2)) + lead + by, 'opening')
}

function act(m: Material): string {
  const { random, prose } = m
  const line = (text: string, style: string): string =>
    region('Text', escapeHtml(text), { style: `text-align:center;${style}` })
  const number = line(`${prose.code()}, ${prose.date()}`, 'margin-bottom:1em')
  return box(
    title(m, random.float(1.25, 1.7), 'text-align:center;') + (random.chance(0.7) ? number : ''),
    'opening',
    'margin-bottom:1em',
  )
}
