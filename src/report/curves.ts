/** @file The rows of results.csv and the picture of them: loss and its terms, AP, learning rate, gradients, epoch by epoch. */
import { blankCanvas, type Canvas, type ChartSeries, drawLineChart, type LineChart } from '../draw/index.js'

/** A table of numbers by column; NaN where a cell is empty. */
export type ResultColumns = ReadonlyMap<string, readonly number[]>

/** Reads results.csv: a heading, then a row per epoch. A row that was cut off while it was written is passed over. */
export function parseResults(text: string): ResultColumns {
  const [heading, ...rows] = text.split('\n').filter((line) => line.trim() !== '')
  const names = (heading ?? '').split(',').map((name) => name.trim())
  const cells = rows.map((row) => row.trim().split(',')).filter((row) => row.length === names.length)
  return new Map(names.map((name, i) => [name, cells.map((row) => (row[i]! === '' ? Number.NaN : Number(row[i]!)))]))
}

/** Terms of the last decoder layer; those of the others end in their layer's number. */
const TERM = /^loss_[a-z]+(_[a-z]+)*$/
const METRICS: readonly { readonly title: string; readonly names: RegExp }[] = [
  { title: 'Average precision on the validation photos', names: /^AP\d*$/ },
  { title: 'Average precision by size of the objects', names: /^AP[sml]$/ },
  { title: 'Average recall with 1, 10, 100 detections', names: /^AR\d+$/ },
]
/** Too fine a division to draw. */
const UNDRAWN = /^AR[sml]$|^loss_.*_\d+$/
const RATE = /^(learningRate|lr|.*LearningRate)$/
/** Whatever else a run writes down gets a panel of its own, up to this many. */
const MOST_OTHERS = 3
const PANEL_WIDTH = 520
const PANEL_HEIGHT = 380

/** Draws a panel for each kind of column that the table has. */
export function curvesPicture(columns: ResultColumns): Canvas {
  const panels = panelsOf(columns)
  const across = panels.length > 6 ? 4 : Math.min(3, panels.length)
  const down = Math.ceil(panels.length / across)
  const canvas = blankCanvas(across * PANEL_WIDTH, down * PANEL_HEIGHT)
  panels.forEach((panel, i) => {
    const [left, top] = [(i % across) * PANEL_WIDTH, Math.floor(i / across) * PANEL_HEIGHT]
    const area = { xmin: left, ymin: top, xmax: left + PANEL_WIDTH, ymax: top + PANEL_HEIGHT }
    drawLineChart(canvas, area, panel)
  })
  return canvas
}

function panelsOf(columns: ResultColumns): LineChart[] {
  const epochs = columns.get('epoch') ?? []
  const names = [...columns.keys()].filter((name) => name !== 'epoch')
  const line = (name: string, label = name): ChartSeries => ({
    name: label,
    ...known(name, epochs, columns.get(name)!),
  })
  const last = epochs.reduce((a, b) => Math.max(a, b), 2)
  // The same ends in every panel, evaluated or not.
  const x = { title: 'epoch', whole: true, tight: true, min: epochs[0] ?? 1, max: last }
  const take = (pattern: RegExp): string[] => names.filter((name) => pattern.test(name))
  const [terms, rates, gradient] = [take(TERM), take(RATE), take(/^gradientNorm$/)]
  const panels: LineChart[] = []
  const add = (title: string, series: readonly ChartSeries[], more: Partial<LineChart> = {}): void => {
    if (series.length > 0) panels.push({ title, x, y: {}, series, ...more })
  }
  add(
    'Loss',
    take(/^loss$/).map((name) => line(name)),
    { note: 'weighted sum over all decoder layers', y: logIfWide(columns.get('loss')) },
  )
  add(
    'Terms of the loss',
    terms.map((name) => line(name, name.slice('loss_'.length))),
    { note: 'last decoder layer, unweighted', y: { min: 0 } },
  )
  for (const { title, names: pattern } of METRICS) {
    const series = take(pattern).map((name) => line(name))
    const note = series[0]?.name === 'AP' ? { note: bestNote(epochs, columns.get('AP')) } : {}
    add(title, series, { ...note, y: { min: 0 } })
  }
  add(
    'Learning rate',
    rates.map((name) => line(name)),
    { y: { min: 0 } },
  )
  add(
    'Gradient norm',
    gradient.map((name) => line(name)),
    { note: 'before clipping', y: logIfWide(columns.get('gradientNorm')) },
  )
  const shown = new Set(['loss', ...terms, ...rates, ...gradient, ...METRICS.flatMap(({ names: one }) => take(one))])
  const others = names.filter((name) => !shown.has(name) && !UNDRAWN.test(name)).slice(0, MOST_OTHERS)
  for (const name of others) add(name, [line(name)])
  return panels.length > 0 ? panels : [{ title: 'No epoch is finished yet', x, y: {}, series: [] }]
}

/** The points that there are: epochs without an evaluation must not tear the line of AP apart. */
function known(
  name: string,
  epochs: readonly number[],
  values: readonly number[],
): { readonly xs: number[]; readonly ys: number[] } {
  // A measure of -1 had nothing to measure.
  const least = /^A[PR]/.test(name) ? 0 : Number.NEGATIVE_INFINITY
  const present = [...values.keys()].filter((i) => values[i]! >= least && Number.isFinite(values[i]! + epochs[i]!))
  return { xs: present.map((i) => epochs[i]!), ys: present.map((i) => values[i]!) }
}

function logIfWide(values: readonly number[] = []): { readonly log?: boolean } {
  const finite = values.filter(Number.isFinite)
  const [least, most] = [finite.reduce((a, b) => Math.min(a, b), 1 / 0), finite.reduce((a, b) => Math.max(a, b), 0)]
  return least > 0 && most / least >= 8 ? { log: true } : {}
}

/** The best value of a metric and its epoch; undefined where there is none. */
export function bestOf(
  epochs: readonly number[],
  values: readonly number[] = [],
): { readonly epoch: number; readonly value: number } | undefined {
  let best: { epoch: number; value: number } | undefined
  values.forEach((value, i) => {
    if (Number.isFinite(value) && value >= 0 && value > (best?.value ?? -1)) best = { epoch: epochs[i]!, value }
  })
  return best
}

/** Why no epoch is the best. A metric that was evaluated over no object is -1. */
export function noBestNote(values: readonly number[] = []): string {
  return values.some((value) => value < 0)
    ? 'nothing to measure: validation photos have no objects'
    : 'not evaluated yet'
}

function bestNote(epochs: readonly number[], values: readonly number[] | undefined): string {
  const best = bestOf(epochs, values)
  return best === undefined ? noBestNote(values) : `best AP ${best.value.toFixed(3)} after epoch ${best.epoch}`
}
