/** @file What the pages of a training run and of an evaluation say, put together from what their folder holds. */
import { bestOf, noBestNote, type ResultColumns } from './curves.js'
import { score } from './evaluation-pictures.js'
import type { EvaluationRecord } from './evaluation-record.js'
import type { ReportPage, ReportPicture, ReportSection, ReportTable } from './html-report.js'

/** What a folder holds; whatever is missing is left out of the page. */
export interface ReportContents {
  readonly title: string
  readonly subtitle: string
  readonly results?: ResultColumns
  readonly evaluation?: EvaluationRecord
  /** Settings by name, and sentences of why they are what they are. */
  readonly settings?: Readonly<Record<string, unknown>>
  readonly reasons?: readonly string[]
  readonly environment?: Readonly<Record<string, unknown>>
  /** Pictures by the name of their file. */
  readonly pictures: ReadonlyMap<string, ReportPicture>
}

/** Rows of the table of photos. */
const MOST_PHOTOS = 20

/** The page. */
export function reportPage(contents: ReportContents): ReportPage {
  const { title, subtitle, results, evaluation, pictures } = contents
  const picture = (...names: readonly string[]): ReportPicture[] => names.flatMap((name) => pictures.get(name) ?? [])
  const classes = evaluation === undefined ? [] : [classTable(evaluation)]
  const sections: ReportSection[] = [
    { title: 'Training', blocks: picture('results.png') },
    { title: 'Numbers', blocks: evaluation === undefined ? [] : numbers(evaluation) },
    { title: 'Classes', blocks: classes },
    { title: 'Precision and recall', blocks: picture('pr-curves.png') },
    { title: 'Confusion', blocks: picture('confusion-matrix.png') },
    {
      title: 'Worst photos',
      blocks: [...picture('worst-photos.png'), ...(evaluation === undefined ? [] : worstTable(evaluation))],
    },
    { title: 'Labels and predictions', blocks: picture('validation-predictions.png') },
    { title: 'First batches', blocks: picture('train-batch-0.png', 'train-batch-1.png', 'train-batch-2.png') },
    { title: 'Settings', blocks: settings(contents) },
    { title: 'Environment', blocks: contents.environment === undefined ? [] : [recordTable(contents.environment, '')] },
  ]
  return { title, subtitle, figures: figures(results, evaluation), sections }
}

function figures(results: ResultColumns | undefined, evaluation: EvaluationRecord | undefined): ReportPage['figures'] {
  const epochs = results?.get('epoch') ?? []
  const values = results?.get('AP')
  const best = bestOf(epochs, values)
  const shown: ReportPage['figures'][number][] = []
  if (evaluation !== undefined) {
    const { summary, epoch, best: point } = evaluation
    shown.push(
      { name: 'AP', value: figure(summary.AP), note: epoch === undefined ? 'IoU 0.5 to 0.95' : `after epoch ${epoch}` },
      { name: 'AP50', value: figure(summary.AP50) },
      { name: 'AP75', value: figure(summary.AP75) },
    )
    if (point !== undefined) {
      const from = `scores from ${score(point.threshold)}`
      shown.push(
        { name: 'Precision', value: figure(point.precision), note: from },
        { name: 'Recall', value: figure(point.recall), note: from },
      )
    }
  }
  const last = epochs.at(-1)
  if (last !== undefined) {
    const note = best === undefined ? noBestNote(values) : `best AP ${figure(best.value)} after ${best.epoch}`
    shown.push({ name: 'Epochs', value: `${last}`, note })
  }
  return shown
}

function numbers({ summary, photos, classes, minScore, iou, notes, ...evaluation }: EvaluationRecord) {
  const objects = classes.reduce((sum, one) => sum + one.objects, 0)
  const lines = [
    `${photos.length} photos with ${objects} labelled objects of ${classes.length} classes; ` +
      `${evaluation.type === 'segm' ? 'masks' : 'boxes'} are compared.`,
    evaluation.best === undefined
      ? `Nothing right was found. Photos and confusion are counted at scores from ${score(minScore)} and IoU from ${iou}.`
      : `Photos and confusion are counted at scores from ${score(minScore)}, where precision and recall together are ` +
        `best (F1 ${figure(evaluation.best.f1)}), and IoU from ${iou}. detrs detect --threshold ${score(minScore)} shows the same.`,
    ...notes,
  ]
  const rows = (Object.keys(summary) as (keyof typeof summary)[]).map((name) => [
    name,
    MEANINGS[name],
    figure(summary[name]),
  ])
  const table: ReportTable = { kind: 'table', rows: [['', 'what it is', 'value'], ...rows], textColumns: 2 }
  return [{ kind: 'text' as const, lines }, table]
}

const MEANINGS: Readonly<Record<keyof EvaluationRecord['summary'], string>> = {
  AP: 'average precision, mean of IoU 0.5 to 0.95',
  AP50: 'average precision at IoU 0.5',
  AP75: 'average precision at IoU 0.75',
  APs: 'AP of small objects, below 32² pixels',
  APm: 'AP of medium objects',
  APl: 'AP of large objects, above 96² pixels',
  AR1: 'average recall with 1 detection per class and photo',
  AR10: 'average recall with 10',
  AR100: 'average recall with 100',
  ARs: 'average recall of small objects',
  ARm: 'average recall of medium objects',
  ARl: 'average recall of large objects',
}

function classTable({ classes }: EvaluationRecord): ReportTable {
  const heading = ['class', 'photos', 'objects', 'right', 'wrong', 'missed', 'AP', 'AP50', 'AP75', 'AR100']
  const rows = classes.map((one) => [
    one.name,
    ...[one.photos, one.objects, one.right, one.wrong, one.missed].map(String),
    ...[one.AP, one.AP50, one.AP75, one.AR100].map(figure),
  ])
  return { kind: 'table', rows: [heading, ...rows] }
}

function worstTable({ photos }: EvaluationRecord): ReportTable[] {
  const errors = (photo: (typeof photos)[number]): number => photo.wrong + photo.missed
  const worst = photos.filter((photo) => errors(photo) > 0).sort((a, b) => errors(b) - errors(a))
  if (worst.length === 0) return []
  const rows = worst
    .slice(0, MOST_PHOTOS)
    .map(({ file, right, wrong, missed }) => [file, `${right}`, `${wrong}`, `${missed}`])
  return [{ kind: 'table', rows: [['photo', 'right', 'wrong', 'missed'], ...rows] }]
}

function settings({ settings, reasons = [] }: ReportContents): ReportSection['blocks'] {
  return [
    ...(reasons.length === 0 ? [] : [reasonTable(reasons)]),
    ...(settings === undefined ? [] : [recordTable(settings, 'setting')]),
  ]
}

/** What was chosen stands before the first colon, the reason behind it. */
function reasonTable(reasons: readonly string[]): ReportTable {
  const rows = reasons.map((line) => {
    const at = line.indexOf(': ')
    return at < 0 ? ['', line] : [line.slice(0, at), line.slice(at + 2)]
  })
  return { kind: 'table', rows: [['choice', 'reason'], ...rows], textColumns: 2 }
}

/** Names and values; a list is written with commas, what is nested deeper as JSON. */
function recordTable(record: Readonly<Record<string, unknown>>, heading: string): ReportTable {
  const rows = Object.entries(record).map(([name, value]) => [name, typeof value === 'string' ? value : toText(value)])
  return { kind: 'table', rows: [[heading, 'value'], ...rows], textColumns: 2 }
}

function toText(value: unknown): string {
  if (Array.isArray(value)) return value.map((item) => (typeof item === 'string' ? item : toText(item))).join(', ')
  return value === null ? 'none' : (JSON.stringify(value) ?? 'none')
}

function figure(value: number): string {
  return value < 0 ? '–' : value.toFixed(3)
}
