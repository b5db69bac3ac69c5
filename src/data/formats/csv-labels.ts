/** @file Labels in a table: a row an object, under the column names that the field's tools write. */
import { DatasetError } from '../../tensor/index.js'
import type { CsvCell, CsvRow } from './csv.js'
import type { SplitName } from './dataset.js'
import type { ProblemList } from './problems.js'
import { splitOfName } from './split-name.js'

/** One row. A photo without objects has a row without a box. */
export interface CsvLabel {
  readonly image: string
  readonly line: number
  readonly className?: string
  /** xmin, ymin, xmax, ymax; NaN for what is no number. */
  readonly corners?: readonly [number, number, number, number]
  readonly width?: number | undefined
  readonly height?: number | undefined
  readonly split?: SplitName | undefined
  readonly crowd?: boolean
  readonly difficult?: boolean
}

/** All rows of a table. */
export interface CsvLabels {
  /** Whether boxes are fractions of the photo, as in Open Images. */
  readonly relative: boolean
  readonly labels: readonly CsvLabel[]
}

/** What a column holds. */
type Column =
  | 'image'
  | 'label'
  | 'xmin'
  | 'ymin'
  | 'xmax'
  | 'ymax'
  | 'boxWidth'
  | 'boxHeight'
  | 'width'
  | 'height'
  | 'split'
  | 'crowd'
  | 'difficult'

type Columns = ReadonlyMap<Column, number>

/** Names of columns, lower case and without anything but letters and digits; the first that is there counts. */
const NAMES: Readonly<Record<Column, readonly string[]>> = {
  image: ['image', 'imagename', 'imagepath', 'imagefile', 'imageid', 'img', 'filename', 'file', 'filepath', 'path'],
  label: ['label', 'labelname', 'class', 'classname', 'category', 'categoryname', 'name', 'object'],
  xmin: ['xmin', 'x1', 'x0', 'left', 'bboxxmin', 'bboxx', 'bboxleft', 'x'],
  ymin: ['ymin', 'y1', 'y0', 'top', 'bboxymin', 'bboxy', 'bboxtop', 'y'],
  xmax: ['xmax', 'x2', 'right', 'bboxxmax', 'bboxright'],
  ymax: ['ymax', 'y2', 'bottom', 'bboxymax', 'bboxbottom'],
  boxWidth: ['bboxwidth', 'bboxw', 'boxwidth', 'w'],
  boxHeight: ['bboxheight', 'bboxh', 'boxheight', 'h'],
  width: ['imagewidth', 'imgwidth', 'width'],
  height: ['imageheight', 'imgheight', 'height'],
  split: ['split', 'subset', 'set'],
  crowd: ['iscrowd', 'isgroupof'],
  difficult: ['difficult'],
}

/** The table of keras-retinanet has no heading. */
const WITHOUT_HEADING: Columns = new Map([
  ['image', 0],
  ['xmin', 1],
  ['ymin', 2],
  ['xmax', 3],
  ['ymax', 4],
  ['label', 5],
])

/** Whether the first row is the heading, or the first row, of a table of boxes. */
export function isLabelTable(first: CsvRow | undefined): boolean {
  return first !== undefined && (columnsOf(first) !== undefined || hasNoHeading(first))
}

/**
 * Reads the rows of a table of boxes, with or without a heading.
 * @throws DatasetError when the columns are not those of boxes.
 */
export function csvLabels(rows: readonly CsvRow[], where: string, problems: ProblemList): CsvLabels {
  const [first] = rows
  const heading = first === undefined ? undefined : columnsOf(first)
  if (first === undefined || (heading === undefined && !hasNoHeading(first))) {
    throw new DatasetError({
      where,
      expected: 'the columns image, xmin, ymin, xmax, ymax, label',
      got:
        first === undefined
          ? 'an empty file'
          : first.cells
              .map(({ text }) => text)
              .slice(0, 12)
              .join(', '),
    })
  }
  const columns = heading ?? WITHOUT_HEADING
  const names = new Set(first.cells.map(({ text }) => plain(text)))
  const labels: CsvLabel[] = []
  for (const row of heading === undefined ? rows : rows.slice(1)) {
    const label = labelOfRow(row, columns, where, problems)
    if (label !== undefined) labels.push(label)
  }
  return { relative: heading !== undefined && names.has('imageid') && names.has('labelname'), labels }
}

function labelOfRow(row: CsvRow, columns: Columns, where: string, problems: ProblemList): CsvLabel | undefined {
  const cell = (column: Column): CsvCell | undefined => row.cells[columns.get(column) ?? -1]
  const image = cell('image')?.text ?? ''
  const className = cell('label')?.text ?? ''
  const far: readonly [Column, Column] = columns.has('xmax') ? ['xmax', 'ymax'] : ['boxWidth', 'boxHeight']
  const cells = (['xmin', 'ymin', ...far] as const).map(cell)
  const shown = () =>
    `${where}: line ${row.line}: ${row.cells
      .map(({ text }) => text)
      .join(',')
      .slice(0, 80)}`
  if (image === '') {
    problems.add('row-malformed', () => `${shown()} (no photo)`)
    return undefined
  }
  const common = {
    image,
    line: row.line,
    width: positive(cell('width')),
    height: positive(cell('height')),
    split: splitOfName(cell('split')?.text ?? ''),
  }
  if (cells.every((entry) => (entry?.text ?? '') === '')) return common
  if (className === '') {
    problems.add('row-malformed', () => `${shown()} (no class)`)
    return undefined
  }
  const [x, y, farX, farY] = cells.map(decimal) as [number, number, number, number]
  const corners = far[0] === 'xmax' ? ([x, y, farX, farY] as const) : ([x, y, x + farX, y + farY] as const)
  const [crowd, difficult] = [isTrue(cell('crowd')), isTrue(cell('difficult'))]
  return { ...common, className, corners, ...(crowd ? { crowd } : {}), ...(difficult ? { difficult } : {}) }
}

function columnsOf({ cells }: CsvRow): Columns | undefined {
  const names = cells.map(({ text }) => plain(text))
  const columns = new Map<Column, number>()
  for (const [column, known] of Object.entries(NAMES) as [Column, readonly string[]][]) {
    const name = known.find((candidate) => names.includes(candidate))
    if (name !== undefined) columns.set(column, names.indexOf(name))
  }
  // Beside x and y, a bare width and height are the box's.
  if (!columns.has('xmax') && !columns.has('boxWidth')) {
    for (const [box, size, name] of [
      ['boxWidth', 'width', 'width'],
      ['boxHeight', 'height', 'height'],
    ] as const) {
      const at = names.indexOf(name)
      if (at < 0) continue
      columns.set(box, at)
      if (columns.get(size) === at) columns.delete(size)
    }
  }
  const has = (...wanted: Column[]) => wanted.every((column) => columns.has(column))
  const box = has('xmin', 'ymin', 'xmax', 'ymax') || has('xmin', 'ymin', 'boxWidth', 'boxHeight')
  return box && has('image', 'label') ? columns : undefined
}

function hasNoHeading({ cells }: CsvRow): boolean {
  const bounds = cells.slice(1, 5)
  const empty = bounds.every(({ text }) => text === '')
  return (
    cells.length === 6 &&
    /\.(?:jpe?g|png|webp|tiff?|gif|bmp|avif)$/i.test(cells[0]!.text) &&
    (empty || bounds.every((cell) => !Number.isNaN(decimal(cell))))
  )
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]/g, '')
}

/** A number, also with the decimal comma of many countries' spreadsheets; NaN for anything else. */
function decimal(cell: CsvCell | undefined): number {
  const text = (cell?.text ?? '').replace(/^([+-]?\d+),(\d+)$/, '$1.$2')
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN
}

function positive(cell: CsvCell | undefined): number | undefined {
  const value = decimal(cell)
  return Number.isSafeInteger(value) && value > 0 ? value : undefined
}

function isTrue(cell: CsvCell | undefined): boolean {
  return /^(?:1|true|yes)$/i.test(cell?.text ?? '')
}

/** The classes of a table `name,id`, as keras-retinanet has beside its labels; undefined when it is none. */
export function csvClasses(rows: readonly CsvRow[]): ReadonlyMap<string, number> | undefined {
  const classes = new Map<string, number>()
  for (const { cells } of rows) {
    const [name, id] = cells
    if (cells.length !== 2 || name === undefined || !/^\d{1,9}$/.test(id?.text ?? '')) {
      if (classes.size === 0 && name !== undefined && /^(?:class|name|label)/i.test(name.text)) continue
      return undefined
    }
    classes.set(name.text, Number(id!.text))
  }
  return classes.size === 0 || new Set(classes.values()).size < classes.size ? undefined : classes
}
