/**
 * @file transformers.js in a process of its own, driven by bench/transformers-js.ts: `node transformers-js-child.js
 * NODE_MODULES MODEL_FOLDER THREADS IMAGE`. Each line that it reads is `model`, or `detect` with a file and a threshold as JSON;
 * each line that it writes is the answer.
 */
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import type { TransformersJsDetection } from './transformers-js.js'

type Options = Readonly<Record<string, unknown>>

/** What of the package is used here. */
interface Package {
  readonly env: { localModelPath: string; allowRemoteModels: boolean }
  readonly RawImage: { read(file: string): Promise<unknown> }
  pipeline(task: string, model: string, options: Options): Promise<ObjectDetection>
}

interface ObjectDetection {
  readonly model: (inputs: Options) => Promise<unknown>
  readonly processor: (images: readonly unknown[]) => Promise<Options>
  (image: string, options: Options): Promise<TransformersJsDetection[]>
}

const [modules, folder, threads, image] = process.argv.slice(2) as [string, string, string, string]
const entry = createRequire(join(modules, 'from-here.js')).resolve('@huggingface/transformers')
const { env, pipeline, RawImage } = (await import(pathToFileURL(entry).href)) as Package
env.localModelPath = dirname(folder)
env.allowRemoteModels = false
const detect = await pipeline('object-detection', basename(folder), {
  dtype: 'fp32',
  device: 'cpu',
  session_options: { intraOpNumThreads: Number(threads), interOpNumThreads: 1 },
})
const inputs = await detect.processor([await RawImage.read(image)])

console.log('ready')
for await (const line of createInterface({ input: process.stdin })) {
  const [what, ...words] = JSON.parse(line) as [string, ...unknown[]]
  const start = performance.now()
  const detections = what === 'model' ? void (await detect.model(inputs)) : await look(...(words as [string, number]))
  console.log(JSON.stringify({ milliseconds: performance.now() - start, detections: detections ?? [] }))
}

function look(file: string, threshold: number): Promise<TransformersJsDetection[]> {
  return detect(file, { threshold })
}
