/**
 * @file A typeface drawn by a pen: text without system fonts. Strokes are fitted to the pixel grid (stems and bars fall
 * on whole pixels, letters keep whole widths), so that text stays sharp at 10 pixels and smooth at 200.
 */
import { ConfigError } from '../tensor/index.js'
import { type Canvas, type Color, type CoverageMask, fillMask } from './canvas.js'
import {
  ACCENTS,
  ACCENTS_BELOW,
  CAP_HEIGHT,
  DESCENT,
  DOT_SCALE,
  GLYPHS,
  MISSING_GLYPH,
  PEN_WIDTH,
  SIDE_BEARING,
  SPACE_WIDTH,
  X_HEIGHT,
} from './glyphs.js'
import { coverLine } from './stroke.js'

/** The size of a text in whole pixels, from the pen's start on the baseline. */
export interface TextMetrics {
  /** Sum of the characters' widths, with the air at both ends. */
  readonly width: number
  /** Rows above the baseline: capitals, or more where the text has accented capitals. */
  readonly ascent: number
  /** Rows below the baseline, room for descenders included. */
  readonly descent: number
}

/** A character fitted to the pixel grid of one size. */
interface FittedGlyph {
  readonly advance: number
  /** Rows above the baseline that hold ink. */
  readonly rise: number
  /** Window relative to the pen's position on the baseline. */
  readonly mask: CoverageMask
}

/** A pen's path in font units: Bézier curves of 8 numbers each, one after the other; a dot is a single point. */
interface Stroke {
  readonly points: readonly number[]
  readonly dot: boolean
}

/** A glyph in font units, with the coordinates that are to fall on whole pixels. */
interface Outline {
  readonly strokes: readonly Stroke[]
  readonly anchorsX: readonly number[]
  readonly anchorsY: readonly number[]
  readonly left: number
  readonly right: number
}

/** Font units to pixels along one axis. */
type Fitter = (value: number) => number

/** More accents on one letter would make pictures of unbounded height. */
const MOST_ACCENTS = 3
const ELLIPSIS = '…'
/** Above this share of the distance to a corner, a quarter turn is squarer than an ellipse (0.552). */
const TURN = 0.6

/** The typeface at one size; characters are fitted and drawn once, then kept. */
export class StrokeFont {
  /** Pixels from the top of capitals to the bottom of descenders. */
  readonly size: number
  /** Pixels from the baseline to the top of capitals. */
  readonly capHeight: number
  /** Pixels from the baseline to the bottom of descenders. */
  readonly descent: number
  readonly #scale: number
  readonly #pen: number
  readonly #glyphs: Map<string, FittedGlyph> = new Map()

  /**
   * @param size Pixels from the top of capitals to the bottom of descenders, 4..1024; readable from about 10.
   * @throws ConfigError if `size` is out of range.
   */
  constructor(size: number) {
    if (!(size >= 4 && size <= 1024)) {
      throw new ConfigError({ where: 'text size', expected: 'a number of pixels within 4..1024', got: String(size) })
    }
    this.size = size
    this.#scale = size / (CAP_HEIGHT - DESCENT + PEN_WIDTH)
    this.#pen = penWidth(PEN_WIDTH * this.#scale)
    this.capHeight = Math.ceil(Math.round(CAP_HEIGHT * this.#scale) + this.#pen / 2 + this.#baseline() - 0.25)
    this.descent = Math.ceil(Math.round(-DESCENT * this.#scale) + this.#pen / 2 - this.#baseline() - 0.25)
  }

  /** Width, ascent and descent of a text on one line. */
  measure(text: string): TextMetrics {
    let width = 0
    let ascent = this.capHeight
    for (const character of charactersOf(text)) {
      const glyph = this.#glyph(character)
      width += glyph.advance
      ascent = Math.max(ascent, glyph.rise)
    }
    return { width, ascent, descent: this.descent }
  }

  /** The text, or as much of its start as fits in `width` pixels with an ellipsis; empty if not even that fits. */
  fit(text: string, width: number): string {
    const ellipsis = this.#glyph(ELLIPSIS).advance
    let taken = ''
    let used = 0
    let cut = ''
    for (const character of charactersOf(text)) {
      used += this.#glyph(character).advance
      if (used > width) return cut === '' && ellipsis > width ? '' : `${cut.trimEnd()}${ELLIPSIS}`
      taken += character
      if (used + ellipsis <= width) cut = taken
    }
    return text
  }

  /** Draws a text on one line; `x` is the pen's start and `baseline` the row below the letters, whole pixels. */
  draw(canvas: Canvas, text: string, x: number, baseline: number, color: Color): void {
    let pen = Math.round(x)
    const row = Math.round(baseline)
    for (const character of charactersOf(text)) {
      if (pen >= canvas.width) return
      const { mask, advance } = this.#glyph(character)
      fillMask(canvas, { ...mask, x: mask.x + pen, y: mask.y + row }, color)
      pen += advance
    }
  }

  /** Draws a text that reads from below; `bottom` is the pen's start and `baseline` the column right of the letters. */
  drawUpwards(canvas: Canvas, text: string, baseline: number, bottom: number, color: Color): void {
    let pen = Math.round(bottom)
    const column = Math.round(baseline)
    for (const character of charactersOf(text)) {
      if (pen <= 0) return
      const { mask, advance } = this.#glyph(character)
      const turned = quarterTurn(mask)
      fillMask(canvas, { ...turned, x: turned.x + column, y: turned.y + pen }, color)
      pen -= advance
    }
  }

  #glyph(character: string): FittedGlyph {
    const known = this.#glyphs.get(character)
    if (known !== undefined) return known
    const glyph = this.#fitted(character)
    this.#glyphs.set(character, glyph)
    return glyph
  }

  #fitted(character: string): FittedGlyph {
    if (character === ' ') {
      const mask = { x: 0, y: 0, width: 0, height: 0, data: new Uint8Array(0) }
      return { advance: Math.round(SPACE_WIDTH * this.#scale), rise: 0, mask }
    }
    const outline = outlineOf(character)
    const fitX = fitter(outline.anchorsX, this.#scale)
    const fitY = fitter(outline.anchorsY, this.#scale)
    const left = Math.max(1, Math.round(outline.left * this.#scale))
    // Rounded so that the air between two letters is right to half a pixel, not that of each letter.
    const right = Math.max(1, Math.round(2 * outline.right * this.#scale) - Math.round(outline.right * this.#scale))
    const advance = left + fitX(outline.anchorsX.at(-1)!) + right
    const margin = Math.ceil((this.#pen * DOT_SCALE) / 2 + 1)
    const top = Math.ceil(fitY(outline.anchorsY.at(-1)!) + this.#baseline()) + margin
    const bottom = Math.floor(fitY(outline.anchorsY[0]!)) - margin
    const shift = left + this.#pixelMiddle()
    const width = advance + 2 * margin
    const mask: CoverageMask = {
      x: -margin,
      y: -top,
      width,
      height: top - bottom,
      data: new Uint8Array(width * (top - bottom)),
    }
    for (const { points, dot } of outline.strokes) {
      const line = flatten(
        points,
        (x) => fitX(x) + shift,
        (y) => -fitY(y) - this.#baseline(),
      )
      coverLine(mask, line, (this.#pen * (dot ? DOT_SCALE : 1)) / 2)
    }
    return { advance, rise: inkRise(mask), mask }
  }

  /** A pen of an odd number of pixels is sharp around the middle of a pixel, an even one between two pixels. */
  #pixelMiddle(): number {
    return Math.round(this.#pen) % 2 === 1 ? 0.5 : 0
  }

  /** Height of the baseline strokes' middle over the bottom row's lower edge: half a pen of whole pixels. */
  #baseline(): number {
    return Math.max(1, Math.round(this.#pen)) / 2
  }
}

/** The mask turned to the left around the pen's start: what lay to the right lies above. */
function quarterTurn({ x, y, width, height, data }: CoverageMask): CoverageMask {
  const turned = new Uint8Array(data.length)
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      turned[(width - 1 - column) * height + row] = data[row * width + column]!
    }
  }
  return { x: y, y: -x - width, width: height, height: width, data: turned }
}

/** Thin pens are drawn to whole pixels, so that stems are not grey at both edges. */
function penWidth(exact: number): number {
  const whole = Math.max(1, Math.round(exact))
  return exact < 4 ? Math.max(1.15, exact + (whole - exact) * 0.35) : exact
}

/** Rows from the mask's first inked row down to the baseline. */
function inkRise(mask: CoverageMask): number {
  const first = mask.data.findIndex((coverage) => coverage >= 64)
  return first < 0 ? 0 : -mask.y - Math.floor(first / mask.width)
}

/** A text's characters, accents (at most three) joined to their letters, white space as single spaces. */
function* charactersOf(text: string): Generator<string> {
  let pending = ''
  for (const character of text) {
    const mark = ACCENTS.has(character)
    if (mark && pending.length > MOST_ACCENTS) continue
    if (!mark && pending !== '') yield pending
    pending = mark ? pending + character : /\s/u.test(character) ? ' ' : character
  }
  if (pending !== '') yield pending
}

/** True if the typeface has the character (a letter with accents may be given either way), false if a box stands in. */
export function hasGlyph(character: string): boolean {
  return character === ' ' || partsOf(character) !== null
}

/** Letter and accents of a character that can be drawn. */
function partsOf(character: string): { base: string; marks: string[] } | null {
  if (GLYPHS.has(character)) return { base: character, marks: [] }
  const [base, ...marks] = character.normalize('NFD')
  if (base === undefined || !GLYPHS.has(base) || !marks.every((mark) => ACCENTS.has(mark))) return null
  return { base, marks }
}

function outlineOf(character: string): Outline {
  const parts = partsOf(character)
  if (parts === null) return parseGlyph(MISSING_GLYPH)
  const { base, marks } = parts
  const raised = marks.some((mark) => !ACCENTS_BELOW.has(mark))
  const dotless = raised && base === 'i' ? 'ı' : raised && base === 'j' ? 'ȷ' : base
  const letter = parseGlyph(GLYPHS.get(dotless)!)
  if (marks.length === 0) return letter
  const path = new PathReader(letter)
  const middle = dotless === 'ȷ' ? letter.anchorsX.at(-1)! : (letter.anchorsX[0]! + letter.anchorsX.at(-1)!) / 2
  let top = letter.anchorsY.at(-1)! <= X_HEIGHT ? X_HEIGHT + 3 : CAP_HEIGHT + 2.8
  for (const mark of marks) {
    path.read(ACCENTS.get(mark)!, middle, ACCENTS_BELOW.has(mark) ? 0 : top)
    if (!ACCENTS_BELOW.has(mark)) top += 4
  }
  // Accents keep out of the anchors in x, so that the letter keeps its shape; where one is wider (î) it gets more air.
  const { strokes, anchorsX, anchorsY } = path.outline(0, 0)
  const left = Math.max(letter.left, letter.anchorsX[0]! - anchorsX[0]! + SIDE_BEARING['d']!)
  const right = Math.max(letter.right, anchorsX.at(-1)! - letter.anchorsX.at(-1)! + SIDE_BEARING['d']!)
  return { strokes, anchorsX: letter.anchorsX, anchorsY, left, right }
}

function parseGlyph(description: string): Outline {
  const [left, right, path] = [description[0]!, description[2]!, description.slice(4)]
  const reader = new PathReader()
  reader.read(path, 0, 0)
  return reader.outline(SIDE_BEARING[left]!, SIDE_BEARING[right]!)
}

/** Turns path commands (see glyphs.ts) into Bézier curves and collects where stems, bars and extremes lie. */
class PathReader {
  readonly #strokes: Stroke[]
  readonly #anchorsX: Set<number>
  readonly #anchorsY: Set<number>

  constructor(start?: Outline) {
    this.#strokes = [...(start?.strokes ?? [])]
    this.#anchorsX = new Set(start?.anchorsX)
    this.#anchorsY = new Set(start?.anchorsY)
  }

  read(path: string, originX: number, originY: number): void {
    let points: number[] = []
    let x = 0
    let y = 0
    const curve = (x1: number, y1: number, x2: number, y2: number, toX: number, toY: number): void => {
      points.push(x1, y1, x2, y2, toX, toY)
      x = toX
      y = toY
    }
    const line = (toX: number, toY: number): void => {
      curve(x + (toX - x) / 3, y + (toY - y) / 3, toX - (toX - x) / 3, toY - (toY - y) / 3, toX, toY)
    }
    for (const [, command, list] of path.matchAll(/([A-Z])([^A-Z]*)/g)) {
      const values = list!.trim().split(' ').map(Number)
      const toX = (command === 'V' ? x - originX : values.at(command === 'H' ? 0 : -2)!) + originX
      const toY = (command === 'H' ? y - originY : values.at(-1)!) + originY
      if (command === 'M' || command === 'D') {
        points = [toX, toY]
        this.#strokes.push({ points, dot: command === 'D' })
        x = toX
        y = toY
        if (command === 'D') this.#anchorsY.add(toY)
      } else if (command === 'L') line(toX, toY)
      else if (command === 'H' || command === 'V') {
        if (command === 'H') this.#anchorsY.add(y)
        else this.#anchorsX.add(x)
        line(toX, toY)
      } else if (command === 'X') {
        this.#anchorsY.add(y)
        this.#anchorsX.add(toX)
        curve(x + (toX - x) * TURN, y, toX, toY + (y - toY) * TURN, toX, toY)
      } else if (command === 'Y') {
        this.#anchorsX.add(x)
        this.#anchorsY.add(toY)
        curve(x, y + (toY - y) * TURN, toX + (x - toX) * TURN, toY, toX, toY)
      } else {
        const [x1, y1, x2, y2] = values as [number, number, number, number]
        curve(x1 + originX, y1 + originY, x2 + originX, y2 + originY, toX, toY)
      }
    }
  }

  outline(left: number, right: number): Outline {
    const ends = this.#strokes.map(({ points }) => points.filter((_, i) => i % 6 < 2))
    const xs = ends.flatMap((points) => points.filter((_, i) => i % 2 === 0))
    const ys = ends.flatMap((points) => points.filter((_, i) => i % 2 === 1))
    return {
      strokes: this.#strokes,
      anchorsX: ordered([...this.#anchorsX, Math.min(...xs), Math.max(...xs)]),
      anchorsY: ordered([...this.#anchorsY, Math.min(...ys), Math.max(...ys)]),
      left,
      right,
    }
  }
}

function ordered(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b)
}

/** Maps font units to pixels so that every anchor falls on a whole number, linear in between. */
function fitter(anchors: readonly number[], scale: number): Fitter {
  const pixels = anchors.map((anchor) => Math.round(anchor * scale))
  return (value) => {
    if (value <= anchors[0]!) return pixels[0]! + (value - anchors[0]!) * scale
    let i = 1
    while (i < anchors.length && value > anchors[i]!) i++
    if (i === anchors.length) return pixels[i - 1]! + (value - anchors[i - 1]!) * scale
    const share = (value - anchors[i - 1]!) / (anchors[i]! - anchors[i - 1]!)
    return pixels[i - 1]! + share * (pixels[i]! - pixels[i - 1]!)
  }
}

/** Fits Bézier curves to pixels as a polyline whose corners cannot be seen; straight lines stay straight. */
function flatten(points: readonly number[], fitX: Fitter, fitY: Fitter): number[] {
  const line = [fitX(points[0]!), fitY(points[1]!)]
  for (let i = 0; i + 7 < points.length; i += 6) {
    const curve = points.slice(i, i + 8)
    const fitted = curve.map((value, j) => (j % 2 === 0 ? fitX(value) : fitY(value)))
    const steps = isStraight(curve) ? 1 : Math.min(48, Math.max(4, Math.ceil(2 * Math.sqrt(controlLength(fitted)))))
    for (let step = 1; step <= steps; step++) {
      const t = step / steps
      line.push(bezier(fitted, 0, t), bezier(fitted, 1, t))
    }
  }
  return line
}

/** Coordinate `axis` (0 x, 1 y) of a cubic Bézier curve. */
function bezier(curve: readonly number[], axis: 0 | 1, t: number): number {
  const u = 1 - t
  const ends = u * u * u * curve[axis]! + t * t * t * curve[axis + 6]!
  return ends + 3 * u * t * (u * curve[axis + 2]! + t * curve[axis + 4]!)
}

/** Length of the control polygon by the city-block distance: an upper bound of the curve's length. */
function controlLength(curve: readonly number[]): number {
  let length = 0
  for (let i = 2; i < 8; i++) length += Math.abs(curve[i]! - curve[i - 2]!)
  return length
}

function isStraight(curve: readonly number[]): boolean {
  const [x0, y0, x1, y1, x2, y2, x3, y3] = curve as [number, number, number, number, number, number, number, number]
  const first = (x1 - x0) * (y3 - y0) - (y1 - y0) * (x3 - x0)
  const second = (x2 - x0) * (y3 - y0) - (y2 - y0) * (x3 - x0)
  return Math.abs(first) < 1e-6 && Math.abs(second) < 1e-6
}
