/** @file Evaluated photos to look at: labels beside predictions, and the photos with the most errors. */
import {
  type Canvas,
  type Color,
  classColor,
  type DrawableDetection,
  drawDetections,
  legibleNames,
} from '../draw/index.js'
import { type PhotoOutcome, worstPhotos } from '../eval/index.js'
import { contactSheet, type LegendEntry, type SheetTile } from './contact-sheet.js'
import { pick } from './dataset-sheet.node.js'
import { score } from './evaluation-pictures.js'
import type { JudgedPhotos } from './judged-photos.js'
import { readTile } from './photo-tile.node.js'

/** Apart for most eyes, on dark photos and on light ones. */
const OUTCOME_COLORS: Readonly<Record<'found' | 'wrong' | 'missed', Color>> = {
  found: [60, 170, 255],
  wrong: [255, 80, 40],
  missed: [255, 214, 0],
}
/** In a crowd the photo is worth more than all names. */
const MOST_NAMES = 16
const PAIRS = 8
const WORST = 12

/** What a detection or an annotation looks like on a photo. */
type Drawable = (index: number, scale: number) => DrawableDetection

/** Some photos twice: with their labels, and with what was found at the score that suits the detector. */
export async function predictionsSheet(judged: JudgedPhotos): Promise<Canvas> {
  const { evaluation, photos, outcomes, minScore } = judged
  const { groundTruth } = evaluation.columns
  const { annotation, detection } = drawables(judged)
  const classes = evaluation.categories.map(({ name }) => name)
  const names = legibleNames(classes)
  const shown = pick([...photos.keys()], PAIRS, 0)
  const labels = shown.map((photo) => positions(groundTruth.photo, photo))
  const found = shown.map((photo) => {
    const { found, wrong } = outcomes[photo]!
    return [...found.map((pair) => pair.detection), ...wrong]
  })
  const tiles: SheetTile[] = []
  for (const [i, photo] of shown.entries()) {
    const { file, path } = photos[photo]!
    const tile = path === undefined ? undefined : await readTile(path, file)
    const draw = (items: readonly DrawableDetection[]): { picture?: Canvas } =>
      tile === undefined || 'message' in tile
        ? {}
        : { picture: drawDetections(tile.picture, items, { classes, enlargeBelow: 0, mostTags: MOST_NAMES }) }
    const scale = tile === undefined || 'message' in tile ? 1 : tile.scale
    tiles.push(
      {
        ...draw(labels[i]!.map((index) => annotation(index, scale))),
        name: file,
        tail: `${labels[i]!.length} labelled`,
      },
      { ...draw(found[i]!.map((index) => detection(index, scale))), name: '', tail: `${found[i]!.length} found` },
    )
  }
  const present = new Set([
    ...labels.flat().map((index) => groundTruth.category[index]!),
    ...found.flat().map((index) => evaluation.columns.detections.category[index]!),
  ])
  const legend = [...present].sort((a, b) => a - b).map((k) => ({ color: classColor(k), text: names[k]! }))
  const heading = `Labels, and what was found with scores from ${score(minScore)}: ${shown.length} of ${photos.length} photos`
  return contactSheet({ heading, legend, tiles, columns: Math.min(4, 2 * shown.length) })
}

/** The photos with the most false positives and misses, worst first, each box in the colour of what it turned out to be. */
export async function worstPhotosSheet(judged: JudgedPhotos): Promise<Canvas> {
  const { photos, outcomes, minScore } = judged
  const worst = worstPhotos(outcomes, WORST)
  const place = new Map(outcomes.map((outcome, i) => [outcome, i]))
  const tiles: SheetTile[] = []
  for (const outcome of worst) {
    const { file, path } = photos[place.get(outcome)!]!
    const tile = path === undefined ? undefined : await readTile(path, file)
    const picture =
      tile === undefined || 'message' in tile
        ? {}
        : { picture: drawDetections(tile.picture, outcomeBoxes(judged, outcome, tile.scale), { enlargeBelow: 0 }) }
    const { found, wrong, missed } = outcome
    tiles.push({
      ...picture,
      name: file,
      tail: `${found.length} right, ${wrong.length} wrong, ${missed.length} missed`,
    })
  }
  const total = (key: 'found' | 'wrong' | 'missed'): number => outcomes.reduce((sum, one) => sum + one[key].length, 0)
  const legend: LegendEntry[] = [
    { color: OUTCOME_COLORS.found, text: `right: ${total('found')} in all photos` },
    { color: OUTCOME_COLORS.wrong, text: `wrong: ${total('wrong')}` },
    { color: OUTCOME_COLORS.missed, text: `missed: ${total('missed')}` },
  ]
  const heading =
    worst.length === 0
      ? 'No photo has an error'
      : `The ${worst.length} of ${photos.length} photos with the most errors, at scores from ${score(minScore)}`
  return contactSheet({ heading, legend, tiles, columns: Math.max(2, Math.min(4, worst.length)) })
}

/**
 * Boxes by outcome, the errors with their names as long as there are few. The score is part of the name: by itself it
 * would make lines of half the width of what is uncertain.
 */
function outcomeBoxes(judged: JudgedPhotos, outcome: PhotoOutcome, scale: number): DrawableDetection[] {
  const { annotation, detection } = drawables(judged)
  const box = (item: DrawableDetection, kind: keyof typeof OUTCOME_COLORS): DrawableDetection => {
    const percent = item.score === undefined ? '' : ` ${Math.round(100 * item.score)}%`
    return { label: `${item.label}${percent}`, box: item.box, color: OUTCOME_COLORS[kind] }
  }
  const boxes = [
    ...outcome.wrong.map((index) => box(detection(index, scale), 'wrong')),
    ...outcome.missed.map((index) => box(annotation(index, scale), 'missed')),
    ...outcome.found.map((pair) => box(detection(pair.detection, scale), 'found')),
  ]
  const named = new Set(byTurns(boxes).slice(0, MOST_NAMES))
  return boxes.map((item) => (named.has(item) ? item : { ...item, label: '' }))
}

/** The first of each class and outcome, then the second of each, and so on: rare classes are not crowded out. */
function byTurns(boxes: readonly DrawableDetection[]): DrawableDetection[] {
  const counts = new Map<string, number>()
  const turns = boxes.map((item) => {
    const group = `${item.color} ${item.label.replace(/ \d+%$/, '')}`
    const turn = counts.get(group) ?? 0
    counts.set(group, turn + 1)
    return { item, turn }
  })
  return turns.sort((a, b) => a.turn - b.turn).map(({ item }) => item)
}

function drawables({ evaluation }: JudgedPhotos): { readonly annotation: Drawable; readonly detection: Drawable } {
  const { categories, columns } = evaluation
  const boxAt = (boxes: Float64Array, index: number, scale: number): DrawableDetection['box'] => {
    const [x, y, width, height] = boxes.subarray(4 * index, 4 * index + 4) as unknown as [
      number,
      number,
      number,
      number,
    ]
    return { xmin: x * scale, ymin: y * scale, xmax: (x + width) * scale, ymax: (y + height) * scale }
  }
  const { groundTruth, detections } = columns
  return {
    annotation: (index, scale) => ({
      label: categories[groundTruth.category[index]!]!.name,
      box: boxAt(groundTruth.boxes, index, scale),
    }),
    detection: (index, scale) => ({
      label: categories[detections.category[index]!]!.name,
      score: detections.score[index]!,
      box: boxAt(detections.boxes, index, scale),
    }),
  }
}

function positions(values: Int32Array, wanted: number): number[] {
  const found: number[] = []
  for (let i = 0; i < values.length; i++) if (values[i] === wanted) found.push(i)
  return found
}
