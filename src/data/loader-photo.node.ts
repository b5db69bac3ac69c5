/** @file One photo of a batch: decoded, augmented, and its objects as arrays. Runs in a worker thread. */
import { FileError, ImageError } from '../tensor/index.js'
import { decodeImage } from './decode.node.js'
import type { DatasetImage } from './formats/dataset.js'
import type { Ground } from './ground.js'
import type { ImageSize, RgbImage } from './image.js'
import { requireStatedSize } from './stated-size.js'
import {
  applyTransforms,
  type DrawPlace,
  encodeTargets,
  seededStreams,
  type Targets,
  type Transform,
  trainingObjects,
} from './transforms/index.js'
import { type Fault, faultOfError } from './worker-pool.node.js'

/** What a worker is asked for. */
export interface PhotoRequest {
  readonly photo: Pick<DatasetImage, 'path' | 'width' | 'height' | 'objects'>
  readonly transforms: readonly Transform[]
  readonly place: DrawPlace
  readonly masks: boolean
  readonly maxPixels: number | undefined
  readonly ground: Ground | undefined
}

/** A photo ready for its batch. */
export interface LoadedPhoto {
  readonly image: RgbImage
  /** Size of the upright photo before the transforms. */
  readonly original: ImageSize
  readonly targets: Targets
}

/** The photo, or why it cannot be used. */
export type PhotoOutcome =
  | { readonly photo: LoadedPhoto; readonly unreadable?: undefined }
  | { readonly photo?: undefined; readonly unreadable: Fault }

/** Loads a photo. What is wrong with the photo itself is an outcome; any other error is thrown. */
export async function loadPhoto(request: PhotoRequest): Promise<PhotoOutcome> {
  try {
    return { photo: await readPhoto(request) }
  } catch (error) {
    if (!(error instanceof FileError || error instanceof ImageError)) throw error
    return { unreadable: faultOfError(error) }
  }
}

async function readPhoto({ photo, transforms, place, masks, maxPixels, ground }: PhotoRequest): Promise<LoadedPhoto> {
  const where = photo.path
  const image = await decodeImage(where, { maxPixels, ground })
  const { width, height } = image
  requireStatedSize(photo, image)
  const original = { height, width }
  const objects = trainingObjects(photo.objects, original, masks)
  try {
    const sample = applyTransforms({ image, objects }, transforms, seededStreams(place))
    // The decoder's own memory cannot be handed to another thread.
    const data = sample.image === image ? image.data.slice() : sample.image.data
    return { image: { ...sample.image, data }, original, targets: encodeTargets(sample) }
  } catch (error) {
    if (!(error instanceof ImageError)) throw error
    throw new ImageError({
      where,
      expected: 'a photo that can be augmented',
      got: `${width}×${height} pixels`,
      next: error.message,
      cause: error,
    })
  }
}
