/** @file `detrs convert`: any checkpoint of a known model to safetensors with configuration, class names and provenance. */
import { createHash } from 'node:crypto'
import { readFile, realpath } from 'node:fs/promises'
import { basename } from 'node:path'
import { checkpointOf, encodeSafetensorsParts, readWholeFile } from '../checkpoint/index.node.js'
import { findModel, type LoadedModel, loadModel, MetadataKey, modelMetadata } from '../models/index.js'
import { CheckpointError, ConfigError, encodeFloat16, FileError, type TensorData, tensorData } from '../tensor/index.js'
import { flag, operands, textOption } from './arguments.js'
import type { Command } from './command.js'
import { checkOutput, writeOutput } from './output-file.js'
import { printable } from './plain-text.js'

export const command: Command = {
  usage: 'IN OUT.safetensors [--architecture NAME] [--classes FILE] [--half]',
  description:
    'Reads a checkpoint (PyTorch or safetensors, official or Hugging Face names) without executing anything and writes ' +
    'it as safetensors under the official names, with the model, its configuration, class names and origin inside.',
  options: { architecture: { type: 'string' }, classes: { type: 'string' }, half: { type: 'boolean' } },
  optionHelp: {
    architecture: 'the model, where the file does not tell',
    classes: 'text file with a class name per line; another number of classes starts a new class head',
    half: 'filters and matrices as float16: half the size, eleven bits of precision; norms and biases stay float32',
  },
  run: async (input, terminal) => {
    const [source, target] = operands(input, 'convert', ['IN', 'OUT.safetensors']) as [string, string]
    if (!target.endsWith('.safetensors')) {
      const next = target.endsWith('.onnx') ? { next: 'For an ONNX file, use detrs export.' } : {}
      const expected = 'an output named *.safetensors'
      throw new ConfigError({ where: 'detrs convert', expected, got: `'${target}'`, ...next })
    }
    const architecture = textOption(input, 'architecture')
    const classesFile = textOption(input, 'classes')
    const model = architecture === undefined ? undefined : findModel(architecture)
    const classNames = classesFile === undefined ? undefined : await readClassNames(classesFile)
    await checkOutput(target)
    if (await isSameFile(source, target)) {
      throw new ConfigError({ where: target, expected: 'an output beside the input', got: 'the input itself' })
    }
    const bytes = await readWholeFile(source)
    const checkpoint = await checkpointOf(bytes, source)
    const loaded = loadModel(checkpoint, basename(source), {
      ...(model === undefined ? {} : { model }),
      ...(classNames === undefined ? {} : { classNames }),
    })
    for (const note of loaded.notes) terminal.err(`note: ${printable(note)}\n`)
    const metadata = metadataOf(loaded, originOf(checkpoint.metadata, source, bytes))
    const official = namedOfficially(loaded)
    const weights = flag(input, 'half') ? halved(official, basename(source)) : official
    await writeOutput(target, encodeSafetensorsParts(weights, metadata))
    terminal.out(
      `${target}: ${loaded.model.name}, ${loaded.weights.size} tensors from the ${loaded.report.layout} layout\n`,
    )
    return 0
  },
}

/** Whether two paths lead to one file, through links too. */
async function isSameFile(a: string, b: string): Promise<boolean> {
  const [first, second] = await Promise.all([a, b].map((path) => realpath(path).catch(() => undefined)))
  return first !== undefined && first === second
}

/** Weights under the names of the model's first, official layout. */
function namedOfficially({ model, weights }: LoadedModel): LoadedModel['weights'] {
  const official = model.layouts[0]!
  return new Map([...weights].map(([key, value]) => [official.keysOf(key)[0]!, value]))
}

/** Largest float16 value. */
const MAX_HALF = 65504

/** Tensors of two or more dimensions as float16: norms and biases are few, and statistics may be large or tiny. */
function halved(weights: LoadedModel['weights'], where: string): Map<string, TensorData> {
  const half = (key: string, tensor: TensorData): TensorData => {
    if (tensor.dtype !== 'float32' || tensor.shape.length < 2) return tensor
    const data = tensor.data as Float32Array
    const large = data.find((value) => Math.abs(value) > MAX_HALF)
    if (large !== undefined) {
      const next = 'Convert without --half.'
      throw new CheckpointError({
        where: `${where}: ${key}`,
        expected: `values up to ${MAX_HALF}`,
        got: `${large}`,
        next,
      })
    }
    return tensorData('float16', tensor.shape, encodeFloat16(data))
  }
  return new Map([...weights].map(([key, tensor]) => [key, half(key, tensor)]))
}

/** The file that weights come from first. */
interface Origin {
  readonly source: string
  readonly sha256: string
}

/** What an earlier conversion recorded, or else this file itself. */
function originOf(metadata: ReadonlyMap<string, string>, file: string, bytes: Uint8Array): Origin {
  const [source, sha256] = [metadata.get(MetadataKey.source), metadata.get(MetadataKey.sourceSha256)]
  if (source !== undefined && sha256 !== undefined) return { source, sha256 }
  return { source: basename(file), sha256: createHash('sha256').update(bytes).digest('hex') }
}

function metadataOf({ model, classNames }: LoadedModel, { source, sha256 }: Origin): Map<string, string> {
  const entries: [string, string][] = [
    ['format', 'pt'],
    ...modelMetadata(model, classNames),
    [MetadataKey.source, source],
    [MetadataKey.sourceSha256, sha256],
  ]
  if (model.weights?.sha256 !== undefined && sha256.startsWith(model.weights.sha256)) {
    entries.push([MetadataKey.licence, model.weights.licence])
  }
  return new Map(entries)
}

async function readClassNames(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const got = cause.code === 'ENOENT' ? 'no such file' : cause.code === 'EISDIR' ? 'a folder' : String(cause.code)
    throw new FileError({ where: file, expected: 'a text file with a class name per line', got, cause })
  })
  const names = text
    .replace(/^\u{feff}/u, '')
    .split(/\r?\n/)
    .map((line) => line.trim())
  while (names.at(-1) === '') names.pop()
  if (names.length === 0 || names.includes('') || new Set(names).size < names.length) {
    throw new ConfigError({
      where: file,
      expected: 'one class name per line, each different',
      got: names.length === 0 ? 'an empty file' : names.includes('') ? 'an empty line' : 'a name twice',
    })
  }
  return names
}
