/** @file Colours. */
import type { Random } from '../random.js'

export type Rgb = readonly [red: number, green: number, blue: number]

/** @param hue in turns. @param saturation 0..1. @param lightness 0..1. @returns channels 0..255. */
export function hsl(hue: number, saturation: number, lightness: number): Rgb {
  const a = saturation * Math.min(lightness, 1 - lightness)
  const channel = (n: number): number => {
    const k = (n + hue * 12) % 12
    return 255 * (lightness - a * Math.max(-1, Math.min(k - 3, 9 - k, 1)))
  }
  return [channel(0), channel(8), channel(4)]
}

export function mix(a: Rgb, b: Rgb, share: number): Rgb {
  const s = Math.min(1, Math.max(0, share))
  return [a[0] + (b[0] - a[0]) * s, a[1] + (b[1] - a[1]) * s, a[2] + (b[2] - a[2]) * s]
}

export function css([r, g, b]: Rgb): string {
  return `rgb(${Math.round(r)},${Math.round(g)},${Math.round(b)})`
}

/** Colours for the series of a chart: a palette of one mood. */
export function palette(random: Random, count: number): string[] {
  if (random.chance(0.2)) {
    return Array.from({ length: count }, (_, i) => css(hsl(0, 0, 0.15 + (0.6 * i) / count)))
  }
  const [start, saturation, lightness] = [random.next(), random.float(0.35, 0.85), random.float(0.35, 0.6)]
  const step = random.chance(0.4) ? 0.05 : 1 / count
  return Array.from({ length: count }, (_, i) => css(hsl((start + i * step) % 1, saturation, lightness)))
}
