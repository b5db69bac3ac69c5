/** @file Asynchronous work on many things, a few at a time. */
import { ProblemList } from './problems.js'

/** Results of `work` in the order of the items; at most `limit` run at once, and the first failure ends all. */
export async function mapBounded<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results = new Array<Result>(items.length)
  let next = 0
  let failed = false
  const run = async (): Promise<void> => {
    while (next < items.length && !failed) {
      const index = next++
      try {
        results[index] = await work(items[index]!, index)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, run))
  return results
}

/** The same for work that finds faults: they are listed in the order of the items, whichever was done first. */
export async function mapFindingProblems<Item, Result>(
  items: readonly Item[],
  limit: number,
  problems: ProblemList,
  work: (item: Item, problems: ProblemList) => Promise<Result>,
): Promise<Result[]> {
  const found = await mapBounded(items, limit, async (item) => {
    const own = new ProblemList()
    return { result: await work(item, own), own }
  })
  for (const { own } of found) problems.addAll(own.list())
  return found.map(({ result }) => result)
}
