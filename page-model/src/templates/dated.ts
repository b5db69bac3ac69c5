/** @file Training: entries with dates beside them: résumés, chronicles, timetables. */
import { box, escapeHtml, region } from '../markup.js'
import { placed } from './arrange.js'
import { bulleted } from './blocks.js'
import { addressBlock, lines } from './business.js'
import { picture } from './floats.js'
import { title } from './openings.js'
import type { Material, Sheet, Template } from './page.js'
import { geometry, running } from './running.js'

function span(m: Material): string {
  const { random, prose } = m
  const year = prose.year()
  return random.pick([
    () => prose.digits(String(year)),
    () => prose.digits(`${year}–${year + random.int(1, 9)}`),
    () => `${escapeHtml(prose.words(1))} ${prose.digits(String(year))}`,
  ])()
}

/** A station of a life: what, where, when; the date in front, at the end of the line or below. */
function station(m: Material, form: 'before' | 'after' | 'inside'): string {
  const { random, prose } = m
  const name = `<b>${escapeHtml(prose.phrase())}</b>`
  const where = random.chance(0.7) ? `<br><i>${escapeHtml(prose.organisation())}, ${escapeHtml(prose.place())}</i>` : ''
  const told = random.chance(0.6) ? `<br>${prose.paragraph(random.int(1, 2))}` : ''
  const points = random.chance(0.3) ? bulleted(m, random.int(2, 3)) : ''
  const margin = `margin-bottom:${random.float(0.5, 0.9).toFixed(2)}em`
  if (form === 'inside')
    return box(region('Text', `${name} (${span(m)})${where}${told}`) + points, '', `break-inside:avoid;${margin}`)
  const own = `<div style="flex:1;min-width:0">${region('Text', name + where + told)}${points}</div>`
  const date = (align: string): string =>
    `<div style="flex:0 0 ${random.float(5, 8).toFixed(1)}em;text-align:${align}">${region('Text', span(m), { tag: 'span' })}</div>`
  const row = form === 'before' ? date('start') + own : own + date('end')
  return box(row, '', `display:flex;gap:1em;break-inside:avoid;${margin}`)
}

function resume(m: Material): Sheet {
  const { random, prose, theme } = m
  const g = geometry(m, { a4: 3, letter: 2 }, [0.06, 0.1])
  const form = random.pick(['before', 'before', 'after', 'inside'] as const)
  const dress = random.pick([
    `color:${theme.accent}`,
    'border-bottom:1px solid',
    'text-transform:uppercase;letter-spacing:0.05em',
    `background:${theme.accent};color:#fff;padding:0.15em 0.5em`,
    'border-top:1px solid;padding-top:0.3em',
  ])
  const head = (): string =>
    region('Section-header', escapeHtml(prose.words(random.int(1, 2))), {
      style: `font-weight:bold;font-size:1.1em;margin:0.9em 0 0.5em;${dress}`,
    })
  const part = (): string =>
    head() +
    (random.chance(0.25)
      ? bulleted(m, random.int(2, 5))
      : Array.from({ length: random.int(2, 5) }, () => station(m, form)).join(''))
  const name = title(m, random.float(1.7, 2.6), `text-align:${random.pick(['start', 'center'])};`, () => prose.person())
  const contact = lines(m, addressBlock(m), 'font-size:0.88em')
  const photo = random.chance(0.4) ? picture(m, random.int(90, 140), 0.8, 'photo') : ''
  const parts = Array.from({ length: random.int(3, 6) }, part).join('')
  if (random.chance(0.45)) {
    const dark = random.chance(0.5)
    const side = box(
      photo +
        head() +
        contact +
        head() +
        bulleted(m, random.int(3, 6)) +
        (random.chance(0.5) ? head() + bulleted(m, 3) : ''),
      '',
      `flex:0 0 ${random.int(28, 34)}%;padding:1em;${dark ? 'background:#2c3e50;color:#fff' : 'background:#f0f2f4;color:#222'}`,
    )
    const main = `<div style="flex:1;min-width:0">${name}${parts}</div>`
    const both = random.chance(0.7) ? side + main : main + side
    return placed(g, '', box(both, '', 'display:flex;gap:1.6em'))
  }
  const top = box(
    `<div style="flex:1">${name}${contact}</div>${photo}`,
    '',
    'display:flex;gap:1.5em;justify-content:space-between;margin-bottom:0.8em',
  )
  return placed(g, running(m, g, { head: 'none', foot: random.weighted({ none: 2, number: 1, of: 1 }) }), top + parts)
}

/** Years or hours at the side, what happened beside them; a line between, or none. */
function chronicle(m: Material): Sheet {
  const { random, prose, theme } = m
  const g = geometry(m, { a4: 2, letter: 1, a5: 1 }, [0.08, 0.14])
  const hours = random.chance(0.4)
  let minute = 60 * random.int(7, 10)
  const time = (): string => {
    minute += 15 * random.int(1, 6)
    return prose.digits(`${Math.floor(minute / 60) % 24}:${String(minute % 60).padStart(2, '0')}`)
  }
  const line = random.chance(0.4) ? `border-inline-start:2px solid ${theme.accent};padding-inline-start:0.9em` : ''
  const when = random.pick(['font-weight:bold', `color:${theme.accent};font-weight:bold`, ''])
  const width = random.float(3.6, 7).toFixed(1)
  const rows = Array.from({ length: random.int(6, 16) }, () => {
    const name = random.chance(0.5) ? `<b>${escapeHtml(prose.phrase())}</b><br>` : ''
    const told = hours && random.chance(0.5) ? escapeHtml(prose.person()) : prose.paragraph(random.int(1, 3))
    return box(
      `<div style="flex:0 0 ${width}em">${region('Text', hours ? time() : span(m), { tag: 'span', style: when })}</div><div style="flex:1;min-width:0;${line}">${region('Text', name + told)}</div>`,
      '',
      `display:flex;gap:0.8em;break-inside:avoid;padding-bottom:${random.float(0.3, 0.9).toFixed(2)}em`,
    )
  })
  const parts = rows.map((row, i) =>
    i % 5 === 0 && random.chance(0.6)
      ? region('Section-header', escapeHtml(hours ? prose.date() : prose.phrase()), {
          tag: 'h2',
          as: 'h h2',
        }) + row
      : row,
  )
  return placed(
    g,
    running(m, g, {
      head: random.weighted({ none: 2, report: 1, logo: 1 }),
      foot: random.weighted({ number: 2, parts: 1, none: 1 }),
    }),
    (random.chance(0.7) ? title(m, random.float(1.6, 2.3)) : '') + parts.join(''),
  )
}

export const DATED: readonly Template[] = [
  { name: 'resume', family: 'resume', weight: 6, theme: { align: 'start', numbering: 'none' }, draw: resume },
  { name: 'chronicle', family: 'chronicle', weight: 4, theme: { align: 'start', numbering: 'none' }, draw: chronicle },
]
