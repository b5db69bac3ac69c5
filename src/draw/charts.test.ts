/** @file Charts: lines lie where their values say, gaps stay open, matrices have a cell for every pair. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from '../tensor/index.js'
import { CHART_COLORS } from './axes.js'
import type { Canvas, Color } from './canvas.js'
import { blankCanvas, type ChartSeries, drawLineChart, lineChart } from './line-chart.js'
import { matrixChart } from './matrix-chart.js'
import { seriesColor } from './palette.js'
import { StrokeFont } from './stroke-font.js'

const RED: Color = [200, 0, 0]

function pixel({ width, data }: Canvas, x: number, y: number): number[] {
  return [...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)]
}

/** Every pixel that has exactly this colour. */
function places(canvas: Canvas, color: Color): [x: number, y: number][] {
  const found: [number, number][] = []
  for (let y = 0; y < canvas.height; y++) {
    for (let x = 0; x < canvas.width; x++) if (`${pixel(canvas, x, y)}` === `${color}`) found.push([x, y])
  }
  return found
}

/** Left, right, top, bottom of the plot, by the colours of its ground and grid. */
function plotOf(canvas: Canvas): [number, number, number, number] {
  const inside = places(canvas, CHART_COLORS.plot)
  const [xs, ys] = [inside.map(([x]) => x), inside.map(([, y]) => y)]
  return [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)]
}

function chart(series: ChartSeries[]): Canvas {
  return lineChart({ title: 'T', x: { min: 0, max: 10 }, y: { min: 0, max: 10 }, series }, 400, 300)
}

test('a line goes from where its first value lies to where its last one does', () => {
  const canvas = chart([{ name: 'a', xs: [0, 10], ys: [0, 10], color: RED, lineWidth: 3, dots: false }])
  const [left, right, top, bottom] = plotOf(canvas)
  const line = places(canvas, RED)
  assert.ok(line.length > 100)
  for (const [x, y] of line) {
    const share = (x + 0.5 - left) / (right + 1 - left)
    const expected = bottom + 1 - share * (bottom + 1 - top)
    assert.ok(Math.abs(y + 0.5 - expected) < 3, `${x} ${y} ${expected}`)
  }
  for (const end of [left, right]) assert.ok(line.some(([x]) => Math.abs(x - end) <= 2))
})

test('values that are missing leave a gap, and a value between two gaps is a dot', () => {
  const ys = [5, 5, Number.NaN, Number.NaN, 5, Number.NaN, Number.POSITIVE_INFINITY, 5, 5, 5, 5]
  const canvas = chart([{ name: 'a', xs: ys.map((_, i) => i), ys, color: RED, lineWidth: 3 }])
  const [left, right] = plotOf(canvas)
  const columns = new Set(places(canvas, RED).map(([x]) => x))
  const at = (value: number): number => Math.round(left + (value / 10) * (right + 1 - left))
  for (const [value, drawn] of [
    [0.5, true],
    [1.5, false],
    [2.5, false],
    [4, true],
    [4.5, false],
    [6, false],
    [8.5, true],
  ] as const) {
    assert.equal(columns.has(at(value)), drawn, `${value}`)
  }
})

test('two series have a legend, one has none; the first lies on top', () => {
  const series = (name: string, color: Color): ChartSeries => ({ name, xs: [0, 10], ys: [5, 5], color, dots: false })
  const both = chart([series('a', RED), series('b', [0, 0, 200])])
  const [, , top] = plotOf(both)
  const above = ([, y]: [number, number]): boolean => y < top
  assert.ok(places(both, RED).some(above) && places(both, [0, 0, 200]).some(above))
  assert.ok(!places(both, [0, 0, 200]).some((place) => !above(place)), 'hidden under the first')
  const one = chart([series('a', RED)])
  const [, , highest] = plotOf(one)
  assert.ok(!places(one, RED).some(([, y]) => y < highest))
})

test('charts of nothing, of one value, of huge and tiny values, and in no room at all', () => {
  const none = chart([])
  assert.ok(plotOf(none)[1] > 300)
  for (const value of [0, -1, 1e300, 5e-324, 1e-300]) {
    lineChart({ title: '', x: {}, y: {}, series: [{ name: '', xs: [value], ys: [value] }] }, 400, 300)
    lineChart(
      { title: '', x: { log: true }, y: { log: true }, series: [{ name: '', xs: [value], ys: [value] }] },
      400,
      300,
    )
  }
  const small = blankCanvas(60, 40)
  drawLineChart(small, { xmin: 0, ymin: 0, xmax: 60, ymax: 40 }, { title: 'T', x: {}, y: {}, series: [] })
})

test('ten series colours are readable on white and differ', () => {
  const colors = Array.from({ length: 10 }, (_, i) => seriesColor(i))
  assert.equal(new Set(colors.map(String)).size, 10)
  assert.deepEqual(seriesColor(10), colors[0])
})

test('a matrix: right cells blue, wrong ones orange, empty ones pale, background against background apart', () => {
  const matrix = { title: 'M', rows: 'r', columns: 'c', labels: ['cat', 'dog', 'background'] }
  const canvas = matrixChart({ ...matrix, counts: [8, 0, 2, 4, 5, 0, 0, 3, 7] })
  // Cells of 96 pixels from the lower right corner, the last ones 6 pixels apart.
  const cell = (row: number, column: number): number[] => {
    const from = (i: number, size: number): number => size - 16 - (3 - i) * 96 - (i < 2 ? 6 : 0) + 4
    return pixel(canvas, from(column, canvas.width), from(row, canvas.height))
  }
  const [cat, confused, empty, made, corner] = [cell(0, 0), cell(1, 0), cell(0, 1), cell(2, 1), cell(2, 2)]
  assert.ok(cat[2]! > cat[0]! + 80, `${cat}`)
  assert.ok(confused[0]! > confused[2]! + 80, `${confused}`)
  assert.ok(made[0]! > made[2]! + 80, `${made}`)
  assert.ok(Math.min(...empty) > 240)
  assert.deepEqual(corner, [...CHART_COLORS.grid])
})

test('a matrix is legible from 1 to 128 names, and refuses others', () => {
  for (const n of [1, 2, 12, 13, 33, 92, 128]) {
    const labels = Array.from({ length: n }, (_, i) => `a class with quite a long name ${i}`)
    const counts = Array.from({ length: n * n }, (_, i) => i * 1000)
    const { width, height } = matrixChart({ title: 'M', rows: 'r', columns: 'c', labels, counts })
    assert.ok(width >= n * 20 && width < n * 100 + 600 && height < n * 100 + 600, `${n}: ${width}×${height}`)
  }
  const wrong = (labels: string[], counts: number[]) => () =>
    matrixChart({ title: '', rows: '', columns: '', labels, counts })
  assert.throws(wrong([], []), ConfigError)
  assert.throws(wrong(['a'], [1, 2]), ConfigError)
  assert.throws(wrong(new Array(129).fill(''), new Array(129 * 129).fill(0)), ConfigError)
})

test('a text that reads from below is the text turned to the left', () => {
  const font = new StrokeFont(20)
  const text = 'Ägypten, q7'
  const { width, ascent, descent } = font.measure(text)
  const [flat, upright] = [blankCanvas(width + 8, ascent + descent + 8), blankCanvas(ascent + descent + 8, width + 8)]
  font.draw(flat, text, 4, 4 + ascent, RED)
  font.drawUpwards(upright, text, 4 + ascent, width + 4, RED)
  for (let y = 0; y < flat.height; y++) {
    for (let x = 0; x < flat.width; x++) assert.deepEqual(pixel(upright, y, width + 7 - x), pixel(flat, x, y))
  }
})
