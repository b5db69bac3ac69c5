/** @file `detrs eval`: how good detections are, by COCO's rules. */
import { basename } from 'node:path'
import {
  type ClassResult,
  type CocoDetection,
  type CocoEvaluation,
  type CocoGroundTruth,
  type CocoRegionType,
  classResults,
  evaluateCoco,
  formatSummary,
  parseJson,
} from '../eval/index.js'
import { judgePhotos, type PhotoFile, writeEvaluation, writeReport } from '../report/index.node.js'
import { ConfigError } from '../tensor/index.node.js'
import { flag, listOption, operands, textOption } from './arguments.js'
import { type Command, type CommandInput, PROVIDER_HELP, type Terminal } from './command.js'
import { evaluateModel } from './evaluate-model.js'
import { readJsonText } from './json-text.js'
import { makeOutputFolder } from './output-file.js'
import { printable } from './plain-text.js'
import { formatTable } from './table.js'

export const command: Command = {
  usage: '--gt FILE --dt FILE [--type bbox|segm] | --model NAME|FILE --data DIR [--split NAME] [--out DIR]',
  description:
    'Evaluates detections made by anybody (ground truth and results in COCO JSON) or a detector on a data set: the twelve ' +
    'numbers of pycocotools, equal to the last bit. A number is -1 where the ground truth has no such objects.',
  options: {
    gt: { type: 'string' },
    dt: { type: 'string' },
    type: { type: 'string' },
    model: { type: 'string', short: 'm' },
    architecture: { type: 'string' },
    data: { type: 'string' },
    split: { type: 'string' },
    provider: { type: 'string', multiple: true },
    json: { type: 'boolean' },
    'per-class': { type: 'boolean' },
    out: { type: 'string', short: 'o' },
  },
  optionHelp: {
    gt: 'ground truth: images, annotations, categories',
    dt: 'results: a list of {image_id, category_id, bbox or segmentation, score}',
    type: 'what is compared: bbox (unless said) or segm, the masks',
    model: 'instead of files: a model whose weights are on this machine, or a weight file',
    architecture: 'the model of a weight file that does not tell it',
    data: 'the data set to judge it on: COCO, Pascal VOC, YOLO or CSV',
    split:
      'part of the data set; val, else test, else all of it unless said; val of a set without one is what detrs train holds out',
    provider: `with --model: ${PROVIDER_HELP}`,
    json: 'one JSON object instead of text: AP, AP50, AP75, APs, APm, APl, AR1, AR10, AR100, ARs, ARm, ARl',
    'per-class': 'also the numbers of each class; with --json as "classes"',
    out:
      'folder for report.html, classes.csv, photos.csv, evaluation.json and pictures: PR curves, confusion matrix, and ' +
      'with --data the worst photos',
  },
  run: evaluate,
}

async function evaluate(input: CommandInput, terminal: Terminal): Promise<number> {
  operands(input, 'eval', [])
  const out = textOption(input, 'out')
  if (out !== undefined) await makeOutputFolder(out)
  const judged = await judge(input, terminal)
  const { evaluation } = judged
  for (const note of evaluation.notes) terminal.err(`note: ${printable(note)}\n`)
  if (out !== undefined) {
    await writeEvaluation(out, judgePhotos(evaluation, judged.photos))
    await writeReport(out, judged)
  }
  const summary = evaluation.summarize()
  const classes = flag(input, 'per-class') ? classResults(evaluation) : undefined
  if (flag(input, 'json'))
    terminal.out(`${JSON.stringify(classes === undefined ? summary : { ...summary, classes })}\n`)
  else terminal.out(`${formatSummary(summary)}${classes === undefined ? '' : `\n${classTable(classes)}`}`)
  return 0
}

/** An evaluation, its photos, and what its page is called. */
interface Judged {
  readonly evaluation: CocoEvaluation
  readonly photos: readonly PhotoFile[]
  readonly title: string
  readonly subtitle: string
}

async function judge(input: CommandInput, terminal: Terminal): Promise<Judged> {
  const [model, data] = [textOption(input, 'model'), textOption(input, 'data')]
  if (model !== undefined || data !== undefined) {
    const both = ['gt', 'dt', 'type'].find((name) => textOption(input, name) !== undefined)
    if (both !== undefined || model === undefined || data === undefined) {
      const got = both === undefined ? 'one of them' : `--${both} as well`
      throw new ConfigError({
        where: 'detrs eval',
        expected: '--model and --data',
        got,
        next: 'See detrs eval --help.',
      })
    }
    const architecture = textOption(input, 'architecture')
    const request = {
      model,
      architecture,
      data,
      split: textOption(input, 'split'),
      providers: listOption(input, 'provider'),
    }
    const { evaluation, photos, part } = await evaluateModel(request, terminal)
    return { evaluation, photos, title: `Evaluation of ${basename(model)}`, subtitle: `On ${part}` }
  }
  const given = (name: string): boolean => input.values[name] !== undefined
  const misplaced = ['split', 'architecture', 'provider'].find(given)
  if (misplaced !== undefined) {
    const expected = `--${misplaced} with --model and --data`
    throw new ConfigError({ where: 'detrs eval', expected, got: 'none', next: 'See detrs eval --help.' })
  }
  const [gt, dt] = [requiredFile(input, 'gt'), requiredFile(input, 'dt')]
  const type = regionType(textOption(input, 'type') ?? 'bbox')
  const groundTruth = parseJson(await readJsonText(gt), gt) as CocoGroundTruth
  const detections = parseJson(await readJsonText(dt), dt) as readonly CocoDetection[]
  const evaluation = evaluateCoco({ groundTruth, detections, type, names: { groundTruth: gt, detections: dt } })
  const names = new Map(groundTruth.images.map(({ id, file_name }) => [id, file_name]))
  const photos = evaluation.columns.groundTruth.photos.ids.map((id) => ({ file: String(names.get(id) ?? id) }))
  const subtitle = `Against the labels of ${basename(gt)}`
  return { evaluation, photos, title: `Evaluation of ${basename(dt)}`, subtitle }
}

function requiredFile(input: CommandInput, name: 'gt' | 'dt'): string {
  const file = textOption(input, name)
  if (file !== undefined && file !== '') return file
  const expected = name === 'gt' ? '--gt FILE, the ground truth' : '--dt FILE, the results'
  throw new ConfigError({ where: 'detrs eval', expected, got: 'none', next: 'See detrs eval --help.' })
}

function regionType(text: string): CocoRegionType {
  if (text === 'bbox' || text === 'segm') return text
  throw new ConfigError({ where: '--type', expected: 'bbox or segm', got: `'${text}'` })
}

const COLUMNS = ['AP', 'AP50', 'AP75', 'APs', 'APm', 'APl', 'AR100'] as const

function classTable(classes: readonly ClassResult[]): string {
  const rows = classes.map((result) => [
    printable(result.name),
    `${result.photos}`,
    `${result.objects}`,
    `${result.detections}`,
    ...COLUMNS.map((column) => (result[column] < 0 ? '-' : result[column].toFixed(3))),
  ])
  const heading = ['class', 'photos', 'objects', 'detections', ...COLUMNS]
  return formatTable([heading, ...rows], ['left', ...heading.slice(1).map(() => 'right' as const)])
}
