/** @file All languages, and the draw of one. */
import type { Split } from '../classes.js'
import type { Script } from '../fonts.js'
import type { Random } from '../random.js'
import { EASTERN_TRAIN } from './eastern-train.js'
import { ENGLISH_TRAIN, ENGLISH_VAL } from './english.js'
import { EUROPEAN_TRAIN } from './european-train.js'
import type { Language } from './language.js'
import { VALIDATION } from './validation.js'

export const LANGUAGES: readonly Language[] = [
  ENGLISH_TRAIN,
  ...EUROPEAN_TRAIN,
  ...EASTERN_TRAIN,
  ENGLISH_VAL,
  ...VALIDATION,
]

/** A language of the split, by weight; of these scripts, where any are named. */
export function pickLanguage(random: Random, split: Split, scripts?: readonly Script[]): Language {
  const able = LANGUAGES.filter((one) => one.split === split && (scripts === undefined || scripts.includes(one.script)))
  const code = random.weighted(Object.fromEntries(able.map((one) => [one.code, one.weight])))
  return able.find((one) => one.code === code)!
}
