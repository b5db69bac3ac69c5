/** @file What `detrs detect` writes: annotated pictures and COCO results. */
import { realpath, writeFile } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { encodeImage, type ImageSource, imageNumber, pageName, type RgbImage } from '../data/index.node.js'
import { drawDetections } from '../draw/index.js'
import { categoryIdsOf, type LoadedModel } from '../models/index.js'
import { ConfigError } from '../tensor/index.js'
import type { AnnotatedIds } from './annotated-ids.js'
import type { DetectedImage } from './detection-report.js'
import { checkOutput, makeOutputFolder, unwritable, writeOutput } from './output-file.js'
import { comparable, pictureNames } from './picture-names.js'

/** Pictures with boxes and labels, one per photo, in a folder. */
export class AnnotatedPictures {
  readonly #paths: ReadonlyMap<ImageSource, string>
  #count = 0

  private constructor(paths: ReadonlyMap<ImageSource, string>) {
    this.#paths = paths
  }

  /** Number of pictures written. */
  get count(): number {
    return this.#count
  }

  /**
   * Makes the folder.
   * @throws FileError when the folder cannot be made or written; ConfigError when a picture would replace a photo.
   */
  static async open(folder: string, photos: readonly ImageSource[]): Promise<AnnotatedPictures> {
    await makeOutputFolder(folder)
    const names = pictureNames(photos.map(({ name }) => name))
    await refuseToReplace(photos, folder, names)
    return new AnnotatedPictures(new Map(photos.map((photo, i) => [photo, join(folder, names[i]!)])))
  }

  /**
   * Draws and writes the picture of one photo.
   * @param pixels reads the photo once more
   * @throws FileError when the picture cannot be written; what `pixels` throws when the photo has changed meanwhile.
   */
  async add(
    photo: ImageSource,
    pixels: () => Promise<RgbImage>,
    image: DetectedImage,
    classNames: readonly (string | null)[],
  ): Promise<void> {
    const classes = classNames.map((name, i) => name ?? `class ${i}`)
    const drawn = drawDetections(await pixels(), image.detections, { classes })
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
  readonly #annotated: AnnotatedIds | undefined
  readonly #results: object[] = []
  /** Classes that the annotations do not have. */
  readonly unknown: Set<string> = new Set()

  private constructor(path: string, annotated: AnnotatedIds | undefined) {
    this.#path = path
    this.#annotated = annotated
  }

  /**
   * Checks the place, and that every photo has an id of its own.
   * @param annotated whose ids the results take; unless said, photos have those of their names, classes those of the weights.
   * @throws FileError when the file cannot be written; ConfigError when two photos would have the same id, or one has none.
   */
  static async open(path: string, photos: readonly ImageSource[], annotated?: AnnotatedIds): Promise<CocoResults> {
    const results = new CocoResults(path, annotated)
    const byId = new Map<string | number, string>()
    for (const photo of photos) {
      const id = photo.kind === 'page' ? results.#imageId(photo.pdf, photo.content.page) : results.#imageId(photo.name)
      const other = byId.get(id)
      if (other !== undefined) {
        throw new ConfigError({
          where: '--coco',
          expected: 'photos whose names differ, without folder and extension, since they are the ids of the results',
          got: `${other} and ${photo.name}`,
        })
      }
      byId.set(id, photo.name)
    }
    await checkOutput(path)
    return results
  }

  /** Keeps the detections of one photo. */
  add({ file, page, detections }: DetectedImage, { model, classNames }: LoadedModel): void {
    const image_id = page === undefined ? this.#imageId(file) : this.#imageId(page.document, page.number)
    const ids = categoryIdsOf(model, classNames)
    for (const { label, labelIndex, score, box } of detections) {
      const category_id = this.#annotated === undefined ? ids[labelIndex] : this.#annotated.category(label)
      const bbox = [box.xmin, box.ymin, box.xmax - box.xmin, box.ymax - box.ymin]
      if (category_id === undefined) this.unknown.add(label)
      else this.#results.push({ image_id, category_id, bbox, score })
    }
  }

  /** Writes all results at once. @throws FileError when that fails; the file is then as it was. */
  async write(): Promise<void> {
    await writeOutput(this.#path, `${JSON.stringify(this.#results)}\n`)
  }

  /** That of the annotations; else the number that the file is named by, as in COCO, or its name; `report#page=3` for a page. */
  #imageId(file: string, page?: number): number | string {
    if (this.#annotated !== undefined) return this.#annotated.photo(page === undefined ? file : pageName(file, page))
    const stem = basename(file, extname(file))
    return page === undefined ? (imageNumber(file) ?? stem) : pageName(stem, page)
  }
}
