/** @file Small pictures that the demo draws for itself. */
import type { RgbImage } from '../src/data/index.js'
import { type Color, fillRect } from '../src/draw/index.js'

/** Names of the pictures. */
export const SCENES = ['harbour', 'town'] as const

type Box = readonly [left: number, top: number, right: number, bottom: number]

const PICTURES: Readonly<Record<(typeof SCENES)[number], readonly (readonly [Color, Box])[]>> = {
  harbour: [
    [
      [206, 226, 240],
      [0, 0, 640, 210],
    ],
    [
      [70, 120, 150],
      [0, 210, 640, 400],
    ],
    [
      [90, 60, 40],
      [120, 190, 330, 235],
    ],
    [
      [240, 240, 235],
      [218, 60, 226, 190],
    ],
    [
      [235, 225, 200],
      [228, 75, 300, 180],
    ],
    [
      [160, 60, 50],
      [430, 150, 560, 230],
    ],
    [
      [230, 200, 80],
      [455, 110, 500, 150],
    ],
    [
      [60, 60, 70],
      [515, 90, 530, 150],
    ],
  ],
  town: [
    [
      [190, 210, 225],
      [0, 0, 480, 300],
    ],
    [
      [120, 125, 120],
      [0, 300, 480, 360],
    ],
    [
      [180, 140, 110],
      [40, 90, 150, 300],
    ],
    [
      [160, 165, 175],
      [180, 40, 270, 300],
    ],
    [
      [200, 180, 140],
      [310, 130, 440, 300],
    ],
    [
      [60, 80, 110],
      [60, 120, 85, 160],
    ],
    [
      [60, 80, 110],
      [105, 120, 130, 160],
    ],
    [
      [70, 90, 120],
      [200, 70, 250, 110],
    ],
    [
      [180, 40, 40],
      [90, 310, 190, 345],
    ],
  ],
}

/** Draws one of them. */
export function drawScene(name: (typeof SCENES)[number]): RgbImage {
  const boxes = PICTURES[name]
  const [, , width, height] = boxes.reduce<Box>(
    ([, , w, h], [, [, , x, y]]) => [0, 0, Math.max(w, x), Math.max(h, y)],
    [0, 0, 0, 0],
  )
  const image = { width, height, data: new Uint8Array(width * height * 3) }
  for (const [color, [xmin, ymin, xmax, ymax]] of boxes) fillRect(image, { xmin, ymin, xmax, ymax }, color)
  return image
}
