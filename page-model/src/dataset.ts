/** @file A data set on disk: a picture and a record per page, and from all records a COCO file per split. */
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { PAGE_CLASSES, type Split } from './classes.js'
import type { LabelledPage } from './page.js'

/** What is kept of a page besides its picture. */
export interface PageRecord {
  readonly file: string
  readonly width: number
  readonly height: number
  readonly template: string
  readonly family: string
  readonly language: string
  readonly rejected: readonly string[]
  /** Class index, left, top, width, height in pixels. */
  readonly objects: readonly (readonly [label: number, x: number, y: number, w: number, h: number])[]
}

const tenth = (value: number): number => Math.round(value * 10) / 10

/** Pages of one split in a folder: `SPLIT/*.jpg`, `records/SPLIT/*.json`, `annotations/instances_SPLIT.json`. */
export class PageFolder {
  private readonly folder: string
  private readonly split: Split

  private constructor(folder: string, split: Split) {
    this.folder = folder
    this.split = split
  }

  /** @throws Error when the folder's pages of this split were made with another seed. */
  static async open(folder: string, split: Split, seed: number): Promise<PageFolder> {
    const made = new PageFolder(folder, split)
    await mkdir(join(folder, split), { recursive: true })
    await mkdir(join(folder, 'records', split), { recursive: true })
    await mkdir(join(folder, 'annotations'), { recursive: true })
    const note = join(folder, 'records', `${split}-seed.txt`)
    const old = await readFile(note, 'utf8').catch(() => undefined)
    if (old !== undefined && old !== String(seed))
      throw new Error(`${folder} holds ${split} pages of seed ${old}, not ${seed}.`)
    await writeFile(note, String(seed))
    return made
  }

  /** Numbers of the pages that are there. */
  async done(): Promise<Set<number>> {
    const names = await readdir(join(this.folder, 'records', this.split))
    return new Set(names.filter((name) => name.endsWith('.json')).map((name) => Number.parseInt(name, 10)))
  }

  /** Writes the picture, then the record: a page counts when its record is there. */
  async add(index: number, page: LabelledPage): Promise<PageRecord> {
    const { raster, boxes, scan, template, family, language, rejected } = page
    const { width, height } = raster
    const name = String(index).padStart(6, '0')
    const image = sharp(raster.data, { raw: { width, height, channels: 3 } })
    const file = `${name}.${scan.quality === 0 ? 'png' : 'jpg'}`
    const encoded = scan.quality === 0 ? image.png({ compressionLevel: 7 }) : image.jpeg({ quality: scan.quality })
    await writeFile(join(this.folder, this.split, file), await encoded.toBuffer())
    const objects = boxes.map(
      ({ name: label, box: [l, t, r, b] }) =>
        [PAGE_CLASSES.indexOf(label), tenth(l), tenth(t), tenth(r - l), tenth(b - t)] as const,
    )
    const record: PageRecord = { file, width, height, template, family, language, rejected, objects }
    const path = join(this.folder, 'records', this.split, `${name}.json`)
    await writeFile(`${path}.part`, JSON.stringify(record))
    await rename(`${path}.part`, path)
    return record
  }

  /** All records, in the order of their numbers. */
  async records(): Promise<PageRecord[]> {
    const numbers = [...(await this.done())].sort((a, b) => a - b)
    return Promise.all(
      numbers.map(async (n) => {
        const path = join(this.folder, 'records', this.split, `${String(n).padStart(6, '0')}.json`)
        return JSON.parse(await readFile(path, 'utf8')) as PageRecord
      }),
    )
  }

  /** Writes the COCO file of all pages that are there. */
  async writeCoco(records: readonly PageRecord[]): Promise<void> {
    await writeCoco(join(this.folder, 'annotations', `instances_${this.split}.json`), records)
  }
}

/** Writes a COCO file in one step. */
export async function writeCoco(
  path: string,
  records: readonly Pick<PageRecord, 'file' | 'width' | 'height' | 'objects'>[],
): Promise<void> {
  const images = records.map(({ file, width, height }, i) => ({ id: i + 1, file_name: file, width, height }))
  const annotations = records.flatMap(({ objects }, i) =>
    objects.map(([label, x, y, w, h]) => ({
      image_id: i + 1,
      category_id: label + 1,
      bbox: [x, y, w, h],
      area: tenth(w * h),
      iscrowd: 0,
    })),
  )
  const categories = PAGE_CLASSES.map((name, i) => ({ id: i + 1, name, supercategory: 'page' }))
  const coco = { images, annotations: annotations.map((one, i) => ({ id: i + 1, ...one })), categories }
  await writeFile(`${path}.part`, JSON.stringify(coco))
  await rename(`${path}.part`, path)
}
