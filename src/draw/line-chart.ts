/** @file Lines over an axis: what changes with what, with grid, texts and legend. */
import { type Axis, type AxisOptions, axisFor, CHART_COLORS } from './axes.js'
import { type Canvas, type Color, fillRect, type Rect } from './canvas.js'
import { seriesColor } from './palette.js'
import { type Polyline, strokeLines } from './stroke.js'
import { StrokeFont } from './stroke-font.js'

/** One line. */
export interface ChartSeries {
  readonly name: string
  readonly xs: ArrayLike<number>
  /** As many as `xs`; one that is not finite leaves a gap. */
  readonly ys: ArrayLike<number>
  /** That of its position among the series unless said. */
  readonly color?: Color
  /** Pixels; 2 unless said. */
  readonly lineWidth?: number
  /** Whether a dot marks each point; where there are few of them unless said. */
  readonly dots?: boolean
  /** Left out of the legend. */
  readonly unnamed?: boolean
}

/** What a chart shows. */
export interface LineChart {
  readonly title: string
  /** A line of smaller text under the title. */
  readonly note?: string
  readonly x: AxisOptions
  readonly y: AxisOptions
  /** The first lies on top. */
  readonly series: readonly ChartSeries[]
  /** Pixels; 14 unless said. The title is a little larger. */
  readonly textSize?: number
}

const PADDING = 14
const FEW_POINTS = 40
const SAMPLE = 20
/** Rows of a legend; further series are counted in its last entry. */
const MOST_LEGEND_ROWS = 4

/** Draws a chart into a part of a picture, in whole pixels. */
export function drawLineChart(canvas: Canvas, area: Rect, chart: LineChart): void {
  const { title, note, series, textSize = 14 } = chart
  const font = new StrokeFont(textSize)
  const heading = new StrokeFont(Math.round(textSize * 1.25))
  const row = Math.round(textSize * 1.45)
  const left = area.xmin + PADDING
  const width = area.xmax - area.xmin - 2 * PADDING
  let top = area.ymin + PADDING + heading.capHeight
  heading.draw(canvas, heading.fit(title, width), left, top, CHART_COLORS.ink)
  top += Math.round(textSize * 0.5)
  if (note !== undefined) {
    font.draw(canvas, font.fit(note, width), left, top + font.capHeight + 2, CHART_COLORS.faint)
    top += row
  }
  top = drawLegend(canvas, font, series, { left, top, width, row })
  if (chart.y.title !== undefined) {
    font.draw(canvas, font.fit(chart.y.title, width), left, top + font.capHeight + 2, CHART_COLORS.faint)
    top += row
  }
  top += Math.round(textSize * 0.6)
  const bottom = area.ymax - PADDING - (chart.x.title === undefined ? 0 : row) - row
  const y = axisFor(valuesOf(series, 'ys'), Math.max(2, Math.floor((bottom - top) / (3 * textSize))), chart.y)
  const labelWidth = Math.max(...y.ticks.labels.map((label) => font.measure(label).width))
  const plot = { xmin: left + labelWidth + 8, ymin: top, xmax: area.xmax - PADDING - textSize, ymax: bottom }
  if (plot.xmax - plot.xmin < 2 * textSize || plot.ymax - plot.ymin < 2 * textSize) return
  const x = axisFor(valuesOf(series, 'xs'), roomForTicks(plot, font), chart.x)
  drawGrid(canvas, font, plot, x, y)
  if (chart.x.title !== undefined) {
    const text = font.fit(chart.x.title, plot.xmax - plot.xmin)
    const start = Math.round((plot.xmin + plot.xmax - font.measure(text).width) / 2)
    font.draw(canvas, text, start, area.ymax - PADDING - font.descent, CHART_COLORS.faint)
  }
  for (let i = series.length - 1; i >= 0; i--) drawSeries(canvas, plot, x, y, series[i]!, colorOf(series, i))
}

/** A chart as a picture of its own. */
export function lineChart(chart: LineChart, width: number, height: number): Canvas {
  const canvas = blankCanvas(width, height)
  drawLineChart(canvas, { xmin: 0, ymin: 0, xmax: width, ymax: height }, chart)
  return canvas
}

/** An empty sheet of white paper. */
export function blankCanvas(width: number, height: number, paper: Color = CHART_COLORS.paper): Canvas {
  const canvas = { width, height, data: new Uint8Array(width * height * 3) }
  fillRect(canvas, { xmin: 0, ymin: 0, xmax: width, ymax: height }, paper)
  return canvas
}

function colorOf(series: readonly ChartSeries[], i: number): Color {
  return series[i]!.color ?? seriesColor(i)
}

function* valuesOf(series: readonly ChartSeries[], key: 'xs' | 'ys'): Generator<number> {
  for (const line of series) {
    // A point without one coordinate is not shown, so that it must not stretch the axis of the other.
    for (let i = 0; i < line.xs.length; i++) {
      if (Number.isFinite(line.xs[i]!) && Number.isFinite(line.ys[i]!)) yield line[key][i]!
    }
  }
}

interface LegendPlace {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly row: number
}

/** Returns the legend's lower edge. */
function drawLegend(
  canvas: Canvas,
  font: StrokeFont,
  series: readonly ChartSeries[],
  { left, top, width, row }: LegendPlace,
): number {
  const named = series.map((line, i) => ({ ...line, color: colorOf(series, i) })).filter(({ unnamed }) => !unnamed)
  if (named.length < 2) return top
  let [x, rows] = [0, 1]
  for (const [i, { name, color }] of named.entries()) {
    const text = font.fit(name, Math.min(width - SAMPLE - 8, 22 * font.size))
    const room = SAMPLE + 6 + font.measure(text).width + font.size
    const last = rows === MOST_LEGEND_ROWS
    const more = `and ${named.length - i} more`
    if (x > 0 && x + room + (last && i + 1 < named.length ? font.measure(more).width : 0) > width + font.size) {
      if (last) {
        font.draw(canvas, more, left + x, top + (rows - 1) * row + font.capHeight + 2, CHART_COLORS.faint)
        break
      }
      x = 0
      rows++
    }
    const baseline = top + (rows - 1) * row + font.capHeight + 2
    const middle = baseline - Math.round(font.capHeight / 2)
    fillRect(canvas, { xmin: left + x, ymin: middle - 1.5, xmax: left + x + SAMPLE, ymax: middle + 1.5 }, color)
    font.draw(canvas, text, left + x + SAMPLE + 6, baseline, CHART_COLORS.ink)
    x += room
  }
  return top + rows * row
}

/** Widest labels of some five letters, and as much air between them. */
function roomForTicks(plot: Rect, font: StrokeFont): number {
  return Math.max(2, Math.floor((plot.xmax - plot.xmin) / (font.measure('0.00').width * 2)))
}

function drawGrid(canvas: Canvas, font: StrokeFont, plot: Rect, x: Axis, y: Axis): void {
  fillRect(canvas, plot, CHART_COLORS.plot)
  for (const [i, value] of y.ticks.values.entries()) {
    const at = Math.round(plot.ymax - y.share(value) * (plot.ymax - plot.ymin))
    fillRect(canvas, { xmin: plot.xmin, ymin: at - 0.5, xmax: plot.xmax, ymax: at + 0.5 }, CHART_COLORS.grid)
    const label = y.ticks.labels[i]!
    const start = plot.xmin - 8 - font.measure(label).width
    font.draw(canvas, label, start, at + Math.round(font.capHeight / 2), CHART_COLORS.faint)
  }
  for (const [i, value] of x.ticks.values.entries()) {
    const at = Math.round(plot.xmin + x.share(value) * (plot.xmax - plot.xmin))
    fillRect(canvas, { xmin: at - 0.5, ymin: plot.ymin, xmax: at + 0.5, ymax: plot.ymax }, CHART_COLORS.grid)
    const label = x.ticks.labels[i]!
    const start = Math.round(at - font.measure(label).width / 2)
    font.draw(canvas, label, start, plot.ymax + font.capHeight + 7, CHART_COLORS.faint)
  }
  fillRect(canvas, { xmin: plot.xmin - 1, ymin: plot.ymin, xmax: plot.xmin, ymax: plot.ymax + 1 }, CHART_COLORS.axis)
  fillRect(canvas, { xmin: plot.xmin - 1, ymin: plot.ymax, xmax: plot.xmax, ymax: plot.ymax + 1 }, CHART_COLORS.axis)
}

function drawSeries(canvas: Canvas, plot: Rect, x: Axis, y: Axis, series: ChartSeries, color: Color): void {
  const { xs, ys, lineWidth = 2 } = series
  const lines: number[][] = []
  const dots: Polyline[] = []
  let line: number[] | undefined
  for (let i = 0; i < xs.length; i++) {
    const px = plot.xmin + x.share(xs[i]!) * (plot.xmax - plot.xmin)
    const py = plot.ymax - y.share(ys[i]!) * (plot.ymax - plot.ymin)
    if (!Number.isFinite(px) || !Number.isFinite(py)) {
      line = undefined
      continue
    }
    if (line === undefined) {
      line = []
      lines.push(line)
    }
    line.push(px, py)
    dots.push([px, py])
  }
  strokeLines(canvas, lines, lineWidth, color)
  if (series.dots ?? dots.length <= FEW_POINTS) strokeLines(canvas, dots, lineWidth * 2.6, color)
}
