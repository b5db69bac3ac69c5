/** @file A photo from disk in the size of a tile. */
import { decodeImage, type RgbImage, resizeBilinear } from '../data/index.node.js'
import { DetrsError } from '../tensor/index.js'
import { TILE } from './contact-sheet.js'

/** A photo to be drawn on, and how many pixels of it one pixel of the original is. */
export interface PhotoTile {
  readonly picture: RgbImage
  readonly scale: number
}

/** Reads a photo so that it fills a tile in one direction; its error where it cannot be read. */
export async function readTile(path: string, name: string): Promise<PhotoTile | DetrsError> {
  try {
    const photo = await decodeImage(path, { where: name })
    const scale = Math.min(TILE.width / photo.width, TILE.height / photo.height)
    const width = Math.max(1, Math.round(photo.width * scale))
    const height = Math.max(1, Math.round(photo.height * scale))
    return { picture: resizeBilinear(photo, { width, height }), scale }
  } catch (error) {
    if (error instanceof DetrsError) return error
    throw error
  }
}
