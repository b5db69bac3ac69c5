/** @file What `detrs detect` writes: annotated pictures and COCO results. */
import { access, constants, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { decodeImage, encodeImage } from '../data/index.node.js'
import { drawDetections } from '../draw/index.js'
import { FileError } from '../tensor/index.js'
import type { DetectedImage } from './detection-report.js'

/** Pictures with boxes and labels, one per photo, in a folder. */
export class AnnotatedPictures {
  readonly #folder: string
  readonly #names = new Set<string>()

  private constructor(folder: string) {
    this.#folder = folder
  }

  /** Number of pictures written. */
  get count(): number {
    return this.#names.size
  }

  /** @throws FileError when the folder cannot be made or written. */
  static async open(folder: string): Promise<AnnotatedPictures> {
    try {
      await mkdir(folder, { recursive: true })
      await access(folder, constants.W_OK)
    } catch (cause) {
      throw unwritable(folder, 'a folder that can be written', cause)
    }
    return new AnnotatedPictures(folder)
  }

  /** @throws FileError when the picture cannot be written. */
  async add(
    image: DetectedImage,
    original: Uint8Array | string,
    classNames: readonly (string | null)[],
  ): Promise<void> {
    const pixels = await decodeImage(original, { where: image.file })
    const classes = classNames.map((name, i) => name ?? `class ${i}`)
    const drawn = drawDetections(pixels, image.detections, { classes })
    const path = join(this.#folder, this.#nameFor(image.file))
    const bytes = await encodeImage(drawn, path.endsWith('.png') ? 'png' : 'jpeg')
    await writeFile(path, bytes).catch((cause: unknown) => {
      throw unwritable(path, 'a file that can be written', cause)
    })
  }

  /** The photo's name with the extension of what is written; numbered when two photos have the same. */
  #nameFor(file: string): string {
    const address = /^https?:/i.test(file) ? new URL(file).pathname : file
    const stem = basename(address, extname(address)).replace(/[^\p{L}\p{N} ._-]/gu, '_') || 'photo'
    const extension = /\.(png|gif|webp|tiff?)$/i.test(address) ? '.png' : '.jpg'
    let name = `${stem}${extension}`
    for (let n = 2; this.#names.has(name.toLowerCase()); n++) name = `${stem}-${n}${extension}`
    this.#names.add(name.toLowerCase())
    return name
  }
}

/** Detections in COCO's results format: image_id, category_id, bbox as x, y, width, height in pixels, score. */
export class CocoResults {
  readonly #path: string
  readonly #results: object[] = []

  private constructor(path: string) {
    this.#path = path
  }

  /** @throws FileError when the file's folder cannot be written. */
  static async open(path: string): Promise<CocoResults> {
    await access(dirname(path), constants.W_OK).catch((cause: unknown) => {
      throw unwritable(path, 'a file in a folder that can be written', cause)
    })
    return new CocoResults(path)
  }

  /** The image's id is the number that its file is named by, as in COCO, or else the file's name. */
  add({ file, detections }: DetectedImage): void {
    const stem = basename(file, extname(file))
    const digits = /(\d+)$/.exec(stem)
    const imageId = digits !== null && /^(?:COCO_\w+_)?\d+$/.test(stem) ? Number(digits[1]) : stem
    for (const { labelIndex, score, box } of detections) {
      const bbox = [box.xmin, box.ymin, box.xmax - box.xmin, box.ymax - box.ymin]
      this.#results.push({ image_id: imageId, category_id: labelIndex, bbox, score })
    }
  }

  /** Writes all results at once. @throws FileError when that fails; the file is then as it was. */
  async write(): Promise<void> {
    const temporary = `${this.#path}.${process.pid}.part`
    try {
      await writeFile(temporary, `${JSON.stringify(this.#results)}\n`)
      await rename(temporary, this.#path)
    } catch (cause) {
      await rm(temporary, { force: true })
      throw unwritable(this.#path, 'a file that can be written', cause)
    }
  }
}

function unwritable(where: string, expected: string, cause: unknown): FileError {
  const got = (cause as NodeJS.ErrnoException).code ?? String(cause)
  return new FileError({ where, expected, got, next: 'Choose another place.', cause })
}
