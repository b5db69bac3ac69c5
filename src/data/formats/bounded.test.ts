import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { mapBounded, mapFindingProblems } from './bounded.js'
import { ProblemList } from './problems.js'

test('results are in the order of the items, and no more than the limit run at once', async () => {
  let [running, most] = [0, 0]
  const doubled = await mapBounded([30, 1, 20, 5, 0], 2, async (milliseconds) => {
    most = Math.max(most, ++running)
    await delay(milliseconds)
    running--
    return 2 * milliseconds
  })
  assert.deepEqual(doubled, [60, 2, 40, 10, 0])
  assert.equal(most, 2)
})

test('the first failure ends all: what has not begun does not begin', async () => {
  const begun: number[] = []
  const work = async (item: number): Promise<void> => {
    begun.push(item)
    await delay(1)
    if (item === 1) throw new Error('the first')
  }
  await assert.rejects(mapBounded([1, 2, 3, 4, 5, 6], 2, work), /the first/)
  assert.deepEqual(begun, [1, 2])
})

test('faults are listed in the order of the items, whichever was done first', async () => {
  const problems = new ProblemList()
  problems.add('image-unreadable', 'earlier')
  const names = await mapFindingProblems([30, 1, 20], 3, problems, async (milliseconds, own) => {
    await delay(milliseconds)
    own.add('image-unreadable', `${milliseconds}`)
    return milliseconds
  })
  assert.deepEqual(names, [30, 1, 20])
  assert.deepEqual(problems.list()[0]!.examples, ['earlier', '30', '1', '20'])
  assert.equal(problems.list()[0]!.count, 4)
})
