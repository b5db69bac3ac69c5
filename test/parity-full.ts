/**
 * @file The whole parity of DETR: four variants at full size on every golden case, 800×1066 included, and every planted
 * mistake. Prints one line per case; exits 1 when anything is out of bounds. `npm run parity`
 */
import { createFfiRuntime } from '../src/runtime/index.node.js'
import { compareWithGolden, goldenIndex, type LayerDifference } from './support/parity.js'
import { plantedMistakes } from './support/planted-mistakes.js'

const runtime = await createFfiRuntime()
let faults = 0

for (const name of Object.keys(goldenIndex())) {
  const differences = await compareWithGolden(runtime, name)
  const wrong = differences.filter((layer) => !within(layer))
  faults += wrong.length
  for (const kind of ['logits', 'boxes']) {
    const layers = differences.filter(({ what }) => what.includes(kind) && !what.includes('projections'))
    const worst = layers.reduce((a, b) => (b.difference / b.allowed > a.difference / a.allowed ? b : a))
    console.log(
      `${name} ${kind}: worst ${percent(worst)} of the allowance, ${worst.difference.toExponential(1)} (${worst.what})`,
    )
  }
  for (const layer of wrong) console.log(`  OUT OF BOUNDS ${layer.what}: ${layer.difference} > ${layer.allowed}`)
}

for (const { title, name, mistake, visible } of plantedMistakes) {
  const differences = await compareWithGolden(runtime, name, { cases: ['padded'], mistake })
  const worst = differences.reduce((a, b) => (b.difference / b.allowed > a.difference / a.allowed ? b : a))
  const seen = differences.some((layer) => !within(layer))
  if (seen !== visible) faults++
  const verdict = seen === visible ? '' : '  NOT AS EXPECTED'
  console.log(`planted: ${title}: ${seen ? 'seen' : 'invisible'}, ${percent(worst)} of the allowance${verdict}`)
}

console.log(faults === 0 ? 'parity: all within bounds' : `parity: ${faults} faults`)
process.exitCode = faults === 0 ? 0 : 1

function within({ difference, allowed }: LayerDifference): boolean {
  return difference <= allowed
}

function percent({ difference, allowed }: LayerDifference): string {
  return `${((100 * difference) / allowed).toFixed(0)} %`
}
