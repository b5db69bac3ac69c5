/** @file `detrs detect`: photos in, objects out. */
import { basename } from 'node:path'
import {
  createPreprocessor,
  DEFAULT_DPI,
  type Preprocessor as Decoder,
  findImages,
  findPages,
  type ImageContent,
  type ImageSource,
  type PdfPageSize,
  parsePages,
  type RgbImage,
  readImageSource,
} from '../data/index.node.js'
import {
  type DetectOptions,
  Detector,
  type PreparedImage,
  type Preprocessor,
  resolveWeights,
} from '../detect/index.node.js'
import { DEFAULT_DETECTOR, type InputConvention, type LoadedModel } from '../models/index.js'
import { createNodeRuntime } from '../runtime/index.node.js'
import { ConfigError, DownloadError, FileError, ImageError } from '../tensor/index.js'
import { AnnotatedIds } from './annotated-ids.js'
import { flag, listOption, numberOption, textOption } from './arguments.js'
import { cacheEnvironment } from './cache-environment.js'
import { type Command, type CommandInput, PROVIDER_HELP, type Terminal } from './command.js'
import { AnnotatedPictures, CocoResults } from './detection-files.js'
import { type DetectedImage, JsonReport, type Report, TableReport } from './detection-report.js'
import { printable } from './plain-text.js'
import { Progress } from './progress.js'

export const command: Command = {
  usage: 'INPUT… [--model NAME|FILE] [--threshold T] [--pages LIST] [--json] [--coco FILE] [--out DIR]',
  description:
    'Finds objects in photos and on pages. INPUT is an image, a PDF document (report.pdf, or report.pdf#page=3), a ' +
    'folder, a pattern such as "photos/**/*.jpg", a web address, or - for standard input. A photo that cannot be read is reported and the others go on; the exit code is then 1.',
  options: {
    model: { type: 'string', short: 'm' },
    architecture: { type: 'string' },
    'decoder-layers': { type: 'string' },
    threshold: { type: 'string', short: 't' },
    classes: { type: 'string', multiple: true },
    'top-k': { type: 'string' },
    batch: { type: 'string' },
    pages: { type: 'string' },
    dpi: { type: 'string' },
    json: { type: 'boolean' },
    coco: { type: 'string' },
    gt: { type: 'string' },
    out: { type: 'string', short: 'o' },
    threads: { type: 'string' },
    provider: { type: 'string', multiple: true },
    'max-pixels': { type: 'string' },
  },
  optionHelp: {
    model: `name of a model whose weights are on this machine (detrs pull NAME), or a weight file; ${DEFAULT_DETECTOR} unless said, which is in the box and finds the parts of pages`,
    architecture: 'the model of a weight file that does not tell it',
    'decoder-layers': 'run only so many layers of RT-DETR’s decoder: faster, and a little less exact',
    threshold: 'lowest score that is reported, 0 to 1; 0.5 unless said',
    classes: 'only these classes, by name, separated by commas',
    'top-k': 'at most this many objects per photo',
    batch: 'photos that go through the network together; 1 unless said, the fastest on a CPU',
    pages: 'pages of PDF documents, such as 1-3,7 or 5-; all unless said',
    dpi: `pixels per inch of PDF pages; ${DEFAULT_DPI} unless said`,
    json:
      'one JSON array on standard output: file, width, height, detections with label, score and box in pixels; ' +
      'for a PDF page also its document, number, size in points and the resolution',
    coco: 'also write a COCO results file',
    gt: 'annotations whose ids of photos and classes, found by their names, that file takes; so detrs eval can judge it',
    out: 'also write annotated pictures into this folder, over those of the same name',
    threads: 'threads of the engine; as many as the machine has cores unless said',
    provider: PROVIDER_HELP,
    'max-pixels': 'refuse larger photos; 178,956,970 pixels unless said',
  },
  run: detect,
}

async function detect(input: CommandInput, terminal: Terminal): Promise<number> {
  const named = textOption(input, 'model')
  if (input.positionals.length === 0) {
    throw new ConfigError({ where: 'detrs detect', expected: 'a photo, folder, pattern, address or -', got: 'nothing' })
  }
  if (named === undefined && textOption(input, 'architecture') !== undefined) {
    const next = `Without --model it is ${DEFAULT_DETECTOR} that detects.`
    throw new ConfigError({ where: '--architecture', expected: '--model FILE with it', got: 'no --model', next })
  }
  const options = detectOptions(input)
  const threads = numberOption(input, 'threads', { min: 1, max: 1024, whole: true })
  const maxPixels = numberOption(input, 'max-pixels', { min: 1, max: Number.MAX_SAFE_INTEGER, whole: true })
  const chosen = pageOptions(input)
  const inputs = await findImages(input.positionals)
  // The threads that decode start while the weights are read.
  const decoder = createPreprocessor(maxPixels === undefined ? {} : { maxPixels })
  const opened = new Map<ImageSource, OpenedSource>()
  const preprocessor = sourcePreprocessor(decoder, opened)
  try {
    const { images, pdfs } = await findPages(inputs.images, { ...chosen, countPages: decoder.countPages })
    refuseUselessOptions(input, inputs.images, pdfs)
    const files = await openFiles(input, images)
    const request = {
      weights: named ?? DEFAULT_DETECTOR,
      architecture: textOption(input, 'architecture'),
      decoderLayers: numberOption(input, 'decoder-layers', { min: 1, max: 100, whole: true }),
    }
    const [{ loaded, file }, { runtime, fallbackReason }] = await Promise.all([
      resolveWeights(request, cacheEnvironment(terminal.env)),
      createNodeRuntime(threads === undefined ? {} : { threads }),
    ])
    // The first photo is decoded while the engine compiles.
    preprocessor.start(images[0]!, loaded.model.input)
    const detector = await Detector.create(loaded, runtime, preprocessor, { providers: listOption(input, 'provider') })
    for (const note of loaded.notes) terminal.err(`note: ${printable(note)}\n`)
    if (fallbackReason !== undefined) {
      terminal.err(`note: the native engine is not used. ${printable(fallbackReason)}\n`)
    }
    if (inputs.passedOver > 0) {
      terminal.err(`note: ${inputs.passedOver} files that are not images were passed over\n`)
    }

    const title = `${loaded.model.name} (${loaded.model.title}), weights ${printable(basename(file))}`
    const report: Report = flag(input, 'json') ? new JsonReport(terminal) : new TableReport(terminal, title)
    const progress = new Progress(terminal, 'detect', images.length, 'photos')
    const failed = new Set<ImageSource>()
    let found = 0
    const tell = (source: ImageSource, error: unknown): void => {
      // What could not be opened is one input's fault, even where it is a package that is missing.
      if (source.kind !== 'unreadable' && !isFaultOfOne(error)) throw error
      failed.add(source)
      const { message } = error as Error
      const name = message.startsWith(source.name) || source.kind === 'url' ? '' : `${source.name}: `
      progress.aside(() => terminal.err(`detrs: ${printable(name + message)}\n`))
    }
    try {
      for await (const item of detector.stream(images, options)) {
        const { source } = item
        if ('error' in item) tell(source, item.error)
        else {
          const { content, pageSize } = opened.get(source)!
          const detected: DetectedImage = { file: source.name, ...item.result, ...pageOf(source, pageSize) }
          found += detected.detections.filter(({ label }) => label !== 'Picture').length
          progress.aside(() => report.add(detected))
          const pixels = (): Promise<RgbImage> => decoder.decode(content, source.name, loaded.model.input.ground)
          await files.add(source, pixels, detected, loaded).catch((error) => tell(source, error))
        }
        opened.delete(source)
        progress.update(item.index + 1)
      }
    } finally {
      // Whatever happens, the JSON is closed and the terminal's line is free.
      progress.finish()
      report.finish()
      await detector.dispose()
    }
    await files.finish(terminal)
    const isPuzzling = found === 0 && named === undefined && options.classes === undefined
    if (isPuzzling && failed.size < images.length) terminal.err(PAGES_ONLY)
    if (failed.size > 0 && images.length > 1) terminal.err(`detrs: ${failed.size} of ${images.length} photos failed\n`)
    return failed.size > 0 ? 1 : 0
  } finally {
    await preprocessor.close()
  }
}

/** What a person who expected to find a cat has to know. */
const PAGES_ONLY =
  `note: no --model was named, so ${DEFAULT_DETECTOR} looked, which comes with detrs and finds the parts of pages: text, tables, ` +
  'pictures. For photos: detrs pull detr-r50, then --model detr-r50; or your own: detrs train --data DIR\n'

/** Whether an error concerns one photo, so that the others can go on. */
function isFaultOfOne(error: unknown): boolean {
  return error instanceof ImageError || error instanceof FileError || error instanceof DownloadError
}

function detectOptions(input: CommandInput): DetectOptions {
  const threshold = numberOption(input, 'threshold', { min: 0, max: 1 })
  const topK = numberOption(input, 'top-k', { min: 1, max: Number.MAX_SAFE_INTEGER, whole: true })
  const batchSize = numberOption(input, 'batch', { min: 1, max: 1024, whole: true })
  const classes = listOption(input, 'classes')
  return {
    ...(threshold === undefined ? {} : { threshold }),
    ...(topK === undefined ? {} : { topK }),
    ...(batchSize === undefined ? {} : { batchSize }),
    ...(classes === undefined ? {} : { classes }),
  }
}

/** Pages of PDF documents, and how finely they are rendered. */
function pageOptions(input: CommandInput): { pages?: ReturnType<typeof parsePages>; dpi?: number } {
  const [pages, dpi] = [textOption(input, 'pages'), numberOption(input, 'dpi', { min: 10, max: 2400 })]
  return {
    ...(pages === undefined ? {} : { pages: parsePages(pages, '--pages') }),
    ...(dpi === undefined ? {} : { dpi }),
  }
}

/** @throws ConfigError for options about PDF documents where there is none, unless an address may still be one. */
function refuseUselessOptions(input: CommandInput, inputs: readonly ImageSource[], pdfs: number): void {
  const option = ['pages', 'dpi'].find((name) => textOption(input, name) !== undefined)
  if (option === undefined || pdfs > 0 || inputs.some(({ kind }) => kind === 'url')) return
  throw new ConfigError({ where: `--${option}`, expected: 'a PDF document among the inputs', got: 'none' })
}

function pageOf(source: ImageSource, size: PdfPageSize | undefined): Pick<DetectedImage, 'page'> {
  if (source.kind !== 'page' || size === undefined) return {}
  const { page, dpi = DEFAULT_DPI } = source.content
  return { page: { document: source.pdf, number: page, dpi, ...size } }
}

/** What a source gave, kept until its picture is drawn. */
interface OpenedSource {
  readonly content: ImageContent
  readonly pageSize?: PdfPageSize | undefined
}

/** Reads each source once. */
function sourcePreprocessor(decoder: Decoder, opened: Map<ImageSource, OpenedSource>): SourcePreprocessor {
  const started = new Map<ImageSource, Promise<PreparedImage>>()
  const begin = async (source: ImageSource, { resize, ground }: InputGeometry): Promise<PreparedImage> => {
    const content = await readImageSource(source)
    const prepared = await decoder.load(content, source.name, resize, ground)
    opened.set(source, { content, pageSize: prepared.page })
    return prepared
  }
  return {
    start: (source, input) => {
      const preparing = begin(source, input)
      // Whoever prepares the source gets the error.
      preparing.catch(() => undefined)
      started.set(source, preparing)
    },
    prepare: (source, resize, ground) => {
      const preparing = started.get(source) ?? begin(source, { resize, ground })
      started.delete(source)
      return preparing
    },
    close: () => decoder.close(),
  }
}

/** What of a model's input is done before the graph. */
interface InputGeometry {
  readonly resize: InputConvention['resize']
  readonly ground?: InputConvention['ground'] | undefined
}

interface SourcePreprocessor extends Preprocessor<ImageSource> {
  /** Begins to prepare a source that will be asked for soon. */
  start(source: ImageSource, input: InputGeometry): void
}

/** The files that were asked for beside the report; their places are checked before any work is done. */
async function openFiles(input: CommandInput, images: readonly ImageSource[]) {
  const [coco, out] = [textOption(input, 'coco'), textOption(input, 'out')]
  const gt = textOption(input, 'gt')
  if (gt !== undefined && coco === undefined) {
    const expected = '--coco FILE, whose results take the ids of these annotations'
    throw new ConfigError({ where: '--gt', expected, got: 'none', next: 'See detrs detect --help.' })
  }
  const annotated = gt === undefined ? undefined : await AnnotatedIds.read(gt)
  const results = coco === undefined ? undefined : await CocoResults.open(coco, images, annotated)
  const pictures = out === undefined ? undefined : await AnnotatedPictures.open(out, images)
  return {
    add: async (source: ImageSource, pixels: () => Promise<RgbImage>, image: DetectedImage, loaded: LoadedModel) => {
      results?.add(image, loaded)
      await pictures?.add(source, pixels, image, loaded.classNames)
    },
    finish: async (terminal: Terminal) => {
      await results?.write()
      if (coco !== undefined) terminal.err(`COCO results: ${coco}\n`)
      const unknown = [...(results?.unknown ?? [])].sort().join(', ')
      const note = `note: ${gt} has no such classes, left out of ${coco}: ${unknown}`
      if (unknown !== '') terminal.err(`${printable(note)}\n`)
      if (pictures !== undefined) terminal.err(`annotated pictures: ${pictures.count} in ${out}\n`)
    },
  }
}
