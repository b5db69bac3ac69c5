/**
 * @file Runs the detector in headless Chromium on WebAssembly and compares it with the native engine, then the example and
 * the page in README. `npm run test:browser` looks for Chromium in $CHROMIUM and on the PATH.
 */
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { type ImageDetections, resizeBilinear, targetSize } from '../../src/index.js'
import { createFfiRuntime, Detector, loadDetector } from '../../src/index.node.js'
import { ruleImageBytes } from '../support/rule.js'
import { loadTinyModel } from '../support/tiny-model.js'
import { reportFromChromium } from './chromium.js'
import type { PageReport } from './page.js'

/** What is said about what the page lacks, in the order in which the page tries it. */
const FAULTS: readonly RegExp[] = [
  /^\/weights\/missing\.safetensors: expected the weight file, got HTTP 404 Not Found\. /,
  /^\/frame: expected the weight file, got a web page\. /,
  /^http:\/\/localhost:\S+: expected the weight file, got no answer that this page may read \(.*Access-Control-Allow-Origin\.$/,
  /^image: expected a Blob, .* got a Blob that does not decode \(/,
  /^image: expected an image with pixels, got 0×0 = 0\. /,
  /^onnxruntime-web: expected its WebAssembly file at http:\S+\/nowhere\/ort-wasm-simd-threaded\.mjs, got HTTP 404\. .*wasmPaths/,
]

/** Largest difference of scores, and of sides as fractions of the width. */
function largestDifference(found: ImageDetections, expected: ImageDetections): number {
  const labels = ({ detections }: ImageDetections): string[] => detections.map(({ label }) => label)
  assert.deepEqual(labels(found), labels(expected), 'the browser and the native engine disagree')
  const differences = found.detections.flatMap(({ score, box }, i) => {
    const other = expected.detections[i]!
    const sides = (['xmin', 'ymin', 'xmax', 'ymax'] as const).map((side) => box[side] - other.box[side])
    return [score - other.score, ...sides.map((side) => side / found.width)]
  })
  return Math.max(...differences.map(Math.abs))
}

const report: PageReport = JSON.parse(await reportFromChromium('/dist/test/browser/page.js'))
if (report.error !== undefined) throw new Error(report.error)

const image = { width: 160, height: 120, data: ruleImageBytes(1, 120, 160) }
const native = await Detector.create(loadTinyModel(), await createFfiRuntime(), {
  prepare: async (photo: typeof image, rule) => ({
    resized: resizeBilinear(photo, targetSize(photo, rule)),
    original: { width: photo.width, height: photo.height },
  }),
  close: async () => {},
})
const [expected] = await native.detect([image], { threshold: 0 })
await native.dispose()
const largest = largestDifference(report.result, expected!)
const seconds = (report.milliseconds / 1000).toFixed(1)
console.log(
  `browser: ${report.engine} ${report.version}, ${report.result.detections.length} detections in ${seconds} s`,
)
console.log(
  `largest difference from the native engine: ${largest.toExponential(1)} (scores and fractions of the width)`,
)
assert.ok(largest < 1e-4, 'the browser and the native engine disagree')

const detector = await loadDetector('rtdetr-page')
const photo = fileURLToPath(new URL('../../../examples/pages/recipe.jpg', import.meta.url))
const [parts] = await detector.detect([photo], { threshold: 0.4 })
await detector.dispose()
assert.equal(Object.keys(report.kinds).length, 6)
for (const [kind, found] of Object.entries(report.kinds)) {
  const difference = largestDifference(found, parts!)
  console.log(`${kind}: ${found.detections.length} parts, ${difference.toExponential(1)} from Node`)
  // Two decoders of one JPEG differ by a level here and there.
  assert.ok(difference < 0.01, `${kind} is not what Node finds`)
}

assert.equal(report.wrongValues, 0, 'pixels of a canvas are not what was painted')
for (const [i, sentence] of FAULTS.entries()) assert.match(report.faults[i] ?? '', sentence)
assert.equal(report.example.width, parts!.width)
const listed = parts!.detections.filter(({ score }) => score >= 0.5).map(({ label }) => label)
assert.deepEqual(
  report.example.items.map((item) => item.replace(/ \d+ %$/, '')),
  listed,
)
assert.deepEqual(
  (JSON.parse(report.readme) as ImageDetections['detections']).map(({ label }) => label),
  listed,
)
console.log(`the example and the page of README list ${listed.length} parts`)
for (const sentence of report.faults) console.log(`said: ${sentence}`)
