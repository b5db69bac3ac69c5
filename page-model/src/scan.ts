/** @file What printers, scanners and cameras do to a page: turn, blur, grain, uneven light, other papers, inversion. */
import sharp from 'sharp'
import { type InkRegion, type LabelledBox, type Raster, union } from './ink.js'
import type { Rect } from './measure.js'
import type { Random } from './random.js'

/** What happens to a page. */
export interface Scan {
  /** By way of a PDF file. */
  readonly pdf: boolean
  /** Rendered larger by this and shrunk, as when a file of high resolution is looked at small. */
  readonly oversampling: number
  /** Degrees. */
  readonly turn: number
  /** Pixels of the blur's deviation. */
  readonly blur: number
  /** Deviation of the grain, of 255. */
  readonly grain: number
  readonly gamma: number
  /** The paper's and the ink's grey level, 0..255, per channel. */
  readonly paper: readonly [number, number, number]
  readonly black: number
  /** Light at one edge minus light at the other, of 255, and its direction in radians. */
  readonly shade: readonly [strength: number, direction: number]
  readonly inverted: boolean
  readonly gray: boolean
  /** JPEG quality, or 0 for PNG. */
  readonly quality: number
}

const NONE: Scan = {
  pdf: false,
  oversampling: 1,
  turn: 0,
  blur: 0,
  grain: 0,
  gamma: 1,
  paper: [255, 255, 255],
  black: 0,
  shade: [0, 0],
  inverted: false,
  gray: false,
  quality: 0,
}

/** Half of the pages stay as a printer's file; the others have been on paper. */
export function drawScan(random: Random, clean: boolean): Scan {
  const oversampling = random.chance(0.35) ? random.pick([1.4, 1.7, 2]) : 1
  const pdf = random.chance(0.35)
  if (clean) return { ...NONE, oversampling: 2 }
  const kind = random.weighted({ file: 50, compressed: 14, dark: 4, scan: 32 })
  const quality = random.int(72, 94)
  const gamma = random.float(0.75, 1.4)
  if (kind === 'file')
    return {
      ...NONE,
      pdf,
      oversampling,
      quality: random.chance(0.5) ? 0 : quality,
      gamma: random.chance(0.3) ? gamma : 1,
    }
  if (kind === 'compressed')
    return {
      ...NONE,
      pdf,
      oversampling,
      quality: random.int(35, 72),
      blur: random.float(0, 0.7),
      gray: random.chance(0.2),
    }
  if (kind === 'dark') return { ...NONE, pdf, oversampling, inverted: true, quality, gamma }
  const white = random.int(205, 255)
  const warm = random.chance(0.5) ? random.int(0, 34) : 0
  return {
    pdf,
    oversampling,
    turn: random.chance(0.75) ? Math.max(-2, Math.min(2, random.normal() * 0.8)) : 0,
    blur: random.float(0, 1),
    grain: random.float(0, 14),
    gamma,
    paper: [white, white - Math.floor(warm / 3), white - warm],
    black: random.int(0, 60),
    shade: [random.chance(0.5) ? random.float(0, 50) : 0, random.float(0, 2 * Math.PI)],
    inverted: false,
    gray: random.chance(0.45),
    quality: random.int(45, 92),
  }
}

/** The page as the scanner gives it, and the boxes around its ink there. */
export async function scanPage(
  page: Raster,
  regions: readonly InkRegion[],
  scan: Scan,
  random: Random,
): Promise<{ raster: Raster; boxes: LabelledBox[] }> {
  const small = await shrunk(page, scan)
  const share = small.width / page.width
  const { width, height } = small
  const place = turner(width, height, scan.turn)
  const boxes = regions.flatMap(({ name, runs }) => {
    const corners = runs.flatMap((run) =>
      cornersOf(run.map((value) => value * share) as unknown as Rect).map(([x, y]) => place(x, y)),
    )
    const all = union(corners.map(([x, y]): Rect => [x, y, x, y]))
    const box: Rect = [Math.max(0, all[0]), Math.max(0, all[1]), Math.min(width, all[2]), Math.min(height, all[3])]
    return box[2] - box[0] < 2 || box[3] - box[1] < 2 ? [] : [{ name, box }]
  })
  const turned = scan.turn === 0 ? small : turn(small, scan.turn)
  return { raster: toned(turned, scan, random), boxes }
}

function cornersOf([l, t, r, b]: Rect): [number, number][] {
  return [
    [l, t],
    [r, t],
    [r, b],
    [l, b],
  ]
}

async function shrunk({ width, height, data }: Raster, { oversampling, blur }: Scan): Promise<Raster> {
  if (oversampling === 1 && blur < 0.3) return { width, height, data }
  const size = { width: Math.round(width / oversampling), height: Math.round(height / oversampling) }
  let image = sharp(data, { raw: { width, height, channels: 3 } })
  if (oversampling !== 1) image = image.resize({ ...size, fit: 'fill', kernel: 'cubic' })
  if (blur >= 0.3) image = image.blur(blur)
  return { ...size, data: await image.raw().toBuffer() }
}

/** Where a point of the page lies after the turn about its middle. */
export function turner(width: number, height: number, degrees: number): (x: number, y: number) => [number, number] {
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)]
  const [cx, cy] = [width / 2, height / 2]
  return (x, y) => [cx + cos * (x - cx) - sin * (y - cy), cy + sin * (x - cx) + cos * (y - cy)]
}

/** Bilinear; what comes into view beside the page has the colour of its edge. */
export function turn({ width, height, data }: Raster, degrees: number): Raster {
  const back = turner(width, height, -degrees)
  const out = new Uint8Array(data.length)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [u, v] = back(x + 0.5, y + 0.5)
      const [sx, sy] = [Math.max(0, Math.min(width - 1.001, u - 0.5)), Math.max(0, Math.min(height - 1.001, v - 0.5))]
      const [x0, y0] = [sx | 0, sy | 0]
      const [fx, fy] = [sx - x0, sy - y0]
      const i = (y0 * width + x0) * 3
      const o = (y * width + x) * 3
      for (let c = 0; c < 3; c++) {
        const upper = data[i + c]! * (1 - fx) + data[i + 3 + c]! * fx
        const lower = data[i + width * 3 + c]! * (1 - fx) + data[i + width * 3 + 3 + c]! * fx
        out[o + c] = upper * (1 - fy) + lower * fy
      }
    }
  }
  return { width, height, data: out }
}

function toned({ width, height, data }: Raster, scan: Scan, random: Random): Raster {
  const { gamma, paper, black, grain, inverted, gray } = scan
  const [strength, direction] = scan.shade
  const curves = paper.map((white) =>
    Uint8Array.from({ length: 256 }, (_, value) => {
      const level = black + (white - black) * (value / 255) ** gamma
      return inverted ? 255 - level : level
    }),
  )
  if (gamma === 1 && black === 0 && grain === 0 && !inverted && !gray && strength === 0 && Math.min(...paper) === 255)
    return { width, height, data }
  const out = new Uint8Array(data.length)
  const [dx, dy] = [(Math.cos(direction) * strength) / width, (Math.sin(direction) * strength) / height]
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = (y * width + x) * 3
      const light = strength === 0 ? 0 : (x - width / 2) * dx + (y - height / 2) * dy - strength / 2
      const speck = grain === 0 ? 0 : (random.next() + random.next() + random.next() - 1.5) * 2 * grain
      const mean = (data[i]! * 77 + data[i + 1]! * 150 + data[i + 2]! * 29) >> 8
      for (let c = 0; c < 3; c++) {
        const value = curves[c]![gray ? mean : data[i + c]!]! + light + speck
        out[i + c] = value < 0 ? 0 : value > 255 ? 255 : value
      }
    }
  }
  return { width, height, data: out }
}
