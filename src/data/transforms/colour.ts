/**
 * @file Brightness, contrast, saturation and hue of 8-bit RGB, value for value as Pillow and torchvision change them:
 * the published recipes were trained on these very roundings. All change the pixels in place.
 */

/** 0.299 R + 0.587 G + 0.114 B in 16-bit fixed point, rounded. */
function greyOf(red: number, green: number, blue: number): number {
  return (19_595 * red + 38_470 * green + 7_471 * blue + 0x8000) >> 16
}

/** The byte `factor` of the way from one to another, beyond it above 1; float32, clipped, then truncated. */
function blend(from: number, to: number, factor: number): number {
  const value = Math.fround(from + Math.fround(factor * (to - from)))
  return value <= 0 ? 0 : value >= 255 ? 255 : Math.trunc(value)
}

function applyTable(data: Uint8Array, table: Uint8Array): void {
  for (let i = 0; i < data.length; i++) data[i] = table[data[i]!]!
}

/** 0 is black, 1 the photo itself, 2 twice as bright. */
export function adjustBrightness(data: Uint8Array, factor: number): void {
  const rounded = Math.fround(factor)
  applyTable(
    data,
    Uint8Array.from({ length: 256 }, (_, value) => blend(0, value, rounded)),
  )
}

/** 0 is the photo's mean grey, 1 the photo itself, 2 twice the distance from the mean. */
export function adjustContrast(data: Uint8Array, factor: number): void {
  let sum = 0
  for (let i = 0; i < data.length; i += 3) sum += greyOf(data[i]!, data[i + 1]!, data[i + 2]!)
  const mean = Math.trunc(sum / (data.length / 3) + 0.5)
  const rounded = Math.fround(factor)
  applyTable(
    data,
    Uint8Array.from({ length: 256 }, (_, value) => blend(mean, value, rounded)),
  )
}

/** 0 is grey, 1 the photo itself, 2 twice as colourful. */
export function adjustSaturation(data: Uint8Array, factor: number): void {
  const rounded = Math.fround(factor)
  for (let i = 0; i < data.length; i += 3) {
    const grey = greyOf(data[i]!, data[i + 1]!, data[i + 2]!)
    data[i] = blend(grey, data[i]!, rounded)
    data[i + 1] = blend(grey, data[i + 1]!, rounded)
    data[i + 2] = blend(grey, data[i + 2]!, rounded)
  }
}

/**
 * Turns every colour around the colour circle.
 * @param turn share of the circle, -0.5..0.5: a third makes red green.
 */
export function adjustHue(data: Uint8Array, turn: number): void {
  const steps = Math.trunc(turn * 255)
  for (let i = 0; i < data.length; i += 3) turnPixel(data, i, steps)
}

/** By way of hue, saturation and value in a byte each, which loses as much as it does in Pillow. */
function turnPixel(data: Uint8Array, at: number, steps: number): void {
  const red = data[at]!
  const green = data[at + 1]!
  const blue = data[at + 2]!
  const value = Math.max(red, green, blue)
  const least = Math.min(red, green, blue)
  if (value === least) return
  const range = value - least
  const saturation = Math.trunc(Math.fround(range / value) * 255)
  if (saturation === 0) {
    setPixel(data, at, value, value, value)
    return
  }
  const hue = (hueByte(red, green, blue, value, range) + steps) & 255
  const position = (hue * 6) / 255
  const sector = Math.floor(position)
  const share = Math.fround(position - sector)
  const depth = Math.fround(saturation / 255)
  const low = Math.floor(value * (1 - depth) + 0.5)
  const falling = Math.floor(value * (1 - depth * share) + 0.5)
  const rising = Math.floor(value * (1 - depth * (1 - share)) + 0.5)
  // In the second sector, from yellow to green, red is falling: one channel leads, one moves, one is lowest.
  const sixth = sector % 6
  if (sixth === 0) setPixel(data, at, value, rising, low)
  else if (sixth === 1) setPixel(data, at, falling, value, low)
  else if (sixth === 2) setPixel(data, at, low, value, rising)
  else if (sixth === 3) setPixel(data, at, low, falling, value)
  else if (sixth === 4) setPixel(data, at, rising, low, value)
  else setPixel(data, at, value, low, falling)
}

/** Position on the colour circle, 0..255: red at 0, green at a third, blue at two thirds. */
function hueByte(red: number, green: number, blue: number, value: number, range: number): number {
  const fromRed = Math.fround((value - red) / range)
  const fromGreen = Math.fround((value - green) / range)
  const fromBlue = Math.fround((value - blue) / range)
  const sixths =
    red === value ? fromBlue - fromGreen : green === value ? 2 + fromRed - fromBlue : 4 + fromGreen - fromRed
  const turns = Math.fround(sixths) / 6 + 1
  return Math.trunc(Math.fround(turns >= 1 ? turns - 1 : turns) * 255)
}

function setPixel(data: Uint8Array, at: number, red: number, green: number, blue: number): void {
  data[at] = red
  data[at + 1] = green
  data[at + 2] = blue
}

/** Puts channel `order[c]` into channel c. */
export function permuteChannels(data: Uint8Array, order: readonly [number, number, number]): void {
  const [first, second, third] = order
  for (let i = 0; i < data.length; i += 3) {
    setPixel(data, i, data[i + first]!, data[i + second]!, data[i + third]!)
  }
}
