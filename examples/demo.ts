/**
 * @file What works without any download: the model in the box finds the parts of pages; a small DETR learns four pictures; a
 * full-size DETR-R50, filled with weights from a rule, equals PyTorch. `npm run demo`
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeImage } from '../src/data/index.node.js'
import { drawDetections } from '../src/draw/index.js'
import { DEFAULT_DETECTOR } from '../src/models/index.js'
import { createNodeRuntime } from '../src/runtime/index.node.js'
import { compareWithGolden } from '../test/support/parity.js'
import { learnFourPictures } from './learn-four-pictures.js'
import { countsOf, findPageParts } from './pages.js'
import { SHAPES } from './shapes.js'

const OUT = 'demo-output'

const started = performance.now()
const seconds = (): string => `${((performance.now() - started) / 1000).toFixed(1)} s`
await mkdir(OUT, { recursive: true })

console.log(
  `[${seconds()}] ${DEFAULT_DETECTOR}, the model in the box, finds the parts of pages that it has never seen:`,
)
for await (const { name, result, drawn } of findPageParts()) {
  const file = join(OUT, `${name}.png`)
  await writeFile(file, await encodeImage(drawn, 'png'))
  console.log(`        ${file}  ${countsOf(result)}`)
}

const { runtime } = await createNodeRuntime()

const learned = await learnFourPictures(runtime)
const size = `${(learned.parameters / 1e6).toFixed(1)} million parameters`
console.log(`\n[${seconds()}] a small DETR (${size}, random at first) has learned four pictures by heart: loss from`)
console.log(
  `        ${learned.firstLoss.toFixed(1)} to ${learned.lastLoss.toFixed(2)} in ${learned.steps} steps, AP ${learned.ap.toFixed(2)}. What it finds in them:`,
)
for (const [i, { image }] of learned.pictures.entries()) {
  const found = learned.results[i]!.detections.filter(({ score }) => score >= 0.5)
  console.log(
    `        ${OUT}/learned-${i + 1}.png  ${found.map(({ label, score }) => `${label} ${score.toFixed(2)}`).join(', ')}`,
  )
  const drawn = drawDetections(image, found, { classes: SHAPES })
  await writeFile(join(OUT, `learned-${i + 1}.png`), await encodeImage(drawn, 'png'))
}

const differences = await compareWithGolden(runtime, 'detr-r50')
const logits = differences.filter(({ what }) => what.includes('logits') && !what.includes('projections'))
const worst = Math.max(...logits.map(({ difference }) => difference))
const allowed = Math.max(...logits.map(({ allowed }) => allowed))
const equal = differences.every(({ difference, allowed }) => difference <= allowed)
console.log(
  `\n[${seconds()}] DETR-R50 at full size, its tensors filled by a rule: ${equal ? 'equal' : 'NOT EQUAL'} to PyTorch on three`,
)
console.log(
  `        image sizes, all six decoder layers. Logits differ by at most ${worst.toExponential(1)}; four times PyTorch's own float32 error`,
)
console.log(`        would be ${allowed.toExponential(1)}. (detrs pull detr-r50 gets its trained weights.)`)

console.log(`\n[${seconds()}] the pictures are in ${OUT}/`)
process.exitCode = equal ? 0 : 1
