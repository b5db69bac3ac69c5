/** @file test/golden/matching.json, and the predictions and targets that reference/matching.py made it from. */
import { readFileSync } from 'node:fs'
import { boxesOf } from '../../src/boxes/index.js'
import type { ImageTargets, OutputSet } from '../../src/matching/index.js'
import { streamKey, tensorData, uniformAt } from '../../src/tensor/index.js'
import type { MatrixKind } from './assignment-matrices.js'

type Pairs = readonly [rows: readonly number[], columns: readonly number[]]

interface Golden {
  /** No pairs: there is no assignment. */
  readonly assignments: readonly {
    readonly kind: MatrixKind
    readonly rows: number
    readonly columns: number
    readonly seed: number
    readonly pairs?: Pairs
    readonly total?: number
  }[]
  readonly refused: readonly {
    readonly name: string
    /** Numbers, or numpy's words for those that JSON lacks. */
    readonly matrix: readonly (readonly (number | string)[])[]
    readonly message: string
  }[]
  readonly matchings: readonly MatchingCase[]
}

/** Predictions by a rule, and what somebody else's matcher makes of them. */
export interface MatchingCase {
  readonly cost: 'softmax' | 'focal'
  readonly queries: number
  readonly classes: number
  /** Count of each image. */
  readonly targets: readonly number[]
  readonly seed: number
  readonly images: readonly {
    /** [targets, queries]. */
    readonly costs: readonly number[]
    /** Queries and their targets. */
    readonly pairs: Pairs
  }[]
}

/** The golden file. */
export function matchingGolden(): Golden {
  return JSON.parse(readFileSync(new URL('../../../test/golden/matching.json', import.meta.url), 'utf8')) as Golden
}

/** The case's predictions. */
export function rulePredictions({ targets, queries, classes, seed }: MatchingCase): OutputSet {
  const [batch, key] = [targets.length, streamKey('matching.logits', seed)]
  const logits = Float32Array.from({ length: batch * queries * classes }, (_, i) => 4 * uniformAt(key, i))
  return {
    name: 'decoder',
    logits: tensorData('float32', [batch, queries, classes], logits),
    boxes: tensorData('float32', [batch, queries, 4], ruleBoxes('matching.boxes', batch * queries, seed)),
  }
}

/** The case's targets, image by image. */
export function ruleTargets({ cost, targets, classes, seed }: MatchingCase): ImageTargets[] {
  const total = targets.reduce((sum, count) => sum + count, 0)
  const boxes = ruleBoxes('matching.target.boxes', total, seed)
  const key = streamKey('matching.target.labels', seed)
  const real = cost === 'softmax' ? classes - 1 : classes
  const labels = Int32Array.from({ length: total }, (_, i) => Math.floor(((uniformAt(key, i) + 1) / 2) * real))
  let end = 0
  return targets.map((count) => {
    const start = end
    end += count
    return { labels: labels.slice(start, end), boxes: boxesOf('cxcywh', boxes.slice(4 * start, 4 * end)) }
  })
}

function ruleBoxes(name: string, count: number, seed: number): Float32Array {
  const key = streamKey(name, seed)
  return Float32Array.from({ length: 4 * count }, (_, i) => {
    const u = uniformAt(key, i)
    return (i & 2) === 0 ? 0.5 + 0.4 * u : 0.3 + 0.29 * u
  })
}
