/** @file Records with random fields replaced by nonsense are evaluated or refused, and nothing else happens. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { DetrsError, streamKey, uniformAt } from '../tensor/index.js'
import { type CocoRegionType, classResults, confusionMatrix, evaluateCoco, photoOutcomes } from './index.js'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json | undefined } | undefined

const golden = JSON.parse(readFileSync(new URL('../../../test/golden/coco-eval.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly { readonly groundTruth: Json; readonly detections: Json; readonly numbers: object }[]
}

// biome-ignore format: a list
const NONSENSE: readonly Json[] = [
  undefined, null, true, Number.NaN, Number.POSITIVE_INFINITY, 0, -1, 0.5, 2 ** 31, 2 ** 32, 2 ** 53, 1e300, -1e300, 5e-324,
  '', 'x', '\u0000', '~~~~~~~~', '__proto__', [], [[]], [1], [1, 2, 3, 4], [0, 0, 0, 0], {}, { counts: [], size: [1, 1] },
  { counts: '', size: [2, 2] }, { counts: [4], size: [2, 2] }, { size: [1e9, 1e9], counts: [1e18] }, [[0, 0, 1e6, 1e6, 0, 1e6]],
]

/** All places of a value: a container and a key. */
function placesOf(value: Json, places: [Record<string, Json>, string][] = []): [Record<string, Json>, string][] {
  if (typeof value !== 'object' || value === null) return places
  for (const key of Object.keys(value)) {
    places.push([value as Record<string, Json>, key])
    placesOf((value as Record<string, Json>)[key], places)
  }
  return places
}

test('3,000 damaged cases are evaluated or refused', () => {
  const key = streamKey('hostile-records', 1)
  let drawn = 0
  const pick = <T>(list: readonly T[]): T => list[Math.floor(((uniformAt(key, drawn++) + 1) / 2) * list.length)]!
  const outcomes = { evaluated: 0, refused: 0 }
  for (let round = 0; round < 3000; round++) {
    const { groundTruth, detections, numbers } = structuredClone(pick(golden.cases))
    const holder: Json = { groundTruth, detections }
    for (let changes = pick([1, 1, 2, 4]); changes > 0; changes--) {
      const [container, field] = pick(placesOf(holder))
      container[field] = structuredClone(pick(NONSENSE))
    }
    const type: CocoRegionType = 'segm' in numbers ? pick(['bbox', 'segm']) : 'bbox'
    try {
      const evaluation = evaluateCoco({ ...holder, type } as never)
      for (const value of Object.values(evaluation.summarize())) assert.ok(value === -1 || (value >= 0 && value <= 1))
      classResults(evaluation)
      photoOutcomes(evaluation)
      confusionMatrix(evaluation)
      outcomes.evaluated++
    } catch (error) {
      if (!(error instanceof DetrsError)) throw new Error(`round ${round}`, { cause: error })
      assert.match(error.message, /^.+: expected .+, got .+\.$/s)
      outcomes.refused++
    }
  }
  assert.ok(outcomes.evaluated > 300 && outcomes.refused > 300, JSON.stringify(outcomes))
})
