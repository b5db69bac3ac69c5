/** @file `detrs eval --model M --data DIR`: a detector judged on the photos of a data set. */
import type { DatasetImage } from '../data/formats/index.js'
import { readDataset, withValidation } from '../data/formats/index.node.js'
import { createFilePreprocessor, Detector, evaluateDetector, resolveWeights } from '../detect/index.node.js'
import type { CocoEvaluation } from '../eval/index.js'
import type { PhotoFile } from '../report/index.js'
import { createNodeRuntime } from '../runtime/index.node.js'
import { ConfigError } from '../tensor/index.js'
import { cacheEnvironment } from './cache-environment.js'
import type { Terminal } from './command.js'
import { problemsInShort } from './data-report.js'
import { printable } from './plain-text.js'
import { Progress } from './progress.js'

/** What is judged on what. */
export interface ModelEvaluation {
  /** A model's name or a weight file. */
  readonly model: string
  readonly architecture?: string | undefined
  /** Folder or annotation file of the data set. */
  readonly data: string
  /** Split to judge on; validation, else test, else all photos unless said. `val` of a set without one is what training holds out. */
  readonly split?: string | undefined
  /** Execution providers in order of preference; the CPU's unless said. */
  readonly providers?: readonly string[] | undefined
}

/** What came of it. */
export interface JudgedModel {
  readonly evaluation: CocoEvaluation
  readonly photos: readonly PhotoFile[]
  /** Which photos these are, in words. */
  readonly part: string
}

/**
 * Detects on every photo of the split and evaluates by COCO's rules.
 * @throws ConfigError when the data set has no such split, or none of its classes is one of the model's.
 */
export async function evaluateModel(request: ModelEvaluation, terminal: Terminal): Promise<JudgedModel> {
  const { model, architecture, data, split, providers } = request
  const cache = cacheEnvironment(terminal.env)
  const [{ loaded }, { runtime, fallbackReason }] = await Promise.all([
    resolveWeights({ weights: model, architecture }, cache),
    createNodeRuntime(),
  ])
  for (const note of loaded.notes) terminal.err(`note: ${printable(note)}\n`)
  if (fallbackReason !== undefined) terminal.err(`note: the native engine is not used. ${printable(fallbackReason)}\n`)
  const read = await readDataset(data, { missing: 'skip', segmentation: false })
  const { dataset, note } = split === 'val' ? await withValidation(read) : { dataset: read, note: undefined }
  if (note !== undefined) terminal.err(`note: ${printable(note)}\n`)
  terminal.err(problemsInShort(dataset.problems))
  const common = dataset.classNames.filter((name) => loaded.classNames.includes(name))
  if (common.length === 0) {
    const got = `${dataset.classNames.slice(0, 5).join(', ')} in the data`
    throw new ConfigError({ where: data, expected: `classes of ${loaded.model.name}`, got })
  }
  if (common.length < dataset.classNames.length) {
    const unknown = dataset.classNames.filter((name) => !common.includes(name))
    terminal.err(`note: the model does not know ${printable(unknown.join(', '))}\n`)
  }
  const { images, name } = chooseImages(dataset, split)
  const hint = name === WHOLE ? '; those that detrs train holds out of it are --split val' : ''
  terminal.err(`${images.length} photos of ${name}${hint}\n`)
  const detector = await Detector.create(loaded, runtime, createFilePreprocessor(), { providers })
  const progress = new Progress(terminal, 'eval', images.length, 'photos')
  try {
    const evaluation = await evaluateDetector(detector, {
      images,
      classNames: dataset.classNames,
      onProgress: (done) => progress.update(done),
    })
    return { evaluation, photos: images, part: `${name} of ${dataset.name}` }
  } finally {
    progress.finish()
    await detector.dispose()
  }
}

const WHOLE = 'the whole data set'

function chooseImages(
  { images, splits, folder }: Awaited<ReturnType<typeof readDataset>>,
  split: string | undefined,
): { images: readonly DatasetImage[]; name: string } {
  const names = Object.keys(splits)
  const chosen = split ?? ['val', 'test'].find((name) => names.includes(name))
  if (chosen === undefined) return { images, name: WHOLE }
  const positions = Object.hasOwn(splits, chosen) ? splits[chosen as keyof typeof splits] : undefined
  if (positions === undefined || positions.length === 0) {
    const got = names.length === 0 ? 'a data set without splits' : `only ${names.join(', ')}`
    throw new ConfigError({ where: folder, expected: `a split named '${chosen}'`, got })
  }
  return { images: positions.map((position) => images[position]!), name: `split ${chosen}` }
}
