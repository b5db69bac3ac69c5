/** @file What `detrs detect` writes: annotated pictures and COCO results. */
import { access, constants, mkdir, realpath, writeFile } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { decodeImage, encodeImage, type ImageSource } from '../data/index.node.js'
import { drawDetections } from '../draw/index.js'
import { ConfigError } from '../tensor/index.js'
import type { DetectedImage } from './detection-report.js'
import { checkOutput, unwritable, writeOutput } from './output-file.js'
import { comparable, pictureNames } from './picture-names.js'

/** Pictures with boxes and labels, one per photo, in a folder. */
export class AnnotatedPictures {
  readonly #paths: ReadonlyMap<ImageSource, string>
  readonly #maxPixels: number | undefined
  #count = 0

  private constructor(paths: ReadonlyMap<ImageSource, string>, maxPixels: number | undefined) {
    this.#paths = paths
    this.#maxPixels = maxPixels
  }

  /** Number of pictures written. */
  get count(): number {
    return this.#count
  }

  /**
   * Makes the folder.
   * @param maxPixels the largest photo that is decoded
   * @throws FileError when the folder cannot be made or written; ConfigError when a picture would replace a photo.
   */
  static async open(
    folder: string,
    photos: readonly ImageSource[],
    maxPixels: number | undefined,
  ): Promise<AnnotatedPictures> {
    try {
      await mkdir(folder, { recursive: true })
      await access(folder, constants.W_OK)
    } catch (cause) {
      throw unwritable(folder, cause)
    }
    const names = pictureNames(photos.map(({ name }) => name))
    await refuseToReplace(photos, folder, names)
    return new AnnotatedPictures(new Map(photos.map((photo, i) => [photo, join(folder, names[i]!)])), maxPixels)
  }

  /**
   * Draws and writes the picture of one photo.
   * @param original the photo's path or bytes
   * @throws FileError when the picture cannot be written; FileError, ImageError when the photo has changed meanwhile.
   */
  async add(
    photo: ImageSource,
    original: Uint8Array | string,
    image: DetectedImage,
    classNames: readonly (string | null)[],
  ): Promise<void> {
    const limit = this.#maxPixels === undefined ? {} : { maxPixels: this.#maxPixels }
    const pixels = await decodeImage(original, { where: photo.name, ...limit })
    const classes = classNames.map((name, i) => name ?? `class ${i}`)
    const drawn = drawDetections(pixels, image.detections, { classes })
    const path = this.#paths.get(photo)!
    const bytes = await encodeImage(drawn, path.endsWith('.png') ? 'png' : 'jpeg')
    await writeFile(path, bytes).catch((cause: unknown) => {
      throw unwritable(path, cause)
    })
    this.#count++
  }
}

/** @throws ConfigError when a picture would take the place of one of the photos. */
async function refuseToReplace(
  photos: readonly ImageSource[],
  folder: string,
  names: readonly string[],
): Promise<void> {
  const realFolder = await realpath(folder)
  const pictures = new Set(names.map((name) => comparable(join(realFolder, name))))
  for (const photo of photos) {
    if (photo.kind !== 'file') continue
    const path = await realpath(photo.path).catch(() => photo.path)
    if (!pictures.has(comparable(path))) continue
    throw new ConfigError({
      where: '--out',
      expected: 'a folder where no picture replaces a photo',
      got: `'${folder}', the folder of ${photo.name}`,
      next: 'Choose another folder.',
    })
  }
}

/** Detections in COCO's results format: image_id, category_id, bbox as x, y, width, height in pixels, score. */
export class CocoResults {
  readonly #path: string
  readonly #results: object[] = []

  private constructor(path: string) {
    this.#path = path
  }

  /**
   * Checks the place.
   * @throws FileError when the file cannot be written; ConfigError when two photos would have the same id.
   */
  static async open(path: string, photos: readonly ImageSource[]): Promise<CocoResults> {
    const byId = new Map<string | number, string>()
    for (const { name } of photos) {
      const other = byId.get(imageId(name))
      if (other !== undefined) {
        throw new ConfigError({
          where: '--coco',
          expected: 'photos whose names differ, without folder and extension, since they are the ids of the results',
          got: `${other} and ${name}`,
        })
      }
      byId.set(imageId(name), name)
    }
    await checkOutput(path)
    return new CocoResults(path)
  }

  /** Keeps the detections of one photo. */
  add({ file, detections }: DetectedImage): void {
    const image_id = imageId(file)
    for (const { labelIndex, score, box } of detections) {
      const bbox = [box.xmin, box.ymin, box.xmax - box.xmin, box.ymax - box.ymin]
      this.#results.push({ image_id, category_id: labelIndex, bbox, score })
    }
  }

  /** Writes all results at once. @throws FileError when that fails; the file is then as it was. */
  async write(): Promise<void> {
    await writeOutput(this.#path, `${JSON.stringify(this.#results)}\n`)
  }
}

/** The number that the photo's file is named by, as in COCO, or else the file's name. */
function imageId(file: string): number | string {
  const stem = basename(file, extname(file))
  const digits = /^(?:COCO_\w+_)?(\d+)$/.exec(stem)?.[1]
  const id = Number(digits)
  return Number.isSafeInteger(id) ? id : stem
}
