/**
 * @file A detection data set in memory, the same whatever format it had on disk. A `label` is the contiguous index that
 * networks are trained on, a category id is what the data set calls the class; the two meet only in this folder.
 */
import type { DatasetProblem } from './problems.js'

/** The formats that are read and written. */
export type DatasetFormat = 'coco' | 'voc' | 'yolo' | 'csv'

/** All formats, by name. */
export const DATASET_FORMATS: readonly DatasetFormat[] = ['coco', 'voc', 'yolo', 'csv']

/** The parts that a data set may be divided into. */
export type SplitName = 'train' | 'val' | 'test'

/** All splits, in the order in which they are shown. */
export const SPLIT_NAMES: readonly SplitName[] = ['train', 'val', 'test']

/** Edges in float pixels of the upright photo: pixel (0, 0) covers 0..1 in x and in y. */
export type PixelBox = readonly [xmin: number, ymin: number, xmax: number, ymax: number]

/** A COCO mask, as its file has it: polygons as lists x, y, x, y … in pixels, or run lengths in column order. */
export type Segmentation =
  | readonly (readonly number[])[]
  | { readonly size: readonly number[]; readonly counts: string | readonly number[] }

/** One labelled object. */
export interface DatasetObject {
  /** Index into `DetectionDataset.classNames`. */
  readonly label: number
  /** Clamped to the photo; always of positive width and height. */
  readonly box: PixelBox
  /** Square pixels as the data set states them (in COCO those of the mask); the box's own where left out. */
  readonly area?: number
  /** A region of many objects: not trained on, and ignored where an evaluation meets it. */
  readonly crowd?: boolean
  /** Hard to see, so that Pascal VOC's evaluation ignores it. */
  readonly difficult?: boolean
  readonly segmentation?: Segmentation
  /** The object's own id, where the format has one. */
  readonly annotationId?: number | string
}

/** One photo with its objects; none for a photo of background alone. */
export interface DatasetImage {
  /** The data set's own id, or what names the photo where the format has no ids. */
  readonly id: number | string
  /** The photo's name as the data set writes it, for people. */
  readonly file: string
  /** Where the file is. */
  readonly path: string
  /** True when there is no such file. */
  readonly missing?: boolean
  /** Pixels of the upright photo, as the data set states them or else as the file's header says. */
  readonly width?: number
  readonly height?: number
  readonly objects: readonly DatasetObject[]
}

/** A field of annotation files that is not read. */
export interface UnreadField {
  readonly field: string
  /** How many entries have it. */
  readonly count: number
}

/** A labelled set of photos. Plain data: it can be posted to worker threads. */
export interface DetectionDataset {
  readonly name: string
  readonly format: DatasetFormat
  /** Its folder, an absolute path. */
  readonly folder: string
  /** What its labels were read from, relative to `folder`: files, or a pattern in formats with a file a photo. */
  readonly annotationFiles: readonly string[]
  /** Names by label. */
  readonly classNames: readonly string[]
  /** The data set's own ids by label. */
  readonly categoryIds: readonly number[]
  readonly images: readonly DatasetImage[]
  /**
   * Positions in `images`, by split. Holds only the splits that the data set has; a photo may be in none (when the data
   * set has no splits) or, by its author's mistake, in several.
   */
  readonly splits: Readonly<Partial<Record<SplitName, readonly number[]>>>
  /** What annotation files hold besides, such as key points, the most frequent first; left out where there is nothing. */
  readonly unread?: readonly UnreadField[]
  /** What was found while reading, and what became of it. */
  readonly problems: readonly DatasetProblem[]
}

/** Positions in `images` that are in no split. */
export function imagesWithoutSplit({ images, splits }: Pick<DetectionDataset, 'images' | 'splits'>): number[] {
  const divided = new Set(SPLIT_NAMES.flatMap((name) => splits[name] ?? []))
  return images.flatMap((_, i) => (divided.has(i) ? [] : [i]))
}
