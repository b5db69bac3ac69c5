/** @file Faults of classes that only numbers show: rare ones, ones that are never trained, and typing mistakes. */
import type { ProblemList } from './problems.js'
import type { DatasetStatistics } from './statistics.js'

/** A name that is a typing mistake is much rarer than the right one. */
const TYPO_SHARE = 0.1
/** In shorter names one letter makes another word: cat, car, cap. */
const SHORTEST_TYPO = 5

/**
 * Looks for rare, untrained and misspelt classes.
 * @param rareBelow fewer training objects of a class are reported.
 */
export function checkClasses(
  classNames: readonly string[],
  { splits }: DatasetStatistics,
  rareBelow: number,
  problems: ProblemList,
): void {
  const totals = classNames.map((_, label) => splits.reduce((sum, { perClass }) => sum + perClass[label]!, 0))
  const train = splits.find(({ split }) => split === 'train')
  for (const [label, name] of classNames.entries()) {
    const trained = train?.perClass[label] ?? totals[label]!
    if (trained === 0 && totals[label]! > 0) problems.add('class-not-trained', `'${name}' (${totals[label]} objects)`)
    else if (trained > 0 && trained < rareBelow) problems.add('class-rare', `'${name}' (${trained})`)
  }
  for (const [a, first] of classNames.entries()) {
    for (let b = a + 1; b < classNames.length; b++) {
      const second = classNames[b]!
      if (first === second || !areAlike(first, second, totals[a]!, totals[b]!)) continue
      problems.add('class-names-alike', `'${first}' (${totals[a]} objects) and '${second}' (${totals[b]})`)
    }
  }
}

/** Names that differ in case, blanks, marks or form of Unicode alone; or in one letter, no digit, where one of them is rare. */
function areAlike(a: string, b: string, countA: number, countB: number): boolean {
  const [first, second] = [plain(a), plain(b)]
  if (first === second) return first !== ''
  if (withoutDigits(first) === withoutDigits(second)) return false
  const rare = Math.min(countA, countB) <= TYPO_SHARE * Math.max(countA, countB)
  return rare && Math.min(first.length, second.length) >= SHORTEST_TYPO && isOneMistake(first, second)
}

function plain(name: string): string {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s_.-]+/gu, '')
}

function withoutDigits(name: string): string {
  return name.replace(/\p{Nd}/gu, '')
}

/** One letter more, one other letter, or two letters in the wrong order. */
function isOneMistake(a: string, b: string): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a]
  if (long.length - short.length > 1) return false
  let start = 0
  while (start < short.length && short[start] === long[start]) start++
  let end = 0
  while (end < short.length - start && short.at(-1 - end) === long.at(-1 - end)) end++
  const [left, right] = [short.slice(start, short.length - end), long.slice(start, long.length - end)]
  if (left.length <= 1 && right.length <= 1) return true
  return left.length === 2 && right.length === 2 && left[0] === right[1] && left[1] === right[0]
}
