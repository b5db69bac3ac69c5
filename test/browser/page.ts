/**
 * @file What the browser test runs in the page, its numbers posted back: a tiny DETR from pixels to boxes, `loadDetector` on
 * everything that is an image in a page, what it says when something is missing, the example and the page in README.
 */
import { Detector, type ImageDetections, resizeBilinear, targetSize } from '../../src/index.js'
import { createWebRuntime, loadDetector, type PageImage, readPageImage } from '../../src/index.web.js'
import { ruleImageBytes } from '../support/rule.js'
import { loadTinyModel } from '../support/tiny-model.js'
import { choose, openFrame, textOf } from './frames.js'

/** What is posted back. */
export interface PageReport {
  readonly error?: string
  readonly result: ImageDetections
  readonly engine: string
  readonly version: string
  readonly threads: number
  readonly milliseconds: number
  /** What was found on the photo, by the kind of image that it was given as. */
  readonly kinds: Readonly<Record<string, ImageDetections>>
  /** Values of a large, partly transparent canvas that are not what was painted. */
  readonly wrongValues: number
  /** Sentences about what is missing, in the order of `faults`. */
  readonly faults: readonly string[]
  /** What the example lists, and what the page of README says. */
  readonly example: { readonly items: readonly string[]; readonly width: number }
  readonly readme: string
}

const WEIGHTS = '/weights/rtdetr-page.safetensors'
const PHOTO = '/examples/pages/recipe.jpg'

async function tiny(): Promise<Pick<PageReport, 'result' | 'engine' | 'version' | 'threads'>> {
  const runtime = await createWebRuntime({ wasmPaths: '/node_modules/onnxruntime-web/dist/' })
  const detector = await Detector.create(loadTinyModel(), runtime, {
    prepare: async (image: { width: number; height: number; data: Uint8Array }, rule) => ({
      resized: resizeBilinear(image, targetSize(image, rule)),
      original: { width: image.width, height: image.height },
    }),
    close: async () => {},
  })
  const image = { width: 160, height: 120, data: ruleImageBytes(1, 120, 160) }
  const [result] = await detector.detect([image], { threshold: 0 })
  await detector.dispose()
  return { result: result!, engine: runtime.name, version: runtime.version, threads: runtime.threads }
}

async function everyKind(file: File): Promise<Record<string, ImageDetections>> {
  const detector = await loadDetector(WEIGHTS)
  const bitmap = await createImageBitmap(file)
  const element = new Image()
  // Still loading when it is given to the detector.
  element.src = URL.createObjectURL(file)
  const canvas = Object.assign(document.createElement('canvas'), { width: bitmap.width, height: bitmap.height })
  const context = canvas.getContext('2d')!
  context.drawImage(bitmap, 0, 0)
  const offscreen = new OffscreenCanvas(bitmap.width, bitmap.height)
  offscreen.getContext('2d')!.drawImage(bitmap, 0, 0)
  const kinds: Record<string, PageImage> = {
    File: file,
    ImageBitmap: bitmap,
    HTMLImageElement: element,
    HTMLCanvasElement: canvas,
    OffscreenCanvas: offscreen,
    ImageData: context.getImageData(0, 0, bitmap.width, bitmap.height),
  }
  const found: Record<string, ImageDetections> = {}
  for (const [kind, image] of Object.entries(kinds)) {
    const [result] = await detector.detect([image], { threshold: 0.4 })
    found[kind] = result!
  }
  await detector.dispose()
  return found
}

/** Paints half of each row in a colour of its own, the right half and then the left, and counts the values that come back otherwise. */
async function wrongValues(): Promise<number> {
  const [width, height] = [3000, 3001]
  const canvas = new OffscreenCanvas(width, height)
  const context = canvas.getContext('2d')!
  const colour = (y: number): readonly number[] => [y % 256, (y >> 4) % 256, 77]
  for (let y = 0; y < height; y++) {
    context.fillStyle = `rgb(${colour(y)})`
    context.fillRect(y < 1500 ? width / 2 : 0, y, width / 2, 1)
  }
  let wrong = 0
  for (const options of [{}, { ground: 'white' }] as const) {
    const { data } = await readPageImage(canvas, options)
    const behind = 'ground' in options ? 255 : 0
    for (let i = 0; i < data.length; i++) {
      const [pixel, channel] = [Math.floor(i / 3), i % 3]
      const y = Math.floor(pixel / width)
      const painted = pixel % width >= width / 2 === y < 1500
      const expected = painted ? colour(y)[channel]! : behind
      if (data[i] !== expected) wrong++
    }
  }
  return wrong
}

/** What cannot work, and what is said. */
async function faults(): Promise<string[]> {
  const detector = await loadDetector(WEIGHTS)
  const closed = await createImageBitmap(new ImageData(8, 8))
  closed.close()
  const attempts: readonly (() => Promise<unknown>)[] = [
    () => loadDetector('/weights/missing.safetensors'),
    () => loadDetector('/frame?script=nothing'),
    () => loadDetector(`http://localhost:${location.port}${WEIGHTS}`),
    () => detector.detect([new Blob(['no image'], { type: 'image/png' })]),
    () => detector.detect([closed]),
  ]
  const sentences: string[] = []
  for (const attempt of attempts) {
    sentences.push(
      await attempt().then(
        () => 'no error',
        ({ message }: Error) => message,
      ),
    )
  }
  await detector.dispose()
  // An engine that could not start is lost for the page: this one has its own.
  const page = await openFrame('/frame?script=/dist/test/browser/missing-engine.js')
  return [...sentences, await textOf(page, 'body', /expected/)]
}

async function run(): Promise<PageReport> {
  const started = performance.now()
  const first = await tiny()
  const milliseconds = performance.now() - started
  const file = new File([await (await fetch(PHOTO)).blob()], 'recipe.jpg', { type: 'image/jpeg' })
  const kinds = await everyKind(file)

  const example = await openFrame('/examples/browser/index.html')
  await textOf(example, '[role=status]', /^Ready/)
  choose(example, file)
  await textOf(example, '[role=status]', /parts in/)
  const items = [...example.querySelectorAll('li')].map((item) => item.textContent ?? '')
  const { width } = example.querySelector('canvas')!

  const readme = await openFrame('/readme.html')
  await textOf(readme, 'pre', /^ready/)
  choose(readme, file)
  const listed = await textOf(readme, 'pre', /label/)
  return {
    ...first,
    milliseconds,
    kinds,
    wrongValues: await wrongValues(),
    faults: await faults(),
    example: { items, width },
    readme: listed,
  }
}

const report = await run().catch((error: unknown) => ({ error: String(error) }))
await fetch('/report', { method: 'POST', body: JSON.stringify(report) })
