/** @file IoU between detections and annotations, for boxes and for masks behind one interface. */
import { boxIouAt } from './box-iou.js'
import type { DetectionColumns } from './detections.js'
import type { GroundTruthColumns } from './ground-truth.js'
import { MaskBatch } from './mask-batch.js'

/** Computes the IoU of each detection with each annotation of one photo. */
export interface Overlaps {
  /** @returns IoU row by row: [detections, annotations]; valid until the next call */
  between(detections: Int32Array, annotations: Int32Array): Float64Array
}

/** The overlaps of boxes where boxes were read, else of masks. */
export function overlapsOf(groundTruth: GroundTruthColumns, detections: DetectionColumns): Overlaps {
  const withMasks = groundTruth.masks.length > 0 || detections.masks.length > 0
  return withMasks ? new MaskOverlaps(groundTruth, detections) : new BoxOverlaps(groundTruth, detections)
}

class BoxOverlaps implements Overlaps {
  readonly #groundTruth: GroundTruthColumns
  readonly #detections: DetectionColumns
  #matrix: Float64Array = new Float64Array(0)

  constructor(groundTruth: GroundTruthColumns, detections: DetectionColumns) {
    this.#groundTruth = groundTruth
    this.#detections = detections
  }

  between(detections: Int32Array, annotations: Int32Array): Float64Array {
    const { boxes: gt, crowd } = this.#groundTruth
    const { boxes: dt } = this.#detections
    const matrix = roomFor(detections.length * annotations.length, this.#matrix)
    this.#matrix = matrix
    let at = 0
    for (const d of detections)
      for (const g of annotations) matrix[at++] = boxIouAt(dt, 4 * d, gt, 4 * g, crowd[g] === 1)
    return matrix
  }
}

class MaskOverlaps implements Overlaps {
  readonly #groundTruth: GroundTruthColumns
  readonly #detections: DetectionColumns
  readonly #gtMasks: MaskBatch = new MaskBatch()
  readonly #dtMasks: MaskBatch = new MaskBatch()
  #matrix: Float64Array = new Float64Array(0)

  constructor(groundTruth: GroundTruthColumns, detections: DetectionColumns) {
    this.#groundTruth = groundTruth
    this.#detections = detections
  }

  between(detections: Int32Array, annotations: Int32Array): Float64Array {
    const { masks, crowd, photo, photos } = this.#groundTruth
    const [gt, dt] = [this.#gtMasks, this.#dtMasks]
    const matrix = roomFor(detections.length * annotations.length, this.#matrix)
    this.#matrix = matrix
    gt.clear()
    dt.clear()
    for (const g of annotations) gt.add(masks[g]!, ...photos.sizes[photo[g]!]!)
    for (const d of detections) dt.add(this.#detections.masks[d]!, ...photos.sizes[this.#detections.photo[d]!]!)
    let at = 0
    for (let i = 0; i < detections.length; i++) {
      for (let j = 0; j < annotations.length; j++) matrix[at++] = dt.iou(i, gt, j, crowd[annotations[j]!] === 1)
    }
    return matrix
  }
}

function roomFor(length: number, matrix: Float64Array): Float64Array {
  return matrix.length >= length ? matrix : new Float64Array(2 * length)
}
