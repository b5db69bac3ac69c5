/** @file Pictures of nothing that have the look of photographs: light, depth, grain. */
import type { Random } from '../random.js'
import { hsl, mix, type Rgb } from './colour.js'
import { fractal, noise } from './noise.js'

/** RGB bytes, row by row. */
export interface Pixels {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array
}

/** A colour at (x, y) in units of the picture's height: y in 0..1, x in 0..aspect. */
type Shade = (x: number, y: number) => Rgb

const PAINTERS: Readonly<Record<string, (random: Random, aspect: number) => Shade>> = {
  landscape,
  landscape2: landscape,
  texture,
  bokeh,
  still,
  city,
  cells,
  aerial,
  face,
  rays,
}

/** @param longest pixels of the longer side. */
export function photo(random: Random, aspect: number, longest = 300): Pixels {
  const width = Math.round(aspect >= 1 ? longest : longest * aspect)
  const height = Math.round(aspect >= 1 ? longest / aspect : longest)
  const shade = PAINTERS[random.pick(Object.keys(PAINTERS))]!(random, aspect)
  const gray = random.chance(0.25)
  const [grain, contrast, lift] = [random.float(0, 12), random.float(0.8, 1.3), random.float(-15, 15)]
  const vignette = random.chance(0.3) ? random.float(0.2, 0.6) : 0
  const data = new Uint8Array(width * height * 3)
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const [x, y] = [(column + 0.5) / height, (row + 0.5) / height]
      const colour = shade(x, y)
      const mean = (colour[0] * 3 + colour[1] * 6 + colour[2]) / 10
      const fromMiddle = (x / aspect - 0.5) ** 2 + (y - 0.5) ** 2
      const noisy = (random.next() + random.next() - 1) * grain + lift
      for (let c = 0; c < 3; c++) {
        const value = ((gray ? mean : colour[c]!) - 128) * contrast + 128
        const lit = value * (1 - vignette * fromMiddle * 2) + noisy
        data[(row * width + column) * 3 + c] = Math.max(0, Math.min(255, lit))
      }
    }
  }
  return { width, height, data }
}

function landscape(random: Random): Shade {
  const sky = hsl(random.float(0.5, 0.68), random.float(0.2, 0.7), random.float(0.4, 0.7))
  const horizonSky = hsl(random.float(0.02, 0.65), random.float(0.2, 0.6), random.float(0.7, 0.9))
  const ground = hsl(random.float(0.08, 0.4), random.float(0.15, 0.5), random.float(0.2, 0.45))
  const clouds = fractal(random, 4)
  const ridges = Array.from({ length: random.int(1, 4) }, (_, i) => ({
    line: fractal(random, 4),
    height: 0.25 + 0.14 * i + random.float(0, 0.1),
    scale: random.float(1.5, 5),
    relief: random.float(0.15, 0.5),
  }))
  const soil = fractal(random, 5)
  const sun = [random.float(0.1, 1.3), random.float(0.05, 0.3)] as const
  return (x, y) => {
    for (let i = ridges.length - 1; i >= 0; i--) {
      const { line, height, scale, relief } = ridges[i]!
      const top = height + (line(x * scale, i * 7) - 0.5) * relief
      if (y > top) {
        const depth = (i + 1) / ridges.length
        const lit = 0.55 + 0.7 * soil(x * 9 + i, y * 14)
        const near: Rgb = [ground[0] * lit, ground[1] * lit, ground[2] * lit]
        return mix(horizonSky, near, 0.35 + 0.65 * depth)
      }
    }
    const glow = Math.exp(-60 * ((x - sun[0]) ** 2 + (y - sun[1]) ** 2))
    const air = mix(sky, horizonSky, y * 1.6)
    return mix(mix(air, [255, 255, 255], 1.6 * Math.max(0, clouds(x * 3, y * 6) - 0.5)), [255, 250, 220], glow)
  }
}

function texture(random: Random): Shade {
  const [a, b] = [fractal(random, 5), fractal(random, 4)]
  const [dark, light] = [hsl(random.next(), random.float(0, 0.6), 0.2), hsl(random.next(), random.float(0, 0.5), 0.75)]
  const [sx, sy] = [random.float(3, 16), random.float(3, 16)]
  const warp = random.float(0, 3)
  return (x, y) => mix(dark, light, (a(x * sx + warp * b(x * 3, y * 3), y * sy + warp * b(y * 3, x * 3)) - 0.25) * 2)
}

function bokeh(random: Random, aspect: number): Shade {
  const base = noise(random)
  const [low, high] = [hsl(random.next(), 0.4, 0.12), hsl(random.next(), 0.5, 0.4)]
  const lights = Array.from({ length: random.int(8, 30) }, () => ({
    x: random.float(0, aspect),
    y: random.next(),
    r: random.float(0.02, 0.12),
    colour: hsl(random.next(), random.float(0.3, 1), random.float(0.5, 0.8)),
    strength: random.float(0.3, 0.9),
  }))
  return (x, y) => {
    let colour = mix(low, high, base(x * 2, y * 2))
    for (const light of lights) {
      const distance = Math.hypot(x - light.x, y - light.y) / light.r
      if (distance < 1) colour = mix(colour, light.colour, light.strength * (0.6 + 0.4 * distance))
      else if (distance < 1.15) colour = mix(colour, light.colour, light.strength * (1.15 - distance) * 6)
    }
    return colour
  }
}

/** Shaded solids on a table. */
function still(random: Random, aspect: number): Shade {
  const wall = hsl(random.next(), random.float(0, 0.4), random.float(0.3, 0.9))
  const table = hsl(random.float(0.02, 0.15), random.float(0.1, 0.5), random.float(0.25, 0.6))
  const edge = random.float(0.5, 0.75)
  const grain = fractal(random, 4)
  const bodies = Array.from({ length: random.int(1, 4) }, () => ({
    x: random.float(0.15, aspect - 0.1),
    y: random.float(edge - 0.15, edge + 0.1),
    w: random.float(0.1, 0.35),
    h: random.float(0.12, 0.45),
    power: random.pick([2, 2, 3, 8]),
    colour: hsl(random.next(), random.float(0.1, 0.9), random.float(0.3, 0.6)),
  })).sort((a, b) => a.y - b.y)
  return (x, y) => {
    let colour =
      y < edge
        ? mix(wall, [255, 255, 255], 0.25 * grain(x * 2, y * 2))
        : mix(table, [0, 0, 0], 0.5 * grain(x * 4, y * 30))
    for (const { x: cx, y: cy, w, h, power, colour: own } of bodies) {
      const shadow = ((x - cx - 0.08) / (w * 1.2)) ** 2 + ((y - cy - h * 0.9) / (h * 0.25)) ** 2
      if (shadow < 1 && y > edge) colour = mix(colour, [0, 0, 0], 0.5 * (1 - shadow))
      const [u, v] = [(x - cx) / w, (y - cy) / h]
      if (Math.abs(u) ** power + Math.abs(v) ** power < 1) {
        const light = 0.5 - 0.45 * u - 0.3 * v
        colour = mix(
          [own[0] * 0.25, own[1] * 0.25, own[2] * 0.25],
          mix(own, [255, 255, 255], Math.max(0, light - 0.7)),
          light,
        )
      }
    }
    return colour
  }
}

function city(random: Random, aspect: number): Shade {
  const night = random.chance(0.4)
  const sky = hsl(random.float(0.5, 0.75), 0.4, night ? 0.1 : 0.75)
  const haze = hsl(random.float(0.02, 0.7), 0.3, night ? 0.3 : 0.9)
  const houses = Array.from({ length: random.int(8, 22) }, () => ({
    left: random.float(-0.1, aspect),
    width: random.float(0.08, 0.3),
    top: random.float(0.1, 0.7),
    colour: hsl(random.next(), random.float(0, 0.3), night ? random.float(0.05, 0.2) : random.float(0.3, 0.7)),
    grid: random.float(0.02, 0.06),
  })).sort((a, b) => a.top - b.top)
  const lit = noise(random)
  return (x, y) => {
    let colour = mix(sky, haze, y)
    for (const { left, width, top, colour: own, grid } of houses) {
      if (x < left || x > left + width || y < top) continue
      const [u, v] = [(x - left) / grid, (y - top) / (grid * 1.3)]
      const window = u % 1 > 0.3 && u % 1 < 0.8 && v % 1 > 0.3 && v % 1 < 0.75
      const on = lit(Math.floor(u) * 3.7 + left * 50, Math.floor(v) * 5.3) > 0.5
      const pane: Rgb = night && on ? [250, 220, 140] : mix(own, [20, 30, 40], 0.5)
      colour = window ? pane : mix(own, [0, 0, 0], ((x - left) / width) * 0.35)
    }
    return colour
  }
}

/** Round things under a microscope. */
function cells(random: Random, aspect: number): Shade {
  const ground = hsl(random.next(), random.float(0.05, 0.5), random.float(0.6, 0.95))
  const own = hsl(random.next(), random.float(0.3, 0.8), random.float(0.35, 0.65))
  const spots = Array.from(
    { length: random.int(20, 80) },
    () => [random.float(0, aspect), random.next(), random.float(0.02, 0.08)] as const,
  )
  const wobble = noise(random)
  return (x, y) => {
    let colour = mix(ground, [128, 128, 128], 0.2 * wobble(x * 4, y * 4))
    for (const [cx, cy, r] of spots) {
      const d = Math.hypot(x - cx, y - cy) / (r * (0.8 + 0.4 * wobble(cx * 30 + Math.atan2(y - cy, x - cx), cy * 30)))
      if (d < 1) colour = mix(own, ground, d < 0.4 ? 0 : 0.2 + 0.5 * (1 - d))
      else if (d < 1.15) colour = mix(own, [0, 0, 0], 0.3)
    }
    return colour
  }
}

/** Fields, woods and a river from above. */
function aerial(random: Random): Shade {
  const [fields, woods, river] = [noise(random), fractal(random, 5), fractal(random, 3)]
  const hue = random.float(0.15, 0.35)
  const scale = random.float(3, 8)
  return (x, y) => {
    const bend = river(x * 1.5, y * 1.5)
    if (Math.abs(bend - 0.5) < 0.018) return [60, 90, 120]
    const plot = fields(Math.floor(x * scale) * 3.3, Math.floor(y * scale + x) * 5.1)
    const soil = hsl(hue - 0.1 + 0.2 * plot, 0.35, 0.3 + 0.25 * plot)
    return mix(soil, [20, 50, 25], woods(x * 6, y * 6) > 0.55 ? 0.8 : 0.25 * woods(x * 20, y * 20))
  }
}

/** Head and shoulders, out of focus. */
function face(random: Random, aspect: number): Shade {
  const wall = hsl(random.next(), random.float(0, 0.5), random.float(0.25, 0.85))
  const skin = hsl(random.float(0.04, 0.09), random.float(0.25, 0.5), random.float(0.3, 0.75))
  const hair = hsl(random.float(0.02, 0.12), random.float(0.05, 0.5), random.float(0.08, 0.5))
  const coat = hsl(random.next(), random.float(0, 0.6), random.float(0.15, 0.6))
  const [cx, soft] = [aspect * random.float(0.42, 0.58), noise(random)]
  const size = random.float(0.17, 0.24)
  const edge = (value: number): number => Math.max(0, Math.min(1, (1 - value) * 14))
  return (x, y) => {
    let colour = mix(wall, [255, 255, 255], 0.3 * soft(x * 2, y * 2))
    const body = Math.hypot((x - cx) / (size * 2.1), (y - 1.05) / 0.36)
    colour = mix(colour, mix(coat, [0, 0, 0], 0.4 * soft(x * 7, y * 7)), edge(body))
    colour = mix(colour, mix(skin, [0, 0, 0], 0.25), edge(Math.hypot((x - cx) / (size * 0.5), (y - 0.68) / 0.14)))
    colour = mix(colour, hair, edge(Math.hypot((x - cx) / (size * 1.12), (y - 0.36) / (size * 1.4))))
    const light = 0.35 + 0.5 * ((x - cx) / size)
    colour = mix(
      colour,
      mix(skin, [40, 20, 10], light),
      edge(Math.hypot((x - cx) / (size * 0.86), (y - 0.43) / (size * 1.2))),
    )
    for (const side of [-1, 1]) {
      colour = mix(colour, [40, 30, 30], edge(Math.hypot((x - cx - side * size * 0.38) / 0.022, (y - 0.4) / 0.014)))
    }
    return mix(colour, [130, 50, 50], 0.7 * edge(Math.hypot((x - cx) / (size * 0.3), (y - 0.55) / 0.016)))
  }
}

/** Bones of light on black: a plate of X-rays, a galaxy. */
function rays(random: Random, aspect: number): Shade {
  const cloud = fractal(random, 5)
  const tint = hsl(random.next(), random.float(0, 0.3), 0.75)
  const [cx, cy, turn] = [aspect * random.float(0.3, 0.7), random.float(0.3, 0.7), random.float(2, 9)]
  return (x, y) => {
    const [angle, distance] = [Math.atan2(y - cy, x - cx), Math.hypot(x - cx, y - cy)]
    const arms = 0.5 + 0.5 * Math.cos(2 * angle + turn * distance * 4)
    return mix([4, 4, 10], tint, (0.3 + arms) * Math.exp(-4 * distance) * (0.4 + cloud(x * 6, y * 6)) * 1.3)
  }
}
