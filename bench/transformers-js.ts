/**
 * @file transformers.js as the other side of a comparison, in a process of its own. The package is not a dependency:
 * $DETRS_TRANSFORMERS_JS names a folder in which it is installed.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** What its pipeline says of one object. */
export interface TransformersJsDetection {
  readonly label: string
  readonly score: number
  /** Whole pixels. */
  readonly box: { readonly xmin: number; readonly ymin: number; readonly xmax: number; readonly ymax: number }
}

/** One answer of the other process. */
export interface TransformersJsAnswer {
  readonly milliseconds: number
  readonly detections: readonly TransformersJsDetection[]
}

/** The folder that holds `node_modules` with the package; undefined when the environment names none. */
export function findTransformersJs(): string | undefined {
  return process.env['DETRS_TRANSFORMERS_JS']
}

/** Version of the package in a folder. */
export function transformersJsVersion(modules: string): string {
  const file = join(modules, 'node_modules', '@huggingface', 'transformers', 'package.json')
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

/** Makes a folder what transformers.js takes for an RT-DETR, and returns where its ONNX file belongs. */
export function describeRtDetr(
  folder: string,
  classNames: readonly (string | null)[],
  size: { readonly height: number; readonly width: number },
): string {
  mkdirSync(join(folder, 'onnx'), { recursive: true })
  const id2label = Object.fromEntries(classNames.map((name, i) => [i, name ?? `class ${i}`]))
  const config = { model_type: 'rt_detr', architectures: ['RTDetrForObjectDetection'], id2label }
  // As published with RT-DETR: stretched bilinearly, values 0..1, not normalised.
  const preprocessor = {
    image_processor_type: 'RTDetrImageProcessor',
    do_resize: true,
    size,
    resample: 2,
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: false,
    do_pad: false,
  }
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
  writeFileSync(join(folder, 'preprocessor_config.json'), JSON.stringify(preprocessor))
  return join(folder, 'onnx', 'model.onnx')
}

/** A running transformers.js with one model. */
export class TransformersJs {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string>
  readonly #image: string

  private constructor(child: ChildProcessWithoutNullStreams, image: string) {
    this.#child = child
    this.#image = image
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  }

  /** Starts it on a folder of `describeRtDetr` and an image file. @throws Error when it does not come up. */
  static async start(modules: string, folder: string, threads: number, image: string): Promise<TransformersJs> {
    const script = fileURLToPath(new URL('./transformers-js-child.js', import.meta.url))
    const child = spawn(process.execPath, [script, modules, folder, String(threads), image])
    child.stderr.pipe(process.stderr)
    const started = new TransformersJs(child, image)
    const { value } = await started.#lines.next()
    if (value !== 'ready') throw new Error(`transformers.js: expected ready, got ${value}`)
    return started
  }

  /** Milliseconds of the model's call alone, on the image's pixels. */
  async model(): Promise<number> {
    return (await this.#ask('model')).milliseconds
  }

  /** Milliseconds of the whole pipeline: from the image file to boxes. */
  async pipeline(): Promise<number> {
    return (await this.detect(this.#image, 0.5)).milliseconds
  }

  detect(file: string, threshold: number): Promise<TransformersJsAnswer> {
    return this.#ask('detect', file, threshold)
  }

  stop(): void {
    this.#child.stdin.end()
  }

  async #ask(...words: readonly unknown[]): Promise<TransformersJsAnswer> {
    this.#child.stdin.write(`${JSON.stringify(words)}\n`)
    const { value } = await this.#lines.next()
    return JSON.parse(String(value)) as TransformersJsAnswer
  }
}
