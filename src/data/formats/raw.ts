/** @file What a format's reader hands on: labels as they are written, before photo sizes are known and boxes checked. */
import type { Segmentation, SplitName, UnreadField } from './dataset.js'

/** An object as its annotation file has it. */
export interface RawObject {
  readonly label: number
  /** xmin, ymin, xmax, ymax; in pixels, or, in a `relative` photo, as fractions of its size. */
  readonly corners: readonly [number, number, number, number]
  /** Where it stands, for people: `annotation 17`, `line 3`. */
  readonly place: string
  readonly area?: number
  readonly crowd?: boolean
  readonly difficult?: boolean
  readonly segmentation?: Segmentation
  readonly annotationId?: number | string
}

/** A photo as its annotation file has it. */
export interface RawImage {
  readonly id: number | string
  readonly file: string
  readonly path: string
  readonly missing: boolean
  /** The file with its labels, for people. */
  readonly annotationFile: string
  readonly splits: readonly SplitName[]
  readonly width?: number | undefined
  readonly height?: number | undefined
  readonly relative?: boolean
  readonly objects: readonly RawObject[]
}

/** A data set as its files have it. */
export interface RawDataset {
  readonly classNames: readonly string[]
  readonly categoryIds: readonly number[]
  readonly annotationFiles: readonly string[]
  readonly images: readonly RawImage[]
  readonly unread?: readonly UnreadField[]
}
