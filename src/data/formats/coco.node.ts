/** @file Finds and reads COCO data sets: COCO's own layout, Roboflow's, and a single JSON file. */
import { open } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { readRegularFile } from '../read-file.node.js'
import { type CocoContent, cocoClasses, cocoContent, cocoImages } from './coco.js'
import { unreadFields } from './coco-fields.js'
import type { SplitName } from './dataset.js'
import type { FolderReader } from './folders.node.js'
import { ImageFinder, imageFolders } from './image-finder.node.js'
import { parseJson } from './json.js'
import type { ProblemList } from './problems.js'
import type { RawDataset, RawImage } from './raw.js'
import { splitOfName } from './split-name.js'

/** One JSON file and the split that its name tells. */
export interface CocoSource {
  readonly path: string
  readonly split: SplitName | undefined
}

/** Names that say COCO even where the content does not: a damaged file is to be named, not passed over. */
const BY_NAME = /^instances_|_annotations\.coco\.json$/

/** Files that COCO publishes beside the boxes. */
const NO_BOXES = /^(?:captions|panoptic|stuff|image_info|person_keypoints)_/

/**
 * The COCO files of a folder: those in `annotations`, in folders named after splits, or in the folder itself.
 * @returns none where there are none; several for one split when only a person can tell which is meant.
 */
export async function findCoco(reader: FolderReader, folder: string): Promise<CocoSource[]> {
  const { folders } = await reader.list(folder)
  const annotations = folders.find((name) => name.toLowerCase() === 'annotations')
  const inSplits = folders.filter((name) => splitOfName(name) !== undefined)
  const places = [
    ...(annotations === undefined ? [] : [[join(folder, annotations)]]),
    inSplits.map((name) => join(folder, name)),
    [folder],
  ]
  for (const place of places) {
    const found: CocoSource[] = []
    for (const parent of place) {
      for (const name of (await reader.list(parent)).files) {
        const path = join(parent, name)
        if (!name.toLowerCase().endsWith('.json') || !(BY_NAME.test(name) || (await looksLikeCoco(path)))) continue
        found.push({
          path,
          split: splitOfName(name) ?? (parent === folder ? undefined : splitOfName(basename(parent))),
        })
      }
    }
    const boxes = found.filter(({ path }) => !NO_BOXES.test(basename(path)))
    if (found.length > 0) return boxes.length > 0 ? boxes : found
  }
  return []
}

/** By the first few kilobytes: whole files may be hundreds of megabytes. */
async function looksLikeCoco(path: string): Promise<boolean> {
  const handle = await open(path).catch(() => undefined)
  if (handle === undefined) return false
  try {
    const head = new Uint8Array(8192)
    const { bytesRead } = await handle.read(head, 0, head.length, 0)
    const text = new TextDecoder('latin1').decode(head.subarray(0, bytesRead))
    return /^[^{["]*\{/.test(text) && /"(?:images|annotations|categories|info|licenses)"\s*:/.test(text)
  } finally {
    await handle.close()
  }
}

/**
 * Reads COCO files as one data set.
 * @param root the data set's folder.
 * @param imagesIn folders to look for photos in; found by looking where left out.
 * @throws FileError when a file cannot be read; DatasetError when it is no COCO file or contradicts another one.
 */
export async function readCoco(
  reader: FolderReader,
  root: string,
  sources: readonly CocoSource[],
  imagesIn: readonly string[] | undefined,
  problems: ProblemList,
): Promise<RawDataset> {
  const values: unknown[] = []
  const contents: CocoContent[] = []
  for (const { path } of sources) {
    const where = relative(root, path) || basename(path)
    const value = parseJson(await readRegularFile(path, where), where)
    contents.push(cocoContent(value, where))
    values.push(value)
  }
  const classes = cocoClasses(contents, problems)
  const images: RawImage[] = []
  for (const [i, content] of contents.entries()) {
    const { path, split } = sources[i]!
    const found = cocoImages(content, classes, problems)
    const names = found.map(({ file }) => file)
    const folders = imagesIn ?? (await photoFolders(reader, root, path, split, names))
    const finder = new ImageFinder(reader, folders, problems)
    for (const image of found) {
      const place = await finder.find(image.file, content.where)
      images.push({ ...image, ...place, annotationFile: content.where, splits: split === undefined ? [] : [split] })
    }
  }
  const { classNames, categoryIds } = classes
  const unread = unreadFields(values, contents)
  return { classNames, categoryIds, annotationFiles: contents.map(({ where }) => where), images, unread }
}

function photoFolders(
  reader: FolderReader,
  root: string,
  path: string,
  split: SplitName | undefined,
  names: readonly string[],
): Promise<string[]> {
  // instances_train2017.json goes with train2017; _annotations.coco.json with the folder that it lies in.
  const word = /([a-z]+-?\d*)\.json$/i.exec(basename(path))?.[1]?.toLowerCase() ?? ''
  const preferred = [basename(dirname(path)).toLowerCase(), word, split ?? word, 'images', 'jpegimages']
  return imageFolders(reader, root, { names, preferred, split })
}
