import assert from 'node:assert/strict'
import { it } from 'node:test'
import { RunGate } from './run-gate.js'

it('lets so many in at once, the others in order', async () => {
  const gate = new RunGate(2)
  const order: number[] = []
  let inside = 0
  const visits = Array.from({ length: 9 }, async (_, i) => {
    await gate.enter()
    inside++
    assert.ok(inside <= 2)
    order.push(i)
    for (let turn = 0; turn < i % 3; turn++) await null
    inside--
    gate.leave()
  })
  await Promise.all(visits)
  assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6, 7, 8])
  assert.equal(gate.enter(), undefined)
})
