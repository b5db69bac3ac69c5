/** @file Axes of charts: ticks at round numbers, their texts, and where a value lies. */
import { ConfigError } from '../tensor/index.js'
import type { Color } from './canvas.js'

/** Colours that charts share: white paper, so that a picture can be read on any page. */
export const CHART_COLORS: Readonly<Record<'paper' | 'plot' | 'grid' | 'axis' | 'ink' | 'faint', Color>> = {
  paper: [255, 255, 255],
  plot: [250, 251, 252],
  grid: [226, 230, 235],
  axis: [148, 156, 166],
  ink: [30, 34, 40],
  faint: [92, 100, 110],
}

/** What an axis shows. */
export interface AxisOptions {
  readonly title?: string
  /** Least and greatest value that is shown at any rate; the data's unless said. */
  readonly min?: number
  readonly max?: number
  /** Logarithmic; values of 0 and below are left out. */
  readonly log?: boolean
  /** Ticks at whole numbers only. */
  readonly whole?: boolean
  /** End at the data's ends, not at the ticks around them. */
  readonly tight?: boolean
}

/** Round numbers along an axis, and how they are written. */
export interface Ticks {
  readonly values: readonly number[]
  readonly labels: readonly string[]
}

/** An axis that is ready to be drawn. */
export interface Axis {
  readonly min: number
  readonly max: number
  readonly ticks: Ticks
  /** Place of a value, 0 at the axis' start and 1 at its end; NaN where a logarithmic axis has none. */
  share(value: number): number
}

/** Ends of an axis that has nothing to show. */
const NOTHING: readonly [number, number] = [0, 1]
/** A logarithmic axis that spans less than this factor is written like a linear one. */
const SHORT_SPAN = 8

/**
 * An axis for some values; those that are not finite are passed over.
 * @param most ticks that there is room for, at least 2
 * @throws ConfigError when `most` is less, or `min` is not below `max`.
 */
export function axisFor(values: Iterable<number>, most: number, options: AxisOptions = {}): Axis {
  if (!(most >= 2)) throw new ConfigError({ where: 'axis', expected: 'room for at least 2 ticks', got: `${most}` })
  const { log = false, whole = false, tight = false } = options
  if (options.min !== undefined && options.max !== undefined && !(options.min < options.max)) {
    throw new ConfigError({ where: 'axis', expected: 'min below max', got: `${options.min} and ${options.max}` })
  }
  let [min, max] = [options.min ?? Number.POSITIVE_INFINITY, options.max ?? Number.NEGATIVE_INFINITY]
  for (const value of values) {
    if (!Number.isFinite(value) || (log && value <= 0)) continue
    min = Math.min(min, value)
    max = Math.max(max, value)
  }
  if (!(min <= max)) [min, max] = log ? [1, 10] : NOTHING
  if (min === max) {
    const reach = spread(min, whole)
    const [below, above] = [options.min === undefined, options.max === undefined]
    if (log) [min, max] = [below ? min / 2 : min, above ? max * 2 : max]
    else [min, max] = [below ? min - reach : min, above ? max + reach : max]
  }
  const around = log ? logTicks(min, max, most) : linearTicks(min, max, most, whole)
  const [first, last] = [around.values[0]!, around.values.at(-1)!]
  if (!tight) [min, max] = [Math.min(first, min), Math.max(last, max)]
  const inside = around.values.map((value) => value >= min - 1e-9 * (max - min) && value <= max + 1e-9 * (max - min))
  const ticks = {
    values: around.values.filter((_, i) => inside[i]),
    labels: around.labels.filter((_, i) => inside[i]),
  }
  const [from, span] = log ? [Math.log(min), Math.log(max / min)] : [min, max - min]
  return {
    min,
    max,
    ticks,
    share: log
      ? (value) => (value > 0 ? (Math.log(value) - from) / span : Number.NaN)
      : (value) => (value - from) / span,
  }
}

/** Multiples of 1, 2 or 5 times a power of ten, from the last at or below `min` to the first at or above `max`. */
export function linearTicks(min: number, max: number, most: number, whole = false): Ticks {
  let power = 10 ** Math.floor(Math.log10((max - min) / most))
  let factor = 1
  const count = (step: number): number => Math.ceil(max / step - 1e-9) - Math.floor(min / step + 1e-9) + 1
  // Around zero it takes three ticks, however long the steps are.
  while (count(factor * power) > Math.max(3, most) || (whole && factor * power < 1)) {
    if (factor === 5) power *= 10
    factor = factor === 1 ? 2 : factor === 2 ? 5 : 1
  }
  const step = factor * power
  const first = Math.floor(min / step + 1e-9)
  const values = Array.from({ length: count(step) }, (_, i) => (first + i) * step)
  return { values, labels: values.map((value) => formatTick(value, step)) }
}

/** Powers of ten, with their doubles and fivefolds between them where there is room, around `min` to `max`, both > 0. */
export function logTicks(min: number, max: number, most: number): Ticks {
  if (max / min < SHORT_SPAN) {
    const linear = linearTicks(min, max, most)
    if (linear.values[0]! > 0) return linear
  }
  for (const mantissas of [[1, 2, 5], [1, 3], [1]]) {
    const ticks = aroundRange(min, max, mantissas, 1)
    if (ticks.values.length <= most) return ticks
  }
  for (let stride = 2; ; stride++) {
    const ticks = aroundRange(min, max, [1], stride)
    if (ticks.values.length <= Math.max(2, most)) return ticks
  }
}

function aroundRange(min: number, max: number, mantissas: readonly number[], stride: number): Ticks {
  const lowest = Math.floor(Math.log10(min) / stride) * stride
  const all: number[] = []
  for (let exponent = lowest; all.length === 0 || all.at(-1)! < max * (1 - 1e-9); exponent += stride) {
    for (const mantissa of mantissas) all.push(Number(`${mantissa}e${exponent}`))
  }
  const first = all.findLastIndex((value) => value <= min * (1 + 1e-9))
  const last = all.findIndex((value) => value >= max * (1 - 1e-9))
  const values = all.slice(Math.max(0, first), last + 1)
  return { values, labels: values.map((value) => formatTick(value, value)) }
}

/** A tick's number with as many places as steps of this size need: 0.25, 3e-4, 1,000, 12M. */
export function formatTick(value: number, step: number): string {
  const size = Math.abs(step)
  if (Math.abs(value) < size * 1e-6) return '0'
  if (size < 2.1e-4) {
    const digits = Math.max(0, Math.floor(Math.log10(Math.abs(value)) + 1e-9) - Math.floor(Math.log10(size) + 1e-9))
    return value.toExponential(digits)
  }
  if (Math.abs(value) >= 1e6) return `${Number((value / 1e6).toPrecision(6))}M`
  const places = Math.max(0, -Math.floor(Math.log10(size) + 1e-9))
  return value.toLocaleString('en-US', { minimumFractionDigits: places, maximumFractionDigits: places })
}

/** Half the width of an axis around a single value. */
function spread(value: number, whole: boolean): number {
  return whole ? 1 : value === 0 ? 0.5 : Math.abs(value) / 2
}
