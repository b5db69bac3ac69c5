/** @file A square table of counts as a heat map: what was there against what it was taken for. */
import { ConfigError } from '../tensor/index.js'
import { CHART_COLORS } from './axes.js'
import { type Canvas, type Color, fillRect, type Rect } from './canvas.js'
import { legibleNames } from './legible-names.js'
import { blankCanvas } from './line-chart.js'
import { textColorOn } from './palette.js'
import { StrokeFont } from './stroke-font.js'

/** What a matrix shows. */
export interface MatrixChart {
  readonly title: string
  /** A line of smaller text under the title. */
  readonly note?: string
  /** What rows and columns stand for. */
  readonly rows: string
  readonly columns: string
  /** N names, of rows and columns alike; the last one stands apart (background: nothing was there, nothing found). */
  readonly labels: readonly string[]
  /** [N, N], row by row, ≥ 0. A cell's colour is its share of its row. */
  readonly counts: ArrayLike<number>
}

/** More names than this make a picture that nobody can look at. */
const MOST_LABELS = 128
const PADDING = 16
/** Air in front of the last row and column. */
const APART = 6
const LABEL_WIDTH = 190
const EMPTY: Color = [244, 246, 248]
const RIGHT: readonly [Color, Color] = [
  [233, 242, 250],
  [12, 84, 150],
]
const WRONG: readonly [Color, Color] = [
  [253, 240, 230],
  [184, 62, 8],
]

/** How large things are, which follows from the number of names. */
interface Layout {
  readonly cell: number
  readonly font: StrokeFont
  /** For the share in per cent under the count; absent where cells are small. */
  readonly shareFont?: StrokeFont
  readonly format: (count: number) => string
}

/**
 * Draws a matrix with as much detail as its cells have room for: counts and shares for few names, counts rounded to
 * three characters for many.
 * @throws ConfigError for no names, more than 128, or another number of counts.
 */
export function matrixChart(chart: MatrixChart): Canvas {
  const { labels, counts } = chart
  const n = labels.length
  if (n < 1 || n > MOST_LABELS || counts.length !== n * n) {
    const expected = `1 to ${MOST_LABELS} names and a count for each pair`
    throw new ConfigError({ where: 'matrixChart', expected, got: `${n} names and ${counts.length} counts` })
  }
  const { cell, font, shareFont, format } = layoutFor(counts, n)
  const title = new StrokeFont(20)
  const text = new StrokeFont(15)
  const names = legibleNames(labels).map((label) => font.fit(label, LABEL_WIDTH))
  const nameWidth = Math.max(...names.map((name) => font.measure(name).width))
  const left = Math.max(PADDING + nameWidth + 10, PADDING + 60)
  const columnTitle = PADDING + title.capHeight + 14 + 2 * 24
  const top = columnTitle + 12 + nameWidth + 10
  const side = n * cell + (n > 1 ? APART : 0)
  const heads = [chart.title, chart.note ?? '', rowTitle(chart)]
  const widest = Math.max(...heads.map((line, i) => (i === 0 ? title : text).measure(line).width))
  const width = Math.max(left + side, PADDING + Math.min(widest, 1200)) + PADDING
  const canvas = blankCanvas(width, top + side + PADDING)
  const room = width - 2 * PADDING
  const baseline = PADDING + title.capHeight
  title.draw(canvas, title.fit(chart.title, room), PADDING, baseline, CHART_COLORS.ink)
  text.draw(canvas, text.fit(chart.note ?? '', room), PADDING, baseline + 26, CHART_COLORS.faint)
  text.draw(canvas, text.fit(rowTitle(chart), room), PADDING, baseline + 50, CHART_COLORS.faint)
  const at = (i: number): number => i * cell + (i === n - 1 && n > 1 ? APART : 0)
  for (let i = 0; i < n; i++) {
    const name = names[i]!
    const ink = i === n - 1 ? CHART_COLORS.faint : CHART_COLORS.ink
    const middle = Math.round(at(i) + cell / 2 + font.capHeight / 2)
    font.draw(canvas, name, left - 8 - font.measure(name).width, top + middle, ink)
    font.drawUpwards(canvas, name, left + middle, top - 8, ink)
  }
  for (let row = 0; row < n; row++) {
    let sum = 0
    for (let column = 0; column < n; column++) sum += counts[row * n + column]!
    for (let column = 0; column < n; column++) {
      const rect: Rect = {
        xmin: left + at(column),
        ymin: top + at(row),
        xmax: left + at(column) + cell - 1,
        ymax: top + at(row) + cell - 1,
      }
      const count = counts[row * n + column]!
      const nowhere = row === n - 1 && column === n - 1 && n > 1
      if (count === 0 || nowhere) {
        fillRect(canvas, rect, nowhere ? CHART_COLORS.grid : EMPTY)
        continue
      }
      const scale = row === column ? RIGHT : WRONG
      const color = mixed(scale, Math.sqrt(count / sum))
      fillRect(canvas, rect, color)
      const ink = textColorOn(color)
      const share = shareFont === undefined ? '' : `${percent(count / sum)}%`
      const middle = (rect.ymin + rect.ymax) / 2
      const down = shareFont === undefined ? font.capHeight / 2 : -2
      centred(canvas, font, format(count), rect, Math.round(middle + down), ink)
      if (shareFont !== undefined) {
        centred(canvas, shareFont, share, rect, Math.round(middle + shareFont.capHeight + 6), ink)
      }
    }
  }
  return canvas
}

function rowTitle({ rows, columns }: MatrixChart): string {
  return `rows: ${rows} · columns: ${columns}`
}

function layoutFor(counts: ArrayLike<number>, n: number): Layout {
  const largest = Array.from(counts).reduce((a, b) => Math.max(a, b), 0)
  const widthOf = (font: StrokeFont, format: Layout['format']): number => {
    return Array.from(counts).reduce((widest, count) => Math.max(widest, font.measure(format(count)).width), 0)
  }
  if (n <= 12) {
    const font = new StrokeFont(16)
    const cell = Math.max(n <= 5 ? 96 : 64, widthOf(font, whole) + 10)
    return { cell, font, shareFont: new StrokeFont(12), format: whole }
  }
  const font = new StrokeFont(n <= 32 ? 13 : 11)
  const format = largest < 10_000 && n <= 32 ? whole : short
  return { cell: Math.max(n <= 32 ? 34 : 20, widthOf(font, format) + 4), font, format }
}

function centred(canvas: Canvas, font: StrokeFont, text: string, rect: Rect, baseline: number, color: Color): void {
  const start = Math.round((rect.xmin + rect.xmax - font.measure(text).width) / 2)
  font.draw(canvas, text, start, baseline, color)
}

function whole(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}

/** At most three characters up to 99 million: 999, 1k, 12k, .1M, 12M. */
function short(count: number): string {
  if (count < 1000) return `${Math.round(count)}`
  if (count < 99_500) return `${Math.round(count / 1000)}k`
  return count < 950_000 ? `.${Math.round(count / 100_000)}M` : `${Math.round(count / 1e6)}M`
}

/** Whole per cents, with neither 0 nor 100 where that would not be true. */
function percent(share: number): string {
  if (share < 0.005) return '<1'
  return share < 1 && share >= 0.995 ? '>99' : `${Math.round(100 * share)}`
}

function mixed([from, to]: readonly [Color, Color], share: number): Color {
  const part = (i: 0 | 1 | 2): number => Math.round(from[i] + (to[i] - from[i]) * share)
  return [part(0), part(1), part(2)]
}
