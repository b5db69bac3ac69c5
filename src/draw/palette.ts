/**
 * @file One colour per class: bright colours that stand apart from each other, in an order in which every next one is
 * as far as possible from all before it, so that few classes get very different colours and many still differ.
 */
import { ConfigError, fnv1a, mix } from '../tensor/index.js'
import type { Color } from './canvas.js'

/** How many different colours there are; further classes start again from the first. */
export const PALETTE_SIZE = 128
/** Labels without a class list start from one of the first colours, which are the furthest apart. */
const FIRST_CHOICES = 24

const DARK_TEXT: Color = [16, 18, 22]
const LIGHT_TEXT: Color = [255, 255, 255]

let palette: readonly Color[] | undefined

/**
 * The colour of class `index` of a list of classes; the same in every picture, process and engine.
 *
 * @throws ConfigError if `index` is not an integer of at least 0.
 */
export function classColor(index: number): Color {
  if (!Number.isSafeInteger(index) || index < 0) {
    throw new ConfigError({ where: 'class colour', expected: 'a class index of at least 0', got: String(index) })
  }
  palette ??= buildPalette()
  return palette[index % PALETTE_SIZE]!
}

/**
 * A colour for each label. Labels in `classes` get the colour of their position. Others get a colour from the letters
 * of their name; where two names meet, the later one in code-unit order moves on to the next free colour.
 */
export function labelColors(labels: Iterable<string>, classes: readonly string[] = []): Map<string, Color> {
  const slots = new Map<string, number>()
  const positions = new Map(classes.map((name, index) => [name, index]))
  const wanted = [...new Set(labels)].sort()
  for (const label of wanted) {
    const position = positions.get(label)
    if (position !== undefined) slots.set(label, position % PALETTE_SIZE)
  }
  const taken = new Set(slots.values())
  for (const label of wanted) {
    if (slots.has(label)) continue
    let slot = mix(fnv1a(label)) % FIRST_CHOICES
    if (taken.size < PALETTE_SIZE) while (taken.has(slot)) slot = (slot + 1) % PALETTE_SIZE
    taken.add(slot)
    slots.set(label, slot)
  }
  return new Map([...slots].map(([label, slot]) => [label, classColor(slot)]))
}

/** Dark enough for thin lines on white paper, and apart from each other for people who see few colours. */
const SERIES: readonly Color[] = [
  [0, 101, 178],
  [213, 84, 0],
  [0, 138, 104],
  [160, 60, 140],
  [186, 132, 0],
  [40, 160, 200],
  [140, 80, 40],
  [90, 96, 106],
  [200, 40, 90],
  [98, 130, 30],
]

/** The colour of line `index` of a chart on white paper; ten of them, then again from the first. */
export function seriesColor(index: number): Color {
  return SERIES[index % SERIES.length]!
}

/** Black or white text, whichever has the higher contrast on the colour (WCAG 2 contrast ratio). */
export function textColorOn(background: Color): Color {
  const luminance = relativeLuminance(background)
  const light = (1 + 0.05) / (luminance + 0.05)
  const dark = (luminance + 0.05) / (relativeLuminance(DARK_TEXT) + 0.05)
  return light > dark ? LIGHT_TEXT : DARK_TEXT
}

/** WCAG 2 relative luminance, 0 (black) .. 1 (white). */
export function relativeLuminance([red, green, blue]: Color): number {
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

/** Perceived distance of two colours in OKLab; about 0.02 is just noticeable, black to white is 1. */
export function colorDistance(a: Color, b: Color): number {
  const [first, second] = [oklab(a), oklab(b)]
  return Math.hypot(first[0] - second[0], first[1] - second[1], first[2] - second[2])
}

interface Candidate {
  readonly color: Color
  /** OKLab in steps of 1/4096: integers, so that the choice does not depend on the last bit of an engine's cosine. */
  readonly lab: readonly [number, number, number]
  /** Neither pale nor greyish: such colours come first. */
  readonly vivid: boolean
}

/** Takes, again and again, the candidate whose nearest colour so far is furthest away. */
function buildPalette(): Color[] {
  const candidates = candidateColors()
  let chosen = candidates[0]!
  const nearest = candidates.map(() => Number.POSITIVE_INFINITY)
  const colors: Color[] = []
  while (colors.length < PALETTE_SIZE) {
    colors.push(chosen.color)
    let best = 0
    const early = colors.length < FIRST_CHOICES
    for (const [i, candidate] of candidates.entries()) {
      nearest[i] = Math.min(nearest[i]!, squaredDistance(candidate.lab, chosen.lab))
      if (nearest[i]! > nearest[best]! && (candidate.vivid || !early)) best = i
    }
    chosen = candidates[best]!
  }
  return colors
}

/** Saturated colours of medium to high lightness, the strongest chroma that sRGB has for each hue and lightness. */
function candidateColors(): Candidate[] {
  const candidates: Candidate[] = []
  for (const lightness of [0.72, 0.62, 0.82, 0.54, 0.9]) {
    for (let hue = 145; hue < 145 + 360; hue += 5) {
      for (const share of [1, 0.65]) {
        const chroma = share * largestChroma(lightness, hue)
        const color = oklchToRgb(lightness, chroma, hue)
        const lab = oklab(color).map((value) => Math.round(value * 4096))
        candidates.push({ color, lab: lab as [number, number, number], vivid: chroma >= 0.14 && lightness < 0.9 })
      }
    }
  }
  return candidates
}

/** The largest chroma, in steps of 0.01, that sRGB can show; at most 0.24, beyond which colours glare. */
function largestChroma(lightness: number, hue: number): number {
  let steps = 24
  while (steps > 4 && !linearRgb(lightness, steps / 100, hue).every((value) => value >= 0 && value <= 1)) steps--
  return steps / 100
}

function squaredDistance(a: readonly [number, number, number], b: readonly [number, number, number]): number {
  return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2
}

/** Source of both matrices: Björn Ottosson, "A perceptual color space for image processing", 2020. */
function linearRgb(lightness: number, chroma: number, hue: number): [number, number, number] {
  const a = chroma * Math.cos((hue * Math.PI) / 180)
  const b = chroma * Math.sin((hue * Math.PI) / 180)
  const long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const short = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  return [
    4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
    -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
    -0.0041960863 * long - 0.7034186147 * medium + 1.707614701 * short,
  ]
}

function oklchToRgb(lightness: number, chroma: number, hue: number): Color {
  const [red, green, blue] = linearRgb(lightness, chroma, hue)
  return [encode(red), encode(green), encode(blue)]
}

function oklab([red, green, blue]: Color): [number, number, number] {
  const [r, g, b] = [linear(red), linear(green), linear(blue)]
  const long = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
  const medium = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
  const short = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
  return [
    0.2104542553 * long + 0.793617785 * medium - 0.0040720468 * short,
    1.9779984951 * long - 2.428592205 * medium + 0.4505937099 * short,
    0.0259040371 * long + 0.7827717662 * medium - 0.808675766 * short,
  ]
}

/** sRGB byte to linear light, 0..1. */
function linear(byte: number): number {
  const value = byte / 255
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
}

/** Linear light to an sRGB byte, clipped. */
function encode(value: number): number {
  const clipped = Math.min(1, Math.max(0, value))
  return Math.round(255 * (clipped <= 0.0031308 ? clipped * 12.92 : 1.055 * clipped ** (1 / 2.4) - 0.055))
}
