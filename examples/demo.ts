/**
 * @file What works without any download: a small DETR learns four pictures; a full-size DETR-R50, filled with weights from a
 * rule because trained ones are not in the box yet, equals PyTorch and goes from pictures to boxes. `npm run demo`
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeImage, encodeImage } from '../src/data/index.node.js'
import { createFilePreprocessor, Detector } from '../src/detect/index.node.js'
import { drawDetections } from '../src/draw/index.js'
import { findModel, type LoadedModel } from '../src/models/index.js'
import { createNodeRuntime } from '../src/runtime/index.node.js'
import { compareWithGolden } from '../test/support/parity.js'
import { ruleWeights } from '../test/support/rule-weights.js'
import { learnFourPictures } from './learn-four-pictures.js'
import { drawScene, SCENES } from './scenes.js'
import { SHAPES } from './shapes.js'

const OUT = 'demo-output'

const started = performance.now()
const seconds = (): string => `${((performance.now() - started) / 1000).toFixed(1)} s`
await mkdir(OUT, { recursive: true })

const { runtime } = await createNodeRuntime()

const learned = await learnFourPictures(runtime)
const size = `${(learned.parameters / 1e6).toFixed(1)} million parameters`
console.log(`[${seconds()}] a small DETR (${size}, random at first) has learned four pictures by heart: loss from`)
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
console.log()

const model = findModel('detr-r50')
const network = model.create()
const weights = ruleWeights(model, network, 1)
console.log(`${model.title} at full size: ${weights.size} tensors filled by a rule. They were never trained: the boxes`)
console.log(
  'below show that everything runs, not what is in the pictures. (detrs pull detr-r50 gets the real weights.)\n',
)

const differences = await compareWithGolden(runtime, 'detr-r50')
const logits = differences.filter(({ what }) => what.includes('logits') && !what.includes('projections'))
const worst = Math.max(...logits.map(({ difference }) => difference))
const allowed = Math.max(...logits.map(({ allowed }) => allowed))
const verdict = differences.every(({ difference, allowed }) => difference <= allowed) ? 'equal' : 'NOT EQUAL'
console.log(
  `[${seconds()}] ${verdict} to PyTorch on three image sizes, all six decoder layers: logits differ by at most`,
)
console.log(
  `        ${worst.toExponential(1)}; four times PyTorch's own float32 error would be ${allowed.toExponential(1)}.\n`,
)

const classNames = model.classNames.map((name, i) => name ?? `class ${i}`)
const report = { layout: 'rule', matched: weights.size, missing: [], unexpected: [], misshaped: [], left: [] }
const loaded: LoadedModel = { model, network, weights, classNames, report, notes: [] }
const detector = await Detector.create(loaded, runtime, createFilePreprocessor())
for (const scene of SCENES) {
  const file = join(OUT, `${scene}.png`)
  await writeFile(file, await encodeImage(drawScene(scene), 'png'))
  const [result] = await detector.detect([file], { threshold: 0, topK: 4 })
  console.log(`[${seconds()}] ${file}  ${result!.width}×${result!.height}`)
  for (const { label, score, box } of result!.detections) {
    const corners = [box.xmin, box.ymin, box.xmax, box.ymax].map((value) => value.toFixed(1)).join(' ')
    console.log(`        ${label.padEnd(16)} ${score.toFixed(3)}  ${corners}`)
  }
  const annotated = join(OUT, `${scene}-annotated.png`)
  const drawn = drawDetections(await decodeImage(file), result!.detections, { classes: classNames })
  await writeFile(annotated, await encodeImage(drawn, 'png'))
}
await detector.dispose()
console.log(`\n[${seconds()}] annotated pictures are in ${OUT}/`)
process.exitCode = verdict === 'equal' ? 0 : 1
