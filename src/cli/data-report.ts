/** @file What `detrs data check` prints: tables and sentences for people, one object for programs. */
import type {
  DatasetCheck,
  DatasetProblem,
  DatasetStatistics,
  DetectionDataset,
  Severity,
  Spread,
} from '../data/formats/index.node.js'
import { printable } from './plain-text.js'
import { formatTable } from './table.js'

const FORMAT_NAMES = { coco: 'COCO', voc: 'Pascal VOC', yolo: 'YOLO', csv: 'CSV' } as const
const SEVERITIES: readonly Severity[] = ['error', 'warning', 'note']
/** More classes than this are counted and not listed. */
const MOST_CLASSES = 100
const SHOWN_EXAMPLES = 3
const SHOWN_NAMES = 12

/** The check for people. Problems stand last, where the eye is when the text has run through. */
export function checkAsText(dataset: DetectionDataset, { statistics, problems, formats }: DatasetCheck): string {
  const { name, format, folder, annotationFiles, classNames } = dataset
  const files = annotationFiles.slice(0, 4).join(', ')
  const parts = [
    printable(`${name}: ${FORMAT_NAMES[format]} (${files}), ${counted(classNames.length, 'class', 'classes')}`),
    printable(folder),
    '',
    splitTable(statistics).trimEnd(),
    ...divisionNote(dataset),
    '',
    classTable(dataset, statistics).trimEnd(),
    '',
    ...spreadLines(statistics, formats),
    '',
    ...problemLines(problems),
    SEVERITIES.map((severity) => counted(total(problems, severity), severity, `${severity}s`)).join(', '),
    '',
  ]
  return parts.join('\n')
}

/** The check for programs. */
export function checkAsJson(dataset: DetectionDataset, { statistics, problems, formats }: DatasetCheck): string {
  const { name, format, folder, annotationFiles, classNames, categoryIds } = dataset
  const { splits, ...figures } = statistics
  const classes = classNames.map((className, label) => ({
    label,
    id: categoryIds[label],
    name: className,
    objects: Object.fromEntries(splits.map(({ split, perClass }) => [split, perClass[label]])),
  }))
  const plainSplits = splits.map(({ perClass: _, ...figuresOfSplit }) => figuresOfSplit)
  const [errors, warnings] = [total(problems, 'error'), total(problems, 'warning')]
  return JSON.stringify(
    {
      name,
      format,
      folder,
      annotationFiles,
      splits: plainSplits,
      classes,
      ...figures,
      formats,
      errors,
      warnings,
      problems,
    },
    null,
    2,
  )
}

/** A line for each kind of error and warning, for commands that do something else. */
export function problemsInShort(problems: readonly DatasetProblem[]): string {
  return problems
    .filter(({ severity }) => severity !== 'note')
    .map(
      ({ severity, count, summary, examples }) =>
        `${severity}: ${count} ${summary} (${printable(examples[0] ?? '')})\n`,
    )
    .join('')
}

function splitTable({ splits }: DatasetStatistics): string {
  const heading = [
    'split',
    'photos',
    'empty',
    'objects',
    'small',
    'medium',
    'large',
    'crowd',
    'difficult',
    'most in one photo',
  ]
  const rows = splits.map(({ split, images, withoutObjects, objects, sizes, crowd, difficult, most }) => [
    split,
    ...[images, withoutObjects, objects].map(String),
    ...[sizes.small, sizes.medium, sizes.large].map((count) => share(count, objects)),
    ...[crowd, difficult].map(String),
    most === undefined ? '' : `${most.count} (${printable(most.file)})`,
  ])
  return formatTable([heading, ...rows], ['left', ...new Array<'right'>(8).fill('right'), 'left'])
}

function divisionNote({ splits }: DetectionDataset): string[] {
  if (splits.train !== undefined && splits.val !== undefined) return []
  const what = Object.keys(splits).length === 0 ? 'There are no splits' : 'There are no validation photos'
  if (splits.train === undefined && Object.keys(splits).length > 0) return ['There are no training photos.']
  return [`${what}: training would hold out a fifth of the photos, chosen by a hash of their content.`]
}

function classTable({ classNames, categoryIds }: DetectionDataset, { splits }: DatasetStatistics): string {
  const heading = ['class', 'id', ...splits.map(({ split }) => split)]
  const rows = classNames
    .slice(0, MOST_CLASSES)
    .map((name, label) => [
      printable(name),
      String(categoryIds[label]),
      ...splits.map(({ perClass }) => String(perClass[label])),
    ])
  const more = classNames.length - rows.length
  const table = formatTable([heading, ...rows], ['left', ...new Array<'right'>(splits.length + 1).fill('right')])
  return more > 0 ? `${table}… and ${more} more classes; --json lists all` : table
}

function spreadLines(
  { boxAspect, relativeSize, imageAspect, smallest, largest }: DatasetStatistics,
  formats: DatasetCheck['formats'],
): string[] {
  const ratio = (value: number) => value.toFixed(2)
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`
  const kinds = Object.entries(formats).map(([format, count]) => `${count} ${format}`)
  const rows = [
    ...(boxAspect === undefined ? [] : [['box width by height', ...spreadCells(boxAspect, ratio)]]),
    ...(relativeSize === undefined ? [] : [['box side by photo side', ...spreadCells(relativeSize, percent)]]),
    ...(imageAspect === undefined ? [] : [['photo width by height', ...spreadCells(imageAspect, ratio)]]),
  ]
  const table =
    rows.length === 0
      ? []
      : [formatTable([['', '5 %', 'median', '95 %'], ...rows], ['left', 'right', 'right', 'right']).trimEnd()]
  const sizes =
    smallest === undefined || largest === undefined ? '' : ` from ${smallest.join('×')} to ${largest.join('×')}`
  return [...table, `photos${sizes}: ${kinds.length === 0 ? 'none could be read' : kinds.join(', ')}`]
}

function spreadCells({ low, median, high }: Spread, shown: (value: number) => string): string[] {
  return [low, median, high].map(shown)
}

function problemLines(problems: readonly DatasetProblem[]): string[] {
  const width = Math.max(...problems.map(({ count }) => String(count).length), 1)
  return SEVERITIES.flatMap((severity) => {
    const kinds = kindsOf(problems, severity)
    if (kinds.length === 0) return []
    const lines = kinds.flatMap((problem) => [
      `  ${String(problem.count).padStart(width)}  ${problem.summary}`,
      ...exampleLines(problem, ' '.repeat(width + 6)),
    ])
    return [`${severity}s`, ...lines, '']
  })
}

/** Names stand in one line, sentences in one each. */
function exampleLines({ examples, count }: DatasetProblem, indent: string): string[] {
  const names = examples.every((example) => example.length <= 40 && !example.includes(': '))
  const some = examples.slice(0, names ? SHOWN_NAMES : SHOWN_EXAMPLES).map(printable)
  const more = count > some.length ? [`… ${count - some.length} more`] : []
  return (names ? [[...some, ...more].join(', ')] : [...some, ...more]).map((line) => `${indent}${line}`)
}

function kindsOf(problems: readonly DatasetProblem[], severity: Severity): DatasetProblem[] {
  return problems.filter((problem) => problem.severity === severity)
}

function total(problems: readonly DatasetProblem[], severity: Severity): number {
  return kindsOf(problems, severity).reduce((sum, { count }) => sum + count, 0)
}

function share(count: number, total: number): string {
  return total === 0 ? '–' : `${((100 * count) / total).toFixed(count === total ? 0 : 1)} %`
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}
