/** @file `detrs data`: look at a labelled set of photos, check it, turn it into another format. */
import { resolve } from 'node:path'
import {
  checkDataset,
  DATASET_FORMATS,
  type DatasetFormat,
  type DetectionDataset,
  type ReadDatasetOptions,
  readDataset,
  SPLIT_NAMES,
  type SplitName,
  writeDataset,
} from '../data/formats/index.node.js'
import { encodeImage } from '../data/index.node.js'
import { datasetSheet } from '../report/index.node.js'
import { ConfigError, FileError, nearestNames } from '../tensor/index.js'
import { flag, listOption, numberOption, operands, textOption } from './arguments.js'
import type { Command, CommandInput, Terminal } from './command.js'

import { checkAsJson, checkAsText, problemsInShort } from './data-report.js'
import { checkOutput, writeOutput } from './output-file.js'
import { printable } from './plain-text.js'
import { Progress } from './progress.js'

/** What can be done with a data set, and the options that go with it. */
interface Action {
  readonly options: readonly string[]
  readonly run: (input: CommandInput, terminal: Terminal) => Promise<number>
}

const ACTIONS: Readonly<Record<string, Action>> = {
  check: { options: ['json', 'decode', 'rare'], run: check },
  convert: { options: ['to', 'link'], run: convert },
  show: { options: ['split', 'count', 'seed', 'out'], run: show },
}

/** Options of all actions: what to read. */
const READING = ['format', 'images', 'help']

export const command: Command = {
  usage:
    'check DIR [--json] [--decode]\n' +
    '       detrs data convert DIR OUT --to coco|voc|yolo|csv [--link]\n' +
    '       detrs data show DIR --out FILE.png [--split S] [--count N]',
  description:
    'Works on labelled photos in COCO JSON, Pascal VOC, YOLO or CSV form, recognised by looking. DIR may also be the one ' +
    'annotation file (.json, .yaml, .csv). Nothing in DIR is ever changed.\n\n' +
    'check    counts photos and objects by split and class; finds bad boxes and ids, missing, damaged and wrongly sized\n' +
    '         photos, copies, leaks between splits, misspelt and rare classes. Exit code 1 when it finds errors.\n' +
    'convert  writes the data set in another form into the new folder OUT, with copies of the photos.\n' +
    'show     draws some photos with their boxes on one picture.',
  options: {
    format: { type: 'string' },
    images: { type: 'string', multiple: true },
    json: { type: 'boolean' },
    decode: { type: 'boolean' },
    rare: { type: 'string' },
    to: { type: 'string' },
    link: { type: 'boolean' },
    split: { type: 'string' },
    count: { type: 'string' },
    seed: { type: 'string' },
    out: { type: 'string', short: 'o' },
  },
  optionHelp: {
    format: 'the format (coco, voc, yolo, csv) where several are there',
    images: 'the folder of the photos, where it is not found by looking',
    json: 'check: one JSON object on standard output',
    decode: 'check: decode every photo whole; else only header and end of the files are looked at',
    rare: 'check: report classes with fewer training objects than this; 10 unless said',
    to: 'convert: the format to write',
    link: 'convert: hard links in place of copies of the photos, where the disk can',
    split: 'show: only photos of train, val or test',
    count: 'show: how many photos; 12 unless said',
    seed: 'show: another number picks other photos; 0 unless said',
    out: 'show: the picture to write, .png or .jpg',
  },
  run: async (input, terminal) => {
    const [name = '', ...positionals] = input.positionals
    const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined
    if (action === undefined) throw unknownAction(name)
    const stray = Object.keys(input.values).find(
      (option) => !action.options.includes(option) && !READING.includes(option),
    )
    if (stray !== undefined) {
      const own = action.options.map((option) => `--${option}`).join(', ')
      throw new ConfigError({
        where: `detrs data ${name}`,
        expected: `only ${own}, --format, --images`,
        got: `--${stray}`,
      })
    }
    return action.run({ ...input, positionals }, terminal)
  },
}

function unknownAction(name: string): ConfigError {
  const nearest = nearestNames(name, Object.keys(ACTIONS))
  return new ConfigError({
    where: 'detrs data',
    expected: Object.keys(ACTIONS).join(', '),
    got: name === '' ? 'nothing' : `'${name}'`,
    next: nearest.length > 0 ? `Did you mean ${nearest.join(' or ')}?` : 'See detrs data --help.',
  })
}

async function check(input: CommandInput, terminal: Terminal): Promise<number> {
  const [path] = operands(input, 'data check', ['DIR'])
  const rareBelow = numberOption(input, 'rare', { min: 0, max: Number.MAX_SAFE_INTEGER, whole: true })
  const dataset = await read(path!, input)
  const progress = new Progress(terminal, 'check', dataset.images.length, 'photos')
  const result = await checkDataset(dataset, {
    decode: flag(input, 'decode'),
    onProgress: (done) => progress.update(done),
    ...(rareBelow === undefined ? {} : { rareBelow }),
  })
  progress.finish()
  terminal.out(flag(input, 'json') ? `${checkAsJson(dataset, result)}\n` : checkAsText(dataset, result))
  return result.problems.some(({ severity }) => severity === 'error') ? 1 : 0
}

async function convert(input: CommandInput, terminal: Terminal): Promise<number> {
  const [path, out] = operands(input, 'data convert', ['DIR', 'OUT'])
  const format = oneOf(input, 'to', DATASET_FORMATS)
  if (format === undefined) {
    throw new ConfigError({ where: 'detrs data convert', expected: `--to ${DATASET_FORMATS.join('|')}`, got: 'none' })
  }
  const dataset = await read(path!, input)
  terminal.err(problemsInShort(dataset.problems))
  const progress = new Progress(terminal, 'copy', dataset.images.length, 'photos')
  const written = await writeDataset(dataset, out!, {
    format,
    link: flag(input, 'link'),
    onProgress: (done) => progress.update(done),
  })
  progress.finish()
  for (const sentence of written.losses) terminal.err(`note: ${printable(sentence)}\n`)
  terminal.out(`${printable(out!)}: ${written.images} photos, ${written.objects} objects\n`)
  return dataset.images.some(({ missing }) => missing === true) ? 1 : 0
}

async function show(input: CommandInput, terminal: Terminal): Promise<number> {
  const [path] = operands(input, 'data show', ['DIR'])
  const out = textOption(input, 'out')
  const kind = /\.(png|jpe?g)$/i.exec(out ?? '')?.[1]?.toLowerCase()
  if (out === undefined || kind === undefined) {
    throw new ConfigError({ where: 'detrs data show', expected: '--out FILE.png or .jpg', got: out ?? 'none' })
  }
  const split = oneOf(input, 'split', SPLIT_NAMES)
  const count = numberOption(input, 'count', { min: 1, max: 400, whole: true }) ?? 12
  const seed = numberOption(input, 'seed', { min: 0, max: 2 ** 32 - 1, whole: true }) ?? 0
  await checkOutput(out)
  const dataset = await read(path!, input)
  const positions = split === undefined ? [...dataset.images.keys()] : positionsOf(dataset, split)
  const sheet = await datasetSheet(dataset, positions, { count, seed, title: split })
  await writeOutput(out, [await encodeImage(sheet.picture, kind === 'png' ? 'png' : 'jpeg')])
  for (const message of sheet.unreadable) terminal.err(`detrs: ${printable(message)}\n`)
  terminal.out(`${printable(resolve(out))}: ${sheet.shown} of ${positions.length} photos\n`)
  return sheet.unreadable.length > 0 ? 1 : 0
}

function positionsOf({ splits, folder }: DetectionDataset, split: SplitName): readonly number[] {
  const positions = splits[split]
  if (positions !== undefined) return positions
  const names = Object.keys(splits)
  throw new FileError({
    where: folder,
    expected: `${split} photos`,
    got: names.length === 0 ? 'a data set without splits' : `only ${names.join(' and ')}`,
  })
}

function read(path: string, input: CommandInput): Promise<DetectionDataset> {
  const format: DatasetFormat | undefined = oneOf(input, 'format', DATASET_FORMATS)
  const images = listOption(input, 'images')
  const options: ReadDatasetOptions = {
    ...(format === undefined ? {} : { format }),
    ...(images === undefined ? {} : { images }),
  }
  return readDataset(path, options)
}

function oneOf<Name extends string>(input: CommandInput, option: string, names: readonly Name[]): Name | undefined {
  const text = textOption(input, option)
  const name = names.find((candidate) => candidate === text?.toLowerCase())
  if (text === undefined || name !== undefined) return name
  throw new ConfigError({ where: `--${option}`, expected: names.join(', '), got: `'${text}'` })
}
