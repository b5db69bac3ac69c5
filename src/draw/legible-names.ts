/** @file Names of classes that the drawn typeface can write. */
import { hasGlyph } from './stroke-font.js'

/**
 * The names by label; `class 4` stands for one that is mostly characters which the typeface lacks (Chinese, Arabic, emoji), whose
 * boxes nobody could tell apart.
 */
export function legibleNames(names: readonly string[]): string[] {
  return names.map((name, label) => (isLegible(name) ? name : `class ${label}`))
}

function isLegible(name: string): boolean {
  const characters = [...name.normalize('NFC')].filter((character) => !/\s/u.test(character))
  return 2 * characters.filter(hasGlyph).length >= characters.length
}
