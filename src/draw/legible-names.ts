/** @file Names of classes that the drawn typeface can write. */
import { hasGlyph } from './stroke-font.js'

/**
 * The names by label; `class 4` stands for one that is mostly characters which the typeface lacks (Chinese, Arabic, emoji), or that
 * without them looks like another: nobody could tell their boxes apart.
 */
export function legibleNames(names: readonly string[]): string[] {
  const drawn = names.map((name) =>
    [...name.normalize('NFC')].map((c) => (hasGlyph(c) || /\s/u.test(c) ? c : '\0')).join(''),
  )
  const alike = (label: number): boolean =>
    drawn[label]!.includes('\0') && drawn.filter((one) => one === drawn[label]).length > 1
  return names.map((name, label) => (isLegible(name) && !alike(label) ? name : `class ${label}`))
}

function isLegible(name: string): boolean {
  const characters = [...name.normalize('NFC')].filter((character) => !/\s/u.test(character))
  return 2 * characters.filter(hasGlyph).length >= characters.length
}
