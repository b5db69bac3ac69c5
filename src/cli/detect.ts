/** @file `detrs detect`: photos in, objects out. */
import { basename } from 'node:path'
import { createPreprocessor, findImages, type ImageSource, readImageSource } from '../data/index.node.js'
import { compileDetector, type DetectOptions, type Preprocessor, resolveWeights } from '../detect/index.node.js'
import { ConfigError, DetrsError } from '../tensor/index.js'
import { flag, listOption, numberOption, textOption } from './arguments.js'
import { cacheEnvironment } from './cache-environment.js'
import type { Command, CommandInput, Terminal } from './command.js'
import { AnnotatedPictures, CocoResults } from './detection-files.js'
import { type DetectedImage, JsonReport, type Report, TableReport } from './detection-report.js'
import { Progress } from './progress.js'

export const command: Command = {
  usage: 'INPUT… --model NAME|FILE [--threshold T] [--json] [--coco FILE] [--out DIR]',
  description:
    'Finds objects in photos. INPUT is an image, a folder, a pattern such as "photos/**/*.jpg", a web address, or - for ' +
    'standard input. A photo that cannot be read is reported and the others go on; the exit code is then 1.',
  options: {
    model: { type: 'string', short: 'm' },
    architecture: { type: 'string' },
    threshold: { type: 'string', short: 't' },
    classes: { type: 'string', multiple: true },
    'top-k': { type: 'string' },
    batch: { type: 'string' },
    json: { type: 'boolean' },
    coco: { type: 'string' },
    out: { type: 'string', short: 'o' },
    threads: { type: 'string' },
    'max-pixels': { type: 'string' },
  },
  optionHelp: {
    model: 'name of a model whose weights are on this machine (detrs pull NAME), or a weight file',
    architecture: 'the model of a weight file that does not tell it',
    threshold: 'lowest score that is reported, 0 to 1; 0.5 unless said',
    classes: 'only these classes, by name, separated by commas',
    'top-k': 'at most this many objects per photo',
    batch: 'photos that go through the network together; 1 unless said, the fastest on a CPU',
    json: 'one JSON array on standard output: file, width, height, detections with label, score and box in pixels',
    coco: 'also write a COCO results file',
    out: 'also write annotated pictures into this folder',
    threads: 'threads of the engine; as many as the machine has cores unless said',
    'max-pixels': 'refuse larger photos; 178,956,970 pixels unless said',
  },
  run: detect,
}

async function detect(input: CommandInput, terminal: Terminal): Promise<number> {
  const modelName = textOption(input, 'model')
  if (input.positionals.length === 0) {
    throw new ConfigError({ where: 'detrs detect', expected: 'a photo, folder, pattern, address or -', got: 'nothing' })
  }
  if (modelName === undefined) {
    const next = 'detrs models lists the names; detrs pull NAME downloads weights.'
    throw new ConfigError({ where: 'detrs detect', expected: '--model NAME or FILE', got: 'none', next })
  }
  const options = detectOptions(input)
  const threads = numberOption(input, 'threads', 'whole')
  const maxPixels = numberOption(input, 'max-pixels', 'whole')
  const { images, passedOver } = await findImages(input.positionals)
  const files = await openFiles(input)
  // The threads that decode start while the weights are read.
  const originals = new Map<ImageSource, Uint8Array | string>()
  const preprocessor = sourcePreprocessor(maxPixels, originals)
  try {
    const request = { weights: modelName, architecture: textOption(input, 'architecture') }
    const { loaded, file } = await resolveWeights(request, cacheEnvironment(terminal.env))
    const runtimeOptions = threads === undefined ? {} : { threads }
    const { detector, fallbackReason } = await compileDetector(loaded, preprocessor, runtimeOptions)
    for (const note of loaded.notes) terminal.err(`note: ${note}\n`)
    if (fallbackReason !== undefined) terminal.err(`note: the native engine is not used. ${fallbackReason}\n`)
    if (passedOver > 0) terminal.err(`note: ${passedOver} files that are not images were passed over\n`)

    const title = `${loaded.model.name} (${loaded.model.title}), weights ${basename(file)}`
    const report: Report = flag(input, 'json') ? new JsonReport(terminal) : new TableReport(terminal, title)
    const progress = new Progress(terminal, 'detect', images.length, 'photos')
    let failures = 0
    for await (const item of detector.stream(images, options)) {
      const { name } = item.source
      if ('error' in item) {
        if (!(item.error instanceof DetrsError)) throw item.error
        failures++
        const { message } = item.error
        progress.aside(() => terminal.err(`detrs: ${message.startsWith(name) ? '' : `${name}: `}${message}\n`))
      } else {
        const detected: DetectedImage = { file: name, ...item.result }
        progress.aside(() => report.add(detected))
        await files.add(detected, originals.get(item.source) ?? name, loaded.classNames)
      }
      originals.delete(item.source)
      progress.update(item.index + 1)
    }
    progress.finish()
    report.finish()
    await files.finish(terminal)
    await detector.dispose()
    if (failures > 0) terminal.err(`detrs: ${failures} of ${images.length} photos could not be read\n`)
    return failures > 0 ? 1 : 0
  } finally {
    await preprocessor.close()
  }
}

function detectOptions(input: CommandInput): DetectOptions {
  const [threshold, topK] = [numberOption(input, 'threshold'), numberOption(input, 'top-k', 'whole')]
  const [batchSize, classes] = [numberOption(input, 'batch', 'whole'), listOption(input, 'classes')]
  return {
    ...(threshold === undefined ? {} : { threshold }),
    ...(topK === undefined ? {} : { topK }),
    ...(batchSize === undefined ? {} : { batchSize }),
    ...(classes === undefined ? {} : { classes }),
  }
}

/** Reads each source once; what was read from a stream or an address is kept until its picture is drawn. */
function sourcePreprocessor(
  maxPixels: number | undefined,
  originals: Map<ImageSource, Uint8Array | string>,
): Preprocessor<ImageSource> {
  const pool = createPreprocessor(maxPixels === undefined ? {} : { maxPixels })
  return {
    prepare: async (source, { shortest, longest }) => {
      const content = await readImageSource(source)
      originals.set(source, content)
      return pool.load(content, source.name, { shortest, longest })
    },
    close: () => pool.close(),
  }
}

/** The files that were asked for beside the report; their places are checked before any work is done. */
async function openFiles(input: CommandInput) {
  const [coco, out] = [textOption(input, 'coco'), textOption(input, 'out')]
  const results = coco === undefined ? undefined : await CocoResults.open(coco)
  const pictures = out === undefined ? undefined : await AnnotatedPictures.open(out)
  return {
    add: async (image: DetectedImage, original: Uint8Array | string, classNames: readonly (string | null)[]) => {
      results?.add(image)
      await pictures?.add(image, original, classNames)
    },
    finish: async (terminal: Terminal) => {
      await results?.write()
      if (coco !== undefined) terminal.err(`COCO results: ${coco}\n`)
      if (pictures !== undefined) terminal.err(`${pictures.count} annotated pictures: ${out}\n`)
    },
  }
}
