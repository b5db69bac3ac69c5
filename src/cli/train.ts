/** @file `detrs train`: a folder of labelled photos in, a detector out. */
import { resolve } from 'node:path'
import type { ResizeRule } from '../data/index.js'
import { resolveWeights } from '../detect/index.node.js'
import { type DetectionModel, findModel } from '../models/index.js'
import { ConfigError } from '../tensor/index.js'
import { type FitEvents, type FitResult, fit, INPUT_STRIDE, type ResumeOptions, resume } from '../train/index.node.js'
import { flag, listOption, numberOption, textOption } from './arguments.js'
import { cacheEnvironment } from './cache-environment.js'
import type { Command, CommandInput, Terminal } from './command.js'
import { printable } from './plain-text.js'
import { formatDuration } from './progress.js'

export const command: Command = {
  usage: '--data DIR [--model NAME] [--epochs N] [--out DIR] | --resume RUN [--epochs N] [--threads N]',
  description:
    'Trains a detector on labelled photos (COCO, Pascal VOC, YOLO or CSV, recognised by looking) and writes a run folder: ' +
    'options, results.csv, curves, pictures, report.html, events for TensorBoard, weights/last and weights/best for detrs ' +
    'detect, states to go on from. Ctrl-C finishes the step and saves; --resume goes on to the bit.',
  options: {
    data: { type: 'string' },
    model: { type: 'string', short: 'm' },
    weights: { type: 'string' },
    epochs: { type: 'string' },
    batch: { type: 'string' },
    lr: { type: 'string' },
    'backbone-lr': { type: 'string' },
    size: { type: 'string' },
    accumulate: { type: 'string' },
    patience: { type: 'string' },
    freeze: { type: 'string' },
    'no-flip': { type: 'boolean' },
    'no-crop': { type: 'boolean' },
    seed: { type: 'string' },
    out: { type: 'string', short: 'o' },
    resume: { type: 'string' },
    threads: { type: 'string' },
    'evaluate-every': { type: 'string' },
  },
  optionHelp: {
    data: 'folder or annotation file of the data set',
    model: 'architecture; that of the weights, or else rtdetr-small, which learns from nothing, unless said',
    weights:
      'weights to start from, a file or a name; its class head is kept for classes of the same name and begun anew for others',
    epochs: 'passes over the training photos; follows from their number unless said',
    batch: 'photos per step',
    lr: 'learning rate',
    'backbone-lr':
      'learning rate of the backbone; that of the rest when nothing is pretrained, else a tenth of it, unless said',
    size: 'shorter side of the photos in pixels, or HEIGHTxWIDTH for models that stretch, in multiples of 32; follows from the data unless said',
    accumulate: 'batches whose gradients make one step, for batches that do not fit into memory',
    patience: 'evaluations without a gain after which the run ends; it goes to its end unless said',
    freeze: 'beginnings of the names of parameters that stay as they are, with commas between',
    'no-flip': 'never mirror photos, as where they show text',
    'no-crop': 'never cut photos or put them into larger ones, as where the place says what something is',
    seed: 'of weights, order and augmentation; 0 unless said',
    out: "folder for the run's own folder; runs unless said",
    resume: 'folder of an interrupted run to go on with',
    threads: 'threads of the engine',
    'evaluate-every': 'epochs between evaluations',
  },
  run: async (input, terminal) => {
    if (input.positionals.length > 0) {
      throw new ConfigError({ where: 'detrs train', expected: 'options only', got: `'${input.positionals[0]}'` })
    }
    const run = textOption(input, 'resume')
    const data = textOption(input, 'data')
    if ((run === undefined) === (data === undefined)) {
      const got = run === undefined ? 'neither' : 'both'
      throw new ConfigError({ where: 'detrs train', expected: 'either --data DIR or --resume RUN', got })
    }
    const stop = new AbortController()
    let interrupted = 0
    const interrupt = (signal: NodeJS.Signals): void => {
      if (!stop.signal.aborted) {
        interrupted = performance.now()
        terminal.err('\nfinishing this step and saving; press Ctrl-C again to stop at once\n')
        stop.abort()
      } else if (signal === 'SIGINT' && performance.now() - interrupted > SAME_PRESS_MS) process.exit(130)
    }
    process.on('SIGINT', interrupt)
    process.on('SIGTERM', interrupt)
    try {
      const events = reporter(terminal, stop.signal)
      const result =
        run === undefined
          ? await fit(await fitOptions(input, data!, terminal), events)
          : await resume(run, findModel, resumeOptions(input), events)
      summarize(result, terminal)
      return result.end === 'stopped' ? 130 : 0
    } finally {
      process.off('SIGINT', interrupt)
      process.off('SIGTERM', interrupt)
    }
  },
}

const MANY = 1_000_000

/** One press may arrive twice, by the process and by its group: a second signal within this time is the same. */
const SAME_PRESS_MS = 500

/** Options that a run may be gone on with; the others are those that it began with. */
const CHANGEABLE = ['resume', 'epochs', 'threads', 'evaluate-every']

function resumeOptions(input: CommandInput): ResumeOptions {
  const other = Object.keys(input.values).find((name) => !CHANGEABLE.includes(name))
  if (other !== undefined) {
    throw new ConfigError({
      where: 'detrs train --resume',
      expected: 'no other option than --epochs, --threads and --evaluate-every',
      got: `--${other}`,
      next: 'A run goes on with the options that it began with.',
    })
  }
  const count = countsOf(input)
  const [epochs, threads, evaluateEvery] = [
    count('epochs', MANY),
    count('threads', 1024),
    count('evaluate-every', MANY),
  ]
  return {
    ...(epochs === undefined ? {} : { epochs }),
    ...(threads === undefined ? {} : { threads }),
    ...(evaluateEvery === undefined ? {} : { evaluateEvery }),
  }
}

function countsOf(input: CommandInput): (name: string, max: number) => number | undefined {
  return (name, max) => numberOption(input, name, { min: 1, max, whole: true })
}

async function fitOptions(input: CommandInput, data: string, terminal: Terminal): Promise<Parameters<typeof fit>[0]> {
  const count = countsOf(input)
  const [epochs, batchSize] = [count('epochs', MANY), count('batch', 1024)]
  const [threads, evaluateEvery] = [count('threads', 1024), count('evaluate-every', MANY)]
  const [learningRate, ofBackbone] = [rateOption(input, 'lr'), rateOption(input, 'backbone-lr')]
  const [accumulate, patience] = [count('accumulate', 1024), count('patience', MANY)]
  const freeze = listOption(input, 'freeze')
  const seed = numberOption(input, 'seed', { min: 0, max: 2 ** 32 - 1, whole: true })
  const [out, size] = [textOption(input, 'out'), sizeOption(input)]
  const { model, weights } = await startOf(input, terminal)
  return {
    data: resolve(data),
    model,
    ...(weights === undefined ? {} : { weights }),
    ...(out === undefined ? {} : { out }),
    ...(threads === undefined ? {} : { threads }),
    ...(evaluateEvery === undefined ? {} : { evaluateEvery }),
    overrides: {
      ...(epochs === undefined ? {} : { epochs }),
      ...(batchSize === undefined ? {} : { batchSize }),
      ...(learningRate === undefined
        ? {}
        : { learningRate, backboneLearningRate: weights === undefined ? learningRate : learningRate / 10 }),
      ...(ofBackbone === undefined ? {} : { backboneLearningRate: ofBackbone }),
      ...(accumulate === undefined ? {} : { accumulate }),
      ...(patience === undefined ? {} : { patience }),
      ...(freeze === undefined ? {} : { freeze }),
      ...(flag(input, 'no-flip') ? { flip: false } : {}),
      ...(flag(input, 'no-crop') ? { crop: false } : {}),
      ...(seed === undefined ? {} : { seed }),
      ...(size?.[1] === undefined ? {} : { resize: stretched(model.input.resize, size[0], size[1]) }),
    },
    ...(size === undefined || size[1] !== undefined ? {} : { shorterSide: size[0] }),
  }
}

/** The architecture, and the file of weights to start from; the former follows from the latter unless it is named. */
async function startOf(
  input: CommandInput,
  { env, err }: Terminal,
): Promise<{ readonly model: DetectionModel; readonly weights?: string }> {
  const [named, weights] = [textOption(input, 'model'), textOption(input, 'weights')]
  if (weights === undefined) return { model: findModel(named ?? 'rtdetr-small') }
  const { loaded, file } = await resolveWeights({ weights, architecture: named }, cacheEnvironment(env))
  for (const note of loaded.notes) err(`note: ${printable(note)}\n`)
  return { model: loaded.model, weights: resolve(file) }
}

function rateOption(input: CommandInput, name: string): number | undefined {
  return numberOption(input, name, { min: 1e-9, max: 10 })
}

/** `--size` as shorter side, or as height and width. */
function sizeOption(input: CommandInput): readonly [first: number, second?: number] | undefined {
  const text = textOption(input, 'size')
  if (text === undefined) return undefined
  const sides = /^(\d{1,4})(?:[x×](\d{1,4}))?$/.exec(text)
  const [first, second] = [Number(sides?.[1]), sides?.[2] === undefined ? undefined : Number(sides[2])]
  if (sides === null || first < 1 || (second !== undefined && second < 1)) {
    throw new ConfigError({ where: '--size', expected: 'pixels from 1 to 9999, or HEIGHTxWIDTH', got: `'${text}'` })
  }
  return second === undefined ? [first] : [first, second]
}

/** The model's rule with both sides given. */
function stretched(rule: ResizeRule, height: number, width: number): ResizeRule {
  const got = `${height}x${width}`
  if (rule.kind === 'pad') {
    throw new ConfigError({ where: '--size', expected: 'the shorter side alone: this model pads', got })
  }
  if (height % INPUT_STRIDE === 0 && width % INPUT_STRIDE === 0) return { ...rule, height, width }
  const near = [height, width].map((length) => Math.max(1, Math.round(length / INPUT_STRIDE)) * INPUT_STRIDE)
  const expected = `multiples of ${INPUT_STRIDE} for models that stretch`
  throw new ConfigError({ where: '--size', expected, got, next: `Try ${near.join('x')}.` })
}

/** Seconds between two lines of steps where the output is no person's terminal. */
const LINE_SECONDS = 30

function reporter(terminal: Terminal, stop: AbortSignal): FitEvents {
  const started = performance.now()
  let shown = Number.NEGATIVE_INFINITY
  /** The step before the clock of the rate began: the first batch waits for compilation. */
  let first: { readonly step: number; readonly at: number } | undefined
  return {
    onTrainStart: () => (stop.aborted ? 'stop' : undefined),
    onPlan: (lines, folder) => {
      for (const line of lines) terminal.err(`${line}\n`)
      terminal.err(`run folder: ${folder.path}\n`)
    },
    onWarning: (line) => terminal.err(`note: ${printable(line)}\n`),
    onBatchEnd: ({ loss, terms, gradientNorm }, position) => {
      first ??= { step: position.step, at: performance.now() }
      const seconds = (performance.now() - started) / 1000
      if (seconds - shown >= (terminal.interactive ? 0.5 : LINE_SECONDS)) {
        shown = seconds
        const steps = position.step - first.step
        const rate = steps === 0 ? '' : ` · ${(steps / ((performance.now() - first.at) / 1000)).toFixed(2)} steps/s`
        const parts = [...terms]
          .filter(([name]) => !/_\d+$/.test(name))
          .map(([name, value]) => `${name} ${value.toFixed(3)}`)
        const line = `epoch ${position.epoch + 1} step ${position.step} · loss ${loss.toFixed(3)} (${parts.join(', ')}) · gradient ${gradientNorm.toFixed(1)}${rate}`
        terminal.err(terminal.interactive ? `\r${line.slice(0, terminal.columns - 1)}\x1b[K` : `${line}\n`)
      }
      return stop.aborted ? 'stop' : undefined
    },
    onFitEpochEnd: ({ epoch, loss, metrics }) => {
      const verdict = stop.aborted ? 'stop' : undefined
      if (metrics === undefined) return verdict
      const { AP, AP50, AP75 } = metrics
      const elapsed = formatDuration((performance.now() - started) / 1000)
      const line = `epoch ${epoch} · loss ${loss.toFixed(3)} · AP ${AP!.toFixed(3)} AP50 ${AP50!.toFixed(3)} AP75 ${AP75!.toFixed(3)} · ${elapsed}`
      terminal.err(terminal.interactive ? `\r${line}\x1b[K\n` : `${line}\n`)
      return verdict
    },
  }
}

function summarize({ end, folder, position, metrics }: FitResult, terminal: Terminal): void {
  const why = { finished: 'finished', stopped: 'stopped', 'no gain': 'ended without further gain' }[end]
  const figures = metrics === undefined ? '' : `, AP ${metrics['AP']!.toFixed(3)}, AP50 ${metrics['AP50']!.toFixed(3)}`
  terminal.out(`${why} after ${position.epoch} epochs, ${position.step} steps${figures}\n${folder.path}\n`)
  if (end === 'stopped') terminal.out(`go on with: detrs train --resume ${folder.path}\n`)
}
