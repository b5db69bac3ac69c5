/** @file What transparent pixels are laid over, for the models that say so. */
import type { RgbImage } from './image.js'

/**
 * What lies behind an image. Without one alpha is dropped, which shows whatever colours are stored in transparent pixels, as Pillow's
 * `convert('RGB')` does; where ink is drawn by alpha alone, that is a black rectangle.
 */
export type Ground = 'white'

/**
 * Lays pixels over white.
 * @param data row-major, four bytes a pixel: red, green, blue, alpha, not premultiplied
 */
export function layOnWhite(data: Uint8Array, width: number, height: number): RgbImage {
  const rgb = new Uint8Array(width * height * 3)
  for (let i = 0, o = 0; o < rgb.length; i += 4, o += 3) {
    const alpha = data[i + 3]!
    const light = 255 - alpha
    rgb[o] = light + scaleByte(data[i]!, alpha)
    rgb[o + 1] = light + scaleByte(data[i + 1]!, alpha)
    rgb[o + 2] = light + scaleByte(data[i + 2]!, alpha)
  }
  return { width, height, data: rgb }
}

/** a·b/255 rounded, exact for bytes. */
export function scaleByte(a: number, b: number): number {
  const product = a * b + 128
  return (product + (product >> 8)) >> 8
}
