/** @file Pictures of an evaluation: precision-recall curves, the choice of a score, the confusion matrix. */
import {
  blankCanvas,
  type Canvas,
  type ChartSeries,
  drawLineChart,
  type LineChart,
  legibleNames,
  matrixChart,
  seriesColor,
} from '../draw/index.js'
import {
  type CocoEvaluation,
  type ConfusionMatrix,
  IOU_THRESHOLDS,
  precisionRecallCurve,
  RECALL_POINTS,
  scoreCurve,
} from '../eval/index.js'

const PANEL_WIDTH = 560
const PANEL_HEIGHT = 520
/** Up to as many classes have a name and a colour each; of more, the best and the worst ones. */
const MOST_NAMED = 8
const NAMED_AT_END = 4
/** Classes of a confusion matrix that is still a picture. */
const MOST_CLASSES = 100
/** Points of a curve that are drawn; a curve of scores may have millions. */
const MOST_POINTS = 500

/** The mean curve over all classes at one IoU, or the mean over 0.5 to 0.95 where it is left out; undefined without objects. */
export function meanCurve(evaluation: CocoEvaluation, iou?: number): Float64Array | undefined {
  const ious = iou === undefined ? IOU_THRESHOLDS : [iou]
  const curves = ious.flatMap((threshold) => precisionRecallCurve(evaluation, threshold)?.precision ?? [])
  if (curves.length === 0) return undefined
  return Float64Array.from(RECALL_POINTS, (_, r) => curves.reduce((sum, curve) => sum + curve[r]!, 0) / curves.length)
}

/** Three panels: the mean curves at IoU 0.5, 0.75 and 0.5 to 0.95; each class at 0.5; and what a lowest score gives. */
export function precisionRecallPicture(evaluation: CocoEvaluation): Canvas {
  const panels = [meanPanel(evaluation), classPanel(evaluation), scorePanel(evaluation)]
  const canvas = blankCanvas(panels.length * PANEL_WIDTH, PANEL_HEIGHT)
  panels.forEach((panel, i) => {
    const area = { xmin: i * PANEL_WIDTH, ymin: 0, xmax: (i + 1) * PANEL_WIDTH, ymax: PANEL_HEIGHT }
    drawLineChart(canvas, area, panel)
  })
  return canvas
}

const UNIT = { min: 0, max: 1 }
const RECALL_AXIS = { ...UNIT, title: 'recall' }
const PRECISION_AXIS = { ...UNIT, title: 'precision' }

function meanPanel(evaluation: CocoEvaluation): LineChart {
  const { AP, AP50, AP75 } = evaluation.summarize()
  const lines = [
    { name: `IoU 0.5: AP ${figure(AP50)}`, curve: meanCurve(evaluation, 0.5) },
    { name: `IoU 0.75: AP ${figure(AP75)}`, curve: meanCurve(evaluation, 0.75) },
    { name: `IoU 0.5 to 0.95: AP ${figure(AP)}`, curve: meanCurve(evaluation) },
  ]
  const series = lines.flatMap(({ name, curve }) =>
    curve === undefined ? [] : { name, xs: RECALL_POINTS, ys: curve, dots: false },
  )
  const note = series.length === 0 ? 'no labelled objects' : 'mean of all classes'
  return { title: 'Precision and recall', note, x: RECALL_AXIS, y: PRECISION_AXIS, series }
}

function classPanel(evaluation: CocoEvaluation): LineChart {
  const names = legibleNames(evaluation.categories.map(({ name }) => name))
  const curves = evaluation.categories.flatMap(({ id }, label) => {
    const curve = precisionRecallCurve(evaluation, 0.5, id)?.precision
    return curve === undefined
      ? []
      : { name: names[label]!, curve, ap: curve.reduce((sum, value) => sum + value, 0) / curve.length }
  })
  const many = curves.length > MOST_NAMED
  if (many) curves.sort((a, b) => b.ap - a.ap)
  const isNamed = (i: number): boolean => !many || i < NAMED_AT_END || i >= curves.length - NAMED_AT_END
  const order = [...curves.keys()].sort((a, b) => Number(isNamed(b)) - Number(isNamed(a)) || a - b)
  const series = order.map((i, place): ChartSeries => {
    const { name, curve, ap } = curves[i]!
    const line = { name: `${name} ${figure(ap)}`, xs: RECALL_POINTS, ys: curve, dots: false }
    if (isNamed(i)) return { ...line, color: seriesColor(place) }
    return { ...line, color: [205, 210, 217], lineWidth: 1, unnamed: true }
  })
  const note = many ? `AP50 of the best and worst ${NAMED_AT_END} of ${curves.length} classes` : 'AP50 of each class'
  return { title: 'Each class at IoU 0.5', note, x: RECALL_AXIS, y: PRECISION_AXIS, series }
}

function scorePanel(evaluation: CocoEvaluation): LineChart {
  const { points, best } = scoreCurve(evaluation)
  const thinned = points.filter((_, i) => i % Math.ceil(points.length / MOST_POINTS) === 0 || i === points.length - 1)
  const last = thinned.at(-1)
  // All detections are believed below the lowest score, too.
  if (last !== undefined && last.threshold > 0) thinned.push({ ...last, threshold: 0 })
  const xs = thinned.map(({ threshold }) => threshold)
  const series = (['f1', 'precision', 'recall'] as const).map((key) => ({
    name: key === 'f1' ? 'F1' : key,
    xs,
    ys: thinned.map((point) => point[key]),
    dots: false,
  }))
  const note =
    best === undefined ? 'nothing right was found' : `best F1 ${figure(best.f1)} from ${score(best.threshold)}`
  return { title: 'Lowest score that is believed', note, x: { ...UNIT, title: 'score' }, y: UNIT, series }
}

/** How a confusion matrix was counted. */
export interface ConfusionOptions {
  readonly iou: number
  readonly minScore: number
}

/** The matrix as a heat map; of more than 100 classes those with the most objects and detections, none without any. */
export function confusionPicture(matrix: ConfusionMatrix, { iou, minScore }: ConfusionOptions): Canvas {
  const { labels, counts, rarest, empty } = largestClasses(matrix, MOST_CLASSES)
  const rest = [
    ...(rarest === 0 ? [] : [`the ${rarest} rarest classes`]),
    ...(empty === 0 ? [] : [`${empty} ${empty === 1 ? 'class' : 'classes'} without objects and detections`]),
  ]
  return matrixChart({
    title: 'Confusion matrix',
    note: `scores from ${score(minScore)}, IoU from ${iou}; colour: share of the row${rest.length === 0 ? '' : `, without ${rest.join(' and ')}`}`,
    rows: 'what was there',
    columns: 'what it was taken for',
    labels,
    counts,
  })
}

/** Some classes of a matrix, and how many others it has. */
interface ShownClasses {
  readonly labels: readonly string[]
  readonly counts: ArrayLike<number>
  /** Classes with entries that are not shown. */
  readonly rarest: number
  /** Classes without entries that are not shown. */
  readonly empty: number
}

/**
 * The classes with the most entries in their row and column, in their order, with background as the last. Where not all
 * fit, those without an entry are left out.
 */
export function largestClasses({ labels, counts }: ConfusionMatrix, most: number): ShownClasses {
  const n = labels.length
  if (n - 1 <= most) return { labels, counts, rarest: 0, empty: 0 }
  const entries = (k: number): number => {
    let sum = 0
    for (let i = 0; i < n; i++) sum += counts[k * n + i]! + counts[i * n + k]!
    return sum
  }
  const ranked = Array.from({ length: n - 1 }, (_, k) => ({ k, entries: entries(k) }))
    .filter((one) => one.entries > 0)
    .sort((a, b) => b.entries - a.entries || a.k - b.k)
  const kept = ranked
    .slice(0, most)
    .map(({ k }) => k)
    .sort((a, b) => a - b)
  kept.push(n - 1)
  return {
    labels: kept.map((k) => labels[k]!),
    counts: kept.flatMap((row) => kept.map((column) => counts[row * n + column]!)),
    rarest: Math.max(0, ranked.length - most),
    empty: n - 1 - ranked.length,
  }
}

/** Three places; a dash where there is nothing to measure. */
function figure(value: number): string {
  return value < 0 ? '–' : value.toFixed(3)
}

/** A score with two places, or as many as it takes to tell it from 0. */
export function score(value: number): string {
  return value > 0 && value < 0.1 ? value.toPrecision(2) : value.toFixed(2)
}
