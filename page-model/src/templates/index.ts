/** @file All templates, and the draw of one. */
import type { Split } from '../classes.js'
import type { Random } from '../random.js'
import { BUSINESS } from './business.js'
import { DATED } from './dated.js'
import { DECKS } from './decks.js'
import { DOCUMENTS } from './documents.js'
import { FORMS } from './forms.js'
import { GRIDS } from './grids.js'
import { HELD_OUT } from './held-out.js'
import type { Template } from './page.js'
import { PAPERS } from './papers.js'
import { PRESS } from './press.js'
import { QUICK } from './quick.js'
import { SHEETS } from './sheets.js'
import { SITES } from './sites.js'
import { SLIDES } from './slides.js'
import { WORKINGS } from './workings.js'

export { composePage, type PageMarkup } from './page.js'

export const TEMPLATES: Readonly<Record<Split, readonly Template[]>> = {
  train: [
    ...PAPERS,
    ...DOCUMENTS,
    ...PRESS,
    ...BUSINESS,
    ...SLIDES,
    ...DECKS,
    ...FORMS,
    ...SHEETS,
    ...DATED,
    ...QUICK,
    ...GRIDS,
    ...SITES,
    ...WORKINGS,
  ],
  val: HELD_OUT,
}

/** @param only the one to take. @throws Error when the split has no such template. */
export function pickTemplate(random: Random, split: Split, only?: string): Template {
  const all = TEMPLATES[split].filter((one) => only === undefined || one.name === only)
  if (all.length === 0)
    throw new Error(`No template '${only}' for ${split}: ${TEMPLATES[split].map((one) => one.name).join(', ')}`)
  const name = random.weighted(Object.fromEntries(all.map((one) => [one.name, one.weight])))
  return all.find((one) => one.name === name)!
}
