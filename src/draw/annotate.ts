/** @file The picture that a detector is judged by: each detection's box, name and score on a copy of the photo. */
import { ConfigError } from '../tensor/index.js'
import { assertCanvas, type Canvas, type Color, fillRect, grow, type Rect, strokeRect } from './canvas.js'
import { legibleNames } from './legible-names.js'
import { labelColors, textColorOn } from './palette.js'
import { StrokeFont } from './stroke-font.js'
import { placeTags, type TagRequest } from './tag-layout.js'

/** What to draw: a name, how sure the model is, and a box in pixels of the picture. */
export interface DrawableDetection {
  readonly label: string
  /** 0..1; shown as a percentage. Below 0.5 the box's line is thinner. */
  readonly score?: number | undefined
  readonly box: Rect
  /** That of the label unless said. */
  readonly color?: Color | undefined
}

/** How to draw; every value has a default that fits the picture. */
export interface DrawOptions {
  /** All class names in order: gives each the colour of its position, the same in every picture. */
  readonly classes?: readonly string[] | undefined
  /** Write the score after the name. Default true. */
  readonly showScores?: boolean | undefined
  /** Pixels of the drawn picture, 1..1000. Default: 1/300 of the picture's mean side, at least 2. */
  readonly lineWidth?: number | undefined
  /** Pixels of the drawn picture from the top of capitals to the bottom of descenders, 4..1024. Default: 1/32 of the
   * picture's mean side (less where most boxes are smaller than the text), at least 11. */
  readonly textSize?: number | undefined
  /** A picture whose longer side is below this many pixels is enlarged by the smallest whole number (at most 16) that
   * reaches it, so that labels can be read. 0 keeps the size, 4096 is the most. Default 320. */
  readonly enlargeBelow?: number | undefined
  /** Boxes with a name, 0..500: where there are more, those with the best scores. Default 500; more would cover the
   * picture, and placing them would take seconds. */
  readonly mostTags?: number | undefined
}

/** A picture with detections drawn on it. */
export interface AnnotatedCanvas extends Canvas {
  /** How many times larger than the given picture: 1 unless that was tiny. */
  readonly scale: number
}

/** A detection on its way into the picture. */
interface Item {
  readonly label: string
  readonly score: number | undefined
  readonly color: Color | undefined
  /** Edges of the object in the drawn picture, clamped to it. */
  readonly box: Rect
  readonly lineWidth: number
  /** Middle of the line, around the object's edges. */
  readonly line: Rect
}

const WHERE = 'drawDetections'
const LARGEST_ENLARGEMENT = 16
const FAINT_SCORE = 0.5
const MOST_TAGS = 500
const SHADOW: Color = [0, 0, 0]
const SHADOW_ALPHA = 0.4

/**
 * Draws detections on a copy of a picture.
 *
 * Boxes with a coordinate that is not finite, and boxes wholly outside the picture, are left out; the others are
 * clamped to the picture. Large boxes are drawn first, so that small ones stay visible; tags lie on top, moved so that
 * they do not cover each other. In crowds, tags that would hide other tags or several boxes are left out (every label
 * keeps at least one), and so are those beyond the 500 best scores: the box's colour still tells the class.
 *
 * @returns A new picture; `scale` times as large as the given one where that has fewer than 320 pixels on its longer
 *   side (see `enlargeBelow`).
 * @throws ImageError if the picture's size and bytes do not belong together.
 * @throws ConfigError if an option is out of range.
 */
export function drawDetections(
  image: Canvas,
  detections: readonly DrawableDetection[],
  options: DrawOptions = {},
): AnnotatedCanvas {
  assertCanvas(image, WHERE)
  const scale = enlargement(image, inRange('enlargeBelow', options.enlargeBelow ?? 320, 0, 4096))
  const canvas: AnnotatedCanvas = { ...enlarged(image, scale), scale }
  const side = Math.sqrt(canvas.width * canvas.height)
  const lineWidth = inRange('lineWidth', options.lineWidth ?? Math.max(2, Math.round(side / 300)), 1, 1000)
  const classes = options.classes ?? []
  const names = legibleNames(classes)
  const shown = new Map(classes.map((name, label) => [name, names[label]!]))
  const items = detections
    .map((detection) => ({ ...detection, label: shown.get(detection.label) ?? detection.label }))
    .flatMap((detection) => itemOf(detection, canvas, lineWidth) ?? [])
    .sort((a, b) => areaOf(b.box) - areaOf(a.box))
  const colors = labelColors(
    items.map(({ label }) => label),
    names,
  )
  const shadow = Math.max(1, Math.round(lineWidth / 4))
  for (const item of items) {
    // A dark rim on both sides keeps bright lines visible on bright photos.
    const rim = (item.lineWidth + shadow) / 2
    strokeRect(canvas, grow(item.line, rim), shadow, SHADOW, SHADOW_ALPHA)
    if (isOpen(item.line, rim)) strokeRect(canvas, grow(item.line, -rim), shadow, SHADOW, SHADOW_ALPHA)
    strokeRect(canvas, item.line, item.lineWidth, item.color ?? colors.get(item.label)!)
  }
  const textSize = inRange('textSize', options.textSize ?? defaultTextSize(side, items), 4, 1024)
  const named = bestScores(items, inRange('mostTags', options.mostTags ?? MOST_TAGS, 0, MOST_TAGS))
  drawTags(canvas, named, colors, new StrokeFont(textSize), options.showScores ?? true)
  return canvas
}

/** True if a rectangle shrunk by `by` still has an inside. */
function isOpen(rect: Rect, by: number): boolean {
  return rect.xmax - rect.xmin > 2 * by && rect.ymax - rect.ymin > 2 * by
}

function drawTags(
  canvas: Canvas,
  items: readonly Item[],
  colors: ReadonlyMap<string, Color>,
  font: StrokeFont,
  showScores: boolean,
): void {
  const padX = Math.max(2, Math.round(font.size * 0.26))
  const padTop = Math.max(1, Math.round(font.size * 0.2))
  const padBottom = Math.max(0, Math.round(font.size * 0.04))
  const limit = Math.min(canvas.width, Math.max(canvas.width / 2, 12 * font.size)) - 2 * padX
  const tags = items
    .map((item) => ({ item, text: tagText(item, font, limit, showScores) }))
    .filter(({ text }) => text !== '')
  const requests = tags.map(({ item, text }): TagRequest => {
    const { width, ascent, descent } = font.measure(text)
    const height = padTop + ascent + descent + padBottom
    const group = item.color === undefined ? item.label : `${item.label} ${item.color}`
    return { box: grow(item.line, item.lineWidth / 2), width: width + 2 * padX, height, group }
  })
  const places = placeTags(requests, canvas.width, canvas.height)
  for (const [i, rect] of places.entries()) {
    if (rect === null) continue
    const { item, text } = tags[i]!
    const color = item.color ?? colors.get(item.label)!
    fillRect(canvas, rect, color)
    const baseline = rect.ymax - padBottom - font.descent
    font.draw(canvas, text, rect.xmin + padX, baseline, textColorOn(color))
  }
}

/** Name and score in at most `limit` pixels: the name is cut, not the score, while there is room for both. */
function tagText({ label, score }: Item, font: StrokeFont, limit: number, showScores: boolean): string {
  // Every letter takes a pixel or more, and at most three accents: the rest of a very long name cannot fit.
  const name = label.slice(0, 4 * limit).trim()
  if (!showScores || score === undefined) return font.fit(name, limit)
  const percent = `${Math.round(score * 100)}%`
  if (name === '') return font.fit(percent, limit)
  const tail = ` ${percent}`
  const cut = font.fit(name, limit - font.measure(tail).width)
  return cut === '' ? font.fit(name, limit) : cut + tail
}

/** All items, or, where there are too many, those with the best scores, in the same order. */
function bestScores(items: readonly Item[], count: number): readonly Item[] {
  if (items.length <= count) return items
  const best = [...items].sort((a, b) => (b.score ?? 1) - (a.score ?? 1)).slice(0, count)
  const kept = new Set(best)
  return items.filter((item) => kept.has(item))
}

/** The detection in pixels of the drawn picture; null if it cannot be seen there. */
function itemOf(
  { label, score, box, color }: DrawableDetection,
  canvas: AnnotatedCanvas,
  lineWidth: number,
): Item | null {
  const { width, height, scale } = canvas
  const edges = [box.xmin, box.ymin, box.xmax, box.ymax]
  if (!edges.every(Number.isFinite)) return null
  const [left, right] = [Math.min(box.xmin, box.xmax) * scale, Math.max(box.xmin, box.xmax) * scale]
  const [top, bottom] = [Math.min(box.ymin, box.ymax) * scale, Math.max(box.ymin, box.ymax) * scale]
  if (right < 0 || bottom < 0 || left > width || top > height) return null
  const clamped: Rect = {
    xmin: Math.max(0, left),
    ymin: Math.max(0, top),
    xmax: Math.min(width, right),
    ymax: Math.min(height, bottom),
  }
  const known = score !== undefined && Number.isFinite(score) ? Math.min(1, Math.max(0, score)) : undefined
  const shorter = Math.min(clamped.xmax - clamped.xmin, clamped.ymax - clamped.ymin)
  // Small objects get thinner lines.
  const faint = known !== undefined && known < FAINT_SCORE ? 0.5 : 1
  const thickness = Math.max(1, Math.round(Math.min(lineWidth, Math.max(lineWidth / 2, shorter / 12)) * faint))
  // Around the object and its rim, not over its edges: a line of text is edges all along.
  const line = insidePicture(clamped, thickness + 1, thickness, width, height)
  return { label: String(label), score: known, color, box: clamped, lineWidth: thickness, line }
}

/** The line's middle: outer edges on whole pixels `outset` around the box, and the whole line within the picture. */
function insidePicture(box: Rect, outset: number, thickness: number, width: number, height: number): Rect {
  const [xmin, xmax] = outerEdges(box.xmin - outset, box.xmax + outset, thickness, width)
  const [ymin, ymax] = outerEdges(box.ymin - outset, box.ymax + outset, thickness, height)
  return grow({ xmin, ymin, xmax, ymax }, -thickness / 2)
}

/** Rounds and clamps an interval, at least a line thick where the picture has room for it. */
function outerEdges(min: number, max: number, thickness: number, size: number): [number, number] {
  const from = Math.max(0, Math.min(Math.round(min), size - thickness))
  return [from, Math.min(size, Math.max(Math.round(max), from + thickness))]
}

/** 1/32 of the picture's mean side; in crowds of boxes smaller than that, as small as can be read. */
function defaultTextSize(side: number, items: readonly Item[]): number {
  const usual = Math.min(1024, Math.max(11, Math.round(side / 32)))
  if (items.length < 8) return usual
  const shorter = items.map(({ box }) => Math.min(box.xmax - box.xmin, box.ymax - box.ymin)).sort((a, b) => a - b)
  const median = shorter[items.length >> 1]!
  return Math.max(11, Math.round(usual * Math.min(1, Math.max(0.4, median / (3 * usual)))))
}

function enlargement(image: Canvas, below: number): number {
  return Math.min(LARGEST_ENLARGEMENT, Math.max(1, Math.ceil(below / Math.max(image.width, image.height))))
}

/** A copy with every pixel `scale × scale` times. */
function enlarged(image: Canvas, scale: number): Canvas {
  const [width, height] = [image.width * scale, image.height * scale]
  // Not slice(): that of Node's Buffer, a Uint8Array too, shares the bytes.
  if (scale === 1) return { width, height, data: new Uint8Array(image.data) }
  const data = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y / scale) * image.width
    for (let x = 0, at = y * width * 3; x < width; x++, at += 3) {
      const from = (row + Math.floor(x / scale)) * 3
      data[at] = image.data[from]!
      data[at + 1] = image.data[from + 1]!
      data[at + 2] = image.data[from + 2]!
    }
  }
  return { width, height, data }
}

function areaOf(rect: Rect): number {
  return (rect.xmax - rect.xmin) * (rect.ymax - rect.ymin)
}

function inRange(option: string, value: number, min: number, max: number): number {
  if (value >= min && value <= max) return value
  throw new ConfigError({
    where: `${WHERE} option ${option}`,
    expected: `a number within ${min}..${max}`,
    got: String(value),
  })
}
