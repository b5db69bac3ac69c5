/** @file Detections and annotations of one class in one photo, in pycocotools' order: photos by id, scores falling. */
import type { DetectionColumns } from './detections.js'
import type { GroundTruthColumns } from './ground-truth.js'
import { indicesUpTo, orderByKey, sortByScore } from './stable-order.js'

/** One class in one photo; at least one of the lists is not empty. */
export interface PhotoGroup {
  /** Index of the photo. */
  readonly photo: number
  /** Indices of annotations, in the file's order. */
  readonly annotations: Int32Array
  /** Indices of detections, highest score first, equal ones in the file's order. */
  readonly detections: Int32Array
}

/** Groups by class, then photo. */
export class PhotoGroups {
  readonly #annotations: Groupable
  readonly #detections: Groupable
  readonly #scores: Float64Array

  constructor(groundTruth: GroundTruthColumns, detections: DetectionColumns) {
    const [classes, photos] = [groundTruth.categories.length, groundTruth.photos.ids.length]
    this.#annotations = new Groupable(groundTruth.category, groundTruth.photo, classes, photos)
    this.#detections = new Groupable(detections.category, detections.photo, classes, photos)
    this.#scores = detections.score
  }

  /** The groups of class number `category`, photos in ascending order. */
  *ofClass(category: number): Generator<PhotoGroup> {
    const [gt, dt] = [this.#annotations, this.#detections]
    let [g, d] = [gt.starts[category]!, dt.starts[category]!]
    const [gEnd, dEnd] = [gt.starts[category + 1]!, dt.starts[category + 1]!]
    while (g < gEnd || d < dEnd) {
      const photo = Math.min(gt.photoAt(g, gEnd), dt.photoAt(d, dEnd))
      const [gNext, dNext] = [gt.endOf(photo, g, gEnd), dt.endOf(photo, d, dEnd)]
      const detections = dt.order.subarray(d, dNext)
      sortByScore(detections, this.#scores)
      yield { photo, annotations: gt.order.subarray(g, gNext), detections }
      g = gNext
      d = dNext
    }
  }
}

/** Indices of records, ordered by class, then photo, then position. */
class Groupable {
  readonly order: Int32Array
  /** Where each class begins in `order`, and the end. */
  readonly starts: Int32Array
  readonly #photo: Int32Array

  constructor(category: Int32Array, photo: Int32Array, classes: number, photos: number) {
    this.order = orderByKey(orderByKey(indicesUpTo(photo.length), photo, photos), category, classes)
    this.starts = new Int32Array(classes + 1)
    for (const index of this.order) this.starts[category[index]! + 1]!++
    for (let k = 0; k < classes; k++) this.starts[k + 1]! += this.starts[k]!
    this.#photo = photo
  }

  photoAt(at: number, end: number): number {
    return at < end ? this.#photo[this.order[at]!]! : Number.MAX_SAFE_INTEGER
  }

  endOf(photo: number, at: number, end: number): number {
    let next = at
    while (next < end && this.#photo[this.order[next]!] === photo) next++
    return next
  }
}
