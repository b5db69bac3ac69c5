/** @file Everything about a data set that is worth knowing before training on it: counts, faults, copies, leaks. */
import { createHash } from 'node:crypto'
import { DetrsError } from '../../tensor/index.js'
import { decodeImage } from '../decode.node.js'
import { readRegularFile } from '../read-file.node.js'
import { mapFindingProblems } from './bounded.js'
import { checkClasses } from './class-problems.js'
import { type DatasetImage, type DetectionDataset, imagesWithoutSplit, SPLIT_NAMES } from './dataset.js'
import { contentKey, type FileEnds, headerOf, type ImageHeader, readFileEnds } from './image-header.node.js'
import type { DatasetProblem } from './problems.js'
import { ProblemList } from './problems.js'
import { type DatasetStatistics, datasetStatistics } from './statistics.js'

/** Options of `checkDataset`. */
export interface CheckDatasetOptions {
  /** Decode every photo whole, which finds damage in the middle of a file. By default header and end are looked at. */
  readonly decode?: boolean
  /** Classes with fewer training objects are reported; 10 when left out. */
  readonly rareBelow?: number
  /** Told after every photo. */
  readonly onProgress?: (done: number, total: number) => void
}

/** What was found. */
export interface DatasetCheck {
  readonly statistics: DatasetStatistics
  /** Faults of labels, found while reading, and of classes, photos and splits. */
  readonly problems: readonly DatasetProblem[]
  /** Photos by format. */
  readonly formats: Readonly<Record<string, number>>
}

const PHOTOS_AT_ONCE = 4

/** What is known of one photo's file. */
interface Inspected {
  readonly key: string
  readonly format: string
}

/** Checks a data set, opening every photo once. Nothing is written. */
export async function checkDataset(
  dataset: DetectionDataset,
  options: CheckDatasetOptions = {},
): Promise<DatasetCheck> {
  const problems = new ProblemList()
  problems.addAll(dataset.problems)
  const statistics = datasetStatistics(dataset)
  checkClasses(dataset.classNames, statistics, options.rareBelow ?? 10, problems)
  const { images } = dataset
  let done = 0
  const inspected = await mapFindingProblems(images, PHOTOS_AT_ONCE, problems, async (image, own) => {
    // A photo without a size is one whose header could not be read, and is reported already.
    const readable = image.missing !== true && image.width !== undefined
    const found = readable ? await inspect(image, options, own) : undefined
    options.onProgress?.(++done, images.length)
    return found
  })
  await findCopies(dataset, inspected, problems)
  const formats: Record<string, number> = {}
  for (const one of inspected) if (one !== undefined) formats[one.format] = (formats[one.format] ?? 0) + 1
  return { statistics, problems: problems.list(), formats }
}

async function inspect(
  image: DatasetImage,
  options: CheckDatasetOptions,
  problems: ProblemList,
): Promise<Inspected | undefined> {
  try {
    const ends = await readFileEnds(image.path, image.file)
    const header = await headerOf(image.path, ends.head, image.file)
    if (options.decode === true || !hasItsEnd(ends, header)) {
      await decodeImage(await readRegularFile(image.path, image.file), { where: image.file })
    }
    checkSize(image, header, problems)
    return { key: contentKey(ends), format: header.format }
  } catch (error) {
    if (!(error instanceof DetrsError)) throw error
    problems.add('image-unreadable', error.message)
    return undefined
  }
}

/** Whether the file's last bytes are those of a whole file; where they are not, only decoding tells. */
function hasItsEnd({ size, head, tail }: FileEnds, { format }: ImageHeader): boolean {
  const last = tail.subarray(-12)
  switch (format) {
    case 'jpeg':
      return last.at(-2) === 0xff && last.at(-1) === 0xd9
    case 'png':
      return String.fromCharCode(...last.subarray(4, 8)) === 'IEND'
    case 'webp':
      return size >= 8 + new DataView(head.buffer, head.byteOffset).getUint32(4, true)
    default:
      return false
  }
}

function checkSize({ file, width, height }: DatasetImage, header: ImageHeader, problems: ProblemList): void {
  if (width === undefined || height === undefined || (width === header.width && height === header.height)) return
  const sizes = `${file}: stated ${width}×${height}, the file has ${header.width}×${header.height}`
  const lying = header.turned && width === header.height && height === header.width
  problems.add(lying ? 'image-turned' : 'image-size-differs', lying ? `${sizes} upright` : sizes)
}

/** Photos with the same content: copies within a split, leaks between splits. */
async function findCopies(
  dataset: DetectionDataset,
  inspected: readonly (Inspected | undefined)[],
  problems: ProblemList,
): Promise<void> {
  const { images, splits } = dataset
  const groups = new Map<string, number[]>()
  for (const [i, found] of inspected.entries()) {
    if (found === undefined) continue
    const same = groups.get(found.key)
    if (same === undefined) groups.set(found.key, [i])
    else same.push(i)
  }
  const parts = [...SPLIT_NAMES.map((name) => splits[name] ?? []), imagesWithoutSplit(dataset)]
  const partsOf = images.map((): number[] => [])
  for (const [part, positions] of parts.entries()) for (const i of positions) partsOf[i]!.push(part)
  for (const group of groups.values()) {
    if (group.length === 1 && partsOf[group[0]!]!.length === 1) continue
    for (const same of await equalFiles(group, images)) {
      const shown = () =>
        same
          .slice(0, 4)
          .map((i) => describePhoto(images[i]!, partsOf[i]!))
          .join(' = ')
      const named = SPLIT_NAMES.filter((_, part) => same.some((i) => partsOf[i]!.includes(part)))
      if (named.length > 1) problems.add('leak', shown)
      for (const part of parts.keys()) {
        // One file that is listed twice is reported as that.
        const paths = new Set(same.filter((i) => partsOf[i]!.includes(part)).map((i) => images[i]!.path))
        for (let n = paths.size; n > 1; n--) problems.add('image-repeated', shown)
      }
    }
  }
}

function describePhoto({ file }: DatasetImage, parts: readonly number[]): string {
  const names = SPLIT_NAMES.filter((_, part) => parts.includes(part))
  return names.length === 0 ? file : `${file} (${names.join(', ')})`
}

/** Photos of one key, divided into those that are equal to the last byte. */
async function equalFiles(group: readonly number[], images: readonly DatasetImage[]): Promise<number[][]> {
  if (group.length === 1) return [[...group]]
  const byContent = new Map<string, number[]>()
  for (const i of group) {
    const bytes = await readRegularFile(images[i]!.path)
    const digest = createHash('sha256').update(bytes).digest('hex')
    const same = byContent.get(digest)
    if (same === undefined) byContent.set(digest, [i])
    else same.push(i)
  }
  return [...byContent.values()]
}
