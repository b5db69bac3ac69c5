/** @file Smooth noise over the plane, the raw material of all pictures that look like photos. */
import type { Random } from '../random.js'

const SIZE = 64

/** A function of the plane with values in 0..1, of period 64; octaves halve in size and strength. */
export type Noise = (x: number, y: number) => number

export function noise(random: Random): Noise {
  const grid = Float32Array.from({ length: SIZE * SIZE }, () => random.next())
  const at = (x: number, y: number): number => grid[(y & (SIZE - 1)) * SIZE + (x & (SIZE - 1))]!
  return (x, y) => {
    const [left, top] = [Math.floor(x), Math.floor(y)]
    const [dx, dy] = [x - left, y - top]
    const [u, v] = [dx * dx * (3 - 2 * dx), dy * dy * (3 - 2 * dy)]
    const upper = at(left, top) * (1 - u) + at(left + 1, top) * u
    const lower = at(left, top + 1) * (1 - u) + at(left + 1, top + 1) * u
    return upper * (1 - v) + lower * v
  }
}

export function fractal(random: Random, octaves: number): Noise {
  const base = noise(random)
  const total = 2 - 2 ** (1 - octaves)
  return (x, y) => {
    let [sum, weight, scale] = [0, 1, 1]
    for (let i = 0; i < octaves; i++) {
      sum += weight * base(x * scale + i * 17.3, y * scale + i * 9.1)
      weight /= 2
      scale *= 2
    }
    return sum / total
  }
}
