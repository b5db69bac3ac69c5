/** @file For the tests of commands: run in this process with caught output, or as a process of their own. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import { encodeSafetensors } from '../../src/checkpoint/index.js'
import type { Terminal } from '../../src/cli/command.js'
import { runCommandLine } from '../../src/cli/run.js'
import { type EncodedFormat, encodeImage } from '../../src/data/index.node.js'
import { type DetectionModel, models } from '../../src/models/index.js'
import { parametersOf } from '../../src/nn/index.js'
import type { TensorData } from '../../src/tensor/index.js'
import { ruleImageBytes } from './rule.js'
import { ruleWeights } from './rule-weights.js'
import { tinyModel } from './tiny-model.js'

/** What a command did. */
export interface Outcome {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** An element of the array that `detrs detect --json` prints. */
export interface Found {
  readonly file: string
  readonly width: number
  readonly height: number
  readonly page?: Readonly<Record<string, unknown>>
  readonly detections: readonly {
    readonly label: string
    readonly score: number
    readonly box: Readonly<Record<'xmin' | 'ymin' | 'xmax' | 'ymax', number>>
  }[]
}

/** The built command. */
export const MAIN: string = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))

/** A folder that vanishes after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'detrs-cli-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Settings under which no weights of this machine are found and no network is used. */
export function isolated(folder: string): Record<string, string> {
  return { DETRS_CACHE: join(folder, 'cache'), TORCH_HOME: join(folder, 'torch'), DETRS_OFFLINE: '1' }
}

const nowhere = isolated(join(tmpdir(), 'detrs-no-such-folder'))

/** Runs a command line in this process. */
export async function run(words: readonly string[], terminal: Partial<Terminal> = {}): Promise<Outcome> {
  let [out, err] = ['', '']
  const caught: Terminal = {
    out: (text) => {
      out += text
    },
    err: (text) => {
      err += text
    },
    env: nowhere,
    interactive: false,
    columns: 80,
    ...terminal,
  }
  const code = await runCommandLine(words, caught)
  return { code, out, err }
}

/** How a process is started. */
export interface ProcessOptions {
  /** What its standard input holds; nothing unless said. */
  readonly stdin?: Uint8Array
  readonly cwd?: string
  /** Closes its standard output after this many bytes, as `head` does. */
  readonly closeAfter?: number
}

/** Runs a command line as a process of its own. */
export function runProcess(words: readonly string[], options: ProcessOptions = {}): Promise<Outcome> {
  const { stdin = new Uint8Array(0), closeAfter = Number.POSITIVE_INFINITY, cwd } = options
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...words], { cwd, env: { ...process.env, ...nowhere } })
    let [out, err] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
      if (out.length >= closeAfter) child.stdout.destroy()
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, out, err }))
    child.stdin.on('error', () => undefined)
    child.stdin.end(stdin)
  })
}

/** Makes a model one that can be named, in this process. */
export function makeNameable(model: DetectionModel): void {
  const table = models as DetectionModel[]
  table.push(model)
}

/** A model's weights by the rule, under the official names. */
export function officialRuleWeights(model: DetectionModel, classes?: number): Map<string, TensorData> {
  const network = model.create(classes)
  const weights = ruleWeights(model, network, 1)
  const official = model.layouts[0]!
  return new Map(parametersOf(network).map(({ key }) => [official.keysOf(key)[0]!, weights.get(key)!]))
}

/** Writes weights by the rule as safetensors. */
export function writeWeights(
  path: string,
  model: DetectionModel,
  metadata: Readonly<Record<string, string>> = {},
): string {
  writeFileSync(path, encodeSafetensors(officialRuleWeights(model), new Map(Object.entries(metadata))))
  return path
}

/** `detrs detect` with the tiny model, whose weights lie in a folder for the photos of a file's tests. */
export interface TinyDetection {
  readonly folder: string
  /** A path in the folder. */
  readonly at: (name: string) => string
  readonly weights: string
  readonly detect: (...words: string[]) => Promise<Outcome>
}

/** @param options of every detection, before those of the one at hand */
export function tinyDetection(...options: string[]): TinyDetection {
  const folder = temporaryFolder()
  const at = (name: string): string => join(folder, name)
  makeNameable(tinyModel)
  const weights = writeWeights(at('tiny.safetensors'), tinyModel)
  const model = ['--model', weights, '--architecture', 'tiny']
  return { folder, at, weights, detect: (...words) => run(['detect', ...options, ...model, ...words]) }
}

/** Writes a picture with detail; the format is that of the file's extension. */
export async function writePicture(path: string, width: number, height: number, seed = 1): Promise<string> {
  const format: EncodedFormat = path.endsWith('.png') ? 'png' : path.endsWith('.webp') ? 'webp' : 'jpeg'
  writeFileSync(path, await encodeImage({ width, height, data: ruleImageBytes(seed, height, width) }, format))
  return path
}

/** The package's folder. */
export const PACKAGE_FOLDER: string = dirname(dirname(dirname(dirname(MAIN))))
