/**
 * @file Linear assignment against scipy, the two taking turns in one run on the same random matrices; and what the whole
 * matching of a batch costs. Figures are medians.
 *
 *   node dist/bench/assignment-speed.js [rounds = 15]
 */
import { boxesOf } from '../src/boxes/index.js'
import {
  AssignmentWorkspace,
  assignRows,
  HungarianMatcher,
  type ImageTargets,
  type OutputSet,
  softmaxMatching,
} from '../src/matching/index.js'
import { streamKey, tensorData, uniformAt } from '../src/tensor/index.js'
import { ruleMatrix } from '../test/support/assignment-matrices.js'
import { findPython } from '../test/support/python.js'
import { type CostMatrix, Scipy } from '../test/support/scipy.js'
import { median, requireIdleMachine } from './idle.js'

const SIZES: readonly (readonly [rows: number, columns: number])[] = [
  [300, 5],
  [300, 20],
  [300, 100],
  [300, 300],
  [900, 20],
  [900, 100],
  [900, 300],
]
const ROUNDS = Number(process.argv[2] ?? 15)
/** Matrices of a round: enough that no branch predictor learns them by heart. */
const MATRICES = 20

const workspace = new AssignmentWorkspace()

function ourTimes(matrices: readonly CostMatrix[]): number[] {
  return matrices.map(({ costs, rows, columns }) => {
    const start = performance.now()
    assignRows(costs, rows, columns, workspace)
    return performance.now() - start
  })
}

async function compare(scipy: Scipy, rows: number, columns: number): Promise<void> {
  const [ours, theirs]: [number[], number[]] = [[], []]
  for (let round = -3; round < ROUNDS; round++) {
    const matrices = Array.from({ length: MATRICES }, (_, i) => {
      return { rows, columns, costs: ruleMatrix('real', rows, columns, (round + 3) * MATRICES + i) }
    })
    const [own, other] = [ourTimes(matrices), await scipy.time(matrices)]
    // The first rounds warm both up.
    if (round >= 0) {
      ours.push(...own)
      theirs.push(...other)
    }
  }
  const [own, other] = [median(ours) * 1000, median(theirs) * 1000]
  const ratio = `${(own / other).toFixed(2)} times scipy's`
  console.log(
    `${`${rows}×${columns}`.padEnd(10)} ${own.toFixed(1).padStart(8)} µs, scipy ${other.toFixed(1).padStart(8)} µs: ${ratio}`,
  )
}

/** Milliseconds of matching a batch, six layers, `count` targets in each image. */
function matchingTime(batch: number, queries: number, classes: number, count: number): number {
  const key = streamKey('bench', 1)
  const fill = (length: number, from: number): Float32Array =>
    Float32Array.from({ length }, (_, i) => (uniformAt(key, from + i) + 1) / 2)
  const sets = Array.from(
    { length: 6 },
    (_, layer): OutputSet => ({
      name: `layer ${layer}`,
      logits: tensorData('float32', [batch, queries, classes], fill(batch * queries * classes, layer * 1e7)),
      boxes: tensorData('float32', [batch, queries, 4], fill(batch * queries * 4, layer * 1e7 + 5e6)),
    }),
  )
  const targets = Array.from(
    { length: batch },
    (_, image): ImageTargets => ({
      labels: Int32Array.from({ length: count }, (_, i) => (7 * i + image) % (classes - 1)),
      boxes: boxesOf('cxcywh', fill(4 * count, 1e9 + image * 1000)),
    }),
  )
  const matcher = new HungarianMatcher(softmaxMatching, classes - 1)
  const times = Array.from({ length: 10 + ROUNDS }, () => {
    const start = performance.now()
    matcher.match(sets, targets)
    return performance.now() - start
  })
  return median(times.slice(10))
}

await requireIdleMachine()
const python = findPython()
if (python === undefined) console.error('bench: no Python with reference/requirements.txt: scipy is not measured')
else {
  const scipy = new Scipy(python)
  for (const [rows, columns] of SIZES) await compare(scipy, rows, columns)
  scipy.stop()
}
for (const [batch, queries, count] of [
  [2, 100, 7],
  [8, 100, 7],
  [16, 300, 20],
  [16, 900, 100],
] as const) {
  const ms = matchingTime(batch, queries, 92, count).toFixed(2)
  console.log(`matching ${batch} images, 6 layers, ${queries} queries, ${count} targets each: ${ms} ms`)
}
