/** @file Whether a photo is the one that its labels are about. */
import { ImageError } from '../tensor/index.js'
import type { DatasetImage } from './formats/dataset.js'
import type { ImageSize } from './image.js'

/** @throws ImageError when a photo has another size than its labels state. */
export function requireStatedSize(
  { path, ...stated }: Pick<DatasetImage, 'path' | 'width' | 'height'>,
  found: ImageSize,
): void {
  const { width = found.width, height = found.height } = stated
  if (width === found.width && height === found.height) return
  throw new ImageError({
    where: path,
    expected: `${width}×${height} pixels, as the labels state`,
    got: `${found.width}×${found.height}`,
    next: 'The boxes may be those of another photo: check with detrs data check.',
  })
}
