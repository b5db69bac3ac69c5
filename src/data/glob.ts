/**
 * @file File-name patterns, read apart: `*` any characters but `/`, `?` one character, `**` any number of folders,
 * `{a,b}` either. Brackets have no meaning: photos are named `photo[1].jpg`.
 */
import { ConfigError } from '../tensor/index.js'

const MAX_EXPANSIONS = 1000

/** True when the text holds anything that a pattern could mean. */
export function isPattern(text: string): boolean {
  return /[*?]|\{[^{}]*,[^{}]*\}/.test(text)
}

/**
 * All patterns without braces that a pattern stands for: `a{b,c{d,e}}` gives `ab`, `acd`, `ace`. Braces without a comma
 * or without a partner stand for themselves.
 * @throws ConfigError when there are more than 1000.
 */
export function expandBraces(pattern: string): string[] {
  const results: string[] = []
  const open = [pattern]
  while (open.length > 0) {
    const text = open.pop()!
    const group = firstGroup(text)
    if (group === undefined) results.push(text)
    // Pushed last to first, so that they come off in the order in which they are written.
    else for (const part of group.parts.reverse()) open.push(text.slice(0, group.start) + part + text.slice(group.end))
    if (results.length + open.length > MAX_EXPANSIONS) {
      throw new ConfigError({
        where: pattern,
        expected: `a pattern that stands for at most ${MAX_EXPANSIONS} others`,
        got: 'more',
        next: 'Use * in place of long lists in braces.',
      })
    }
  }
  return results
}

/** The first `{…}` that has a comma of its own level: its span and its alternatives. */
function firstGroup(text: string): { start: number; end: number; parts: string[] } | undefined {
  for (let start = text.indexOf('{'); start >= 0; start = text.indexOf('{', start + 1)) {
    const commas: number[] = []
    let depth = 0
    for (let i = start; i < text.length; i++) {
      if (text[i] === '{') depth++
      else if (text[i] === ',' && depth === 1) commas.push(i)
      else if (text[i] === '}' && --depth === 0) {
        if (commas.length === 0) break
        const edges = [start, ...commas, i]
        const parts = edges.slice(1).map((edge, k) => text.slice(edges[k]! + 1, edge))
        return { start, end: i + 1, parts }
      }
    }
  }
  return undefined
}

/**
 * Whether a name (no `/`) fits a pattern of `*` and `?`. A leading dot must be written out. Takes at most
 * name × pattern steps, whatever the pattern.
 */
export function matchesName(name: string, pattern: string, ignoreCase = false): boolean {
  if (name.startsWith('.') && !pattern.startsWith('.')) return false
  const text = Array.from(ignoreCase ? name.toLowerCase() : name)
  const glob = Array.from(ignoreCase ? pattern.toLowerCase() : pattern)
  let t = 0
  let g = 0
  // After a mismatch, the latest star takes in one character more; earlier stars need never be looked at again.
  let star = -1
  let starText = 0
  while (t < text.length) {
    if (glob[g] === '*') {
      star = g++
      starText = t
    } else if (g < glob.length && (glob[g] === '?' || glob[g] === text[t])) {
      g++
      t++
    } else if (star >= 0) {
      g = star + 1
      t = ++starText
    } else {
      return false
    }
  }
  while (glob[g] === '*') g++
  return g === glob.length
}
