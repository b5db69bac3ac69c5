/** @file `detrs convert`: any checkpoint of a known model to safetensors with configuration, class names and provenance. */
import { createHash } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { encodeSafetensorsParts, readCheckpoint, readWholeFile } from '../checkpoint/index.node.js'
import { findModel, type LoadedModel, loadModel, MetadataKey } from '../models/index.js'
import { ConfigError, FileError } from '../tensor/index.js'
import { textOption } from './arguments.js'
import type { Command } from './command.js'

export const command: Command = {
  usage: 'IN OUT.safetensors [--architecture NAME] [--classes FILE]',
  description:
    'Reads a checkpoint (PyTorch or safetensors, official or Hugging Face names) without executing anything and writes ' +
    'it as safetensors under the official names, with the model, its configuration, class names and origin inside.',
  options: { architecture: { type: 'string' }, classes: { type: 'string' } },
  optionHelp: {
    architecture: 'the model, where the file does not tell',
    classes: 'text file with a class name per line; another number of classes starts a new class head',
  },
  run: async (input, terminal) => {
    const [source, target] = input.positionals
    if (source === undefined || target === undefined || input.positionals.length > 2) {
      throw new ConfigError({
        where: 'detrs convert',
        expected: 'IN and OUT',
        got: `${input.positionals.length} names`,
      })
    }
    if (!target.endsWith('.safetensors')) {
      throw new ConfigError({ where: 'detrs convert', expected: 'an output named *.safetensors', got: `'${target}'` })
    }
    const architecture = textOption(input, 'architecture')
    const classesFile = textOption(input, 'classes')
    const model = architecture === undefined ? undefined : findModel(architecture)
    const classNames = classesFile === undefined ? undefined : await readClassNames(classesFile)
    const bytes = await readWholeFile(source)
    const loaded = loadModel(readCheckpoint(bytes, basename(source)), basename(source), {
      ...(model === undefined ? {} : { model }),
      ...(classNames === undefined ? {} : { classNames }),
    })
    for (const note of loaded.notes) terminal.err(`note: ${note}\n`)
    const metadata = metadataOf(loaded, basename(source), createHash('sha256').update(bytes).digest('hex'))
    await writeParts(target, encodeSafetensorsParts(namedOfficially(loaded), metadata))
    terminal.out(
      `${target}: ${loaded.model.name}, ${loaded.weights.size} tensors from the ${loaded.report.layout} layout\n`,
    )
    return 0
  },
}

/** Weights under the names of the model's first, official layout. */
function namedOfficially({ model, weights }: LoadedModel): LoadedModel['weights'] {
  const official = model.layouts[0]!
  return new Map([...weights].map(([key, value]) => [official.keysOf(key)[0]!, value]))
}

function metadataOf(loaded: LoadedModel, source: string, sha256: string): Map<string, string> {
  const { model, classNames } = loaded
  const entries: [string, string][] = [
    ['format', 'pt'],
    [MetadataKey.version, '1'],
    [MetadataKey.model, model.name],
    [MetadataKey.config, JSON.stringify({ ...model.config, classes: classNames.length })],
    [MetadataKey.classNames, JSON.stringify(classNames)],
    [MetadataKey.source, source],
    [MetadataKey.sourceSha256, sha256],
  ]
  if (model.weights !== undefined && source.includes(model.weights.sha256)) {
    entries.push([MetadataKey.licence, model.weights.licence])
  }
  return new Map(entries)
}

async function readClassNames(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new FileError({ where: file, expected: 'a text file', got: cause.code ?? 'an error', cause })
  })
  const names = text.split(/\r?\n/).map((line) => line.trim())
  while (names.at(-1) === '') names.pop()
  if (names.length === 0 || names.includes('') || new Set(names).size < names.length) {
    throw new ConfigError({
      where: file,
      expected: 'one class name per line, each different',
      got: names.length === 0 ? 'an empty file' : 'an empty line or a name twice',
    })
  }
  return names
}

/** Writes beside the target and renames, so that a fault leaves no half file under the final name. */
async function writeParts(target: string, parts: readonly Uint8Array[]): Promise<void> {
  const temporary = `${target}.${process.pid}.part`
  try {
    await writeFile(temporary, parts)
    await rename(temporary, target)
  } catch (cause) {
    await rm(temporary, { force: true })
    throw new FileError({
      where: target,
      expected: 'a place that can be written',
      got: (cause as NodeJS.ErrnoException).code ?? String(cause),
      next: 'Choose another folder or free some space.',
      cause,
    })
  }
}
