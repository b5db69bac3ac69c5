/** @file Evaluates one class in one photo at all thresholds and area ranges: pycocotools' evaluateImg. */
import type { ClassTally } from './class-tally.js'
import { AREA_RANGES, effectiveThreshold, IOU_THRESHOLDS, isOutsideArea, MAX_DETECTIONS } from './coco-parameters.js'
import type { DetectionColumns } from './detections.js'
import type { GroundTruthColumns } from './ground-truth.js'
import { ignoredLast, matchGreedily } from './matching.js'
import type { Overlaps } from './overlaps.js'
import type { PhotoGroup } from './photo-groups.js'

const THRESHOLDS = IOU_THRESHOLDS.map(effectiveThreshold)
const ALL_THRESHOLDS = 2 ** THRESHOLDS.length - 1
const MOST_DETECTIONS = MAX_DETECTIONS.at(-1)!

/** Judges group after group into a tally; its arrays are used again. */
export class GroupJudge {
  readonly #groundTruth: GroundTruthColumns
  readonly #detections: DetectionColumns
  readonly #overlaps: Overlaps
  readonly #rows: Int32Array = new Int32Array(MOST_DETECTIONS)
  readonly #matches: Int32Array = new Int32Array(MOST_DETECTIONS)
  readonly #right: Uint16Array = new Uint16Array(MOST_DETECTIONS)
  readonly #wrong: Uint16Array = new Uint16Array(MOST_DETECTIONS)
  #crowd: Uint8Array = new Uint8Array(16)
  #ignored: Uint8Array = new Uint8Array(16)
  #taken: Uint8Array = new Uint8Array(16)
  #order: Int32Array = new Int32Array(16)

  constructor(groundTruth: GroundTruthColumns, detections: DetectionColumns, overlaps: Overlaps) {
    this.#groundTruth = groundTruth
    this.#detections = detections
    this.#overlaps = overlaps
  }

  /** Adds the outcomes of a group to the tally of its class. */
  judge({ annotations, detections }: PhotoGroup, tally: ClassTally): void {
    const { area, score } = this.#detections
    const limited = detections.subarray(0, MOST_DETECTIONS)
    const first = tally.size
    for (let d = 0; d < limited.length; d++) tally.add(score[limited[d]!]!, d)
    const found = this.#findCandidates(limited, annotations)
    for (let a = 0; a < AREA_RANGES.length; a++) {
      tally.objects[a]! += this.#ignoreBy(a, annotations)
      for (let d = 0; d < limited.length; d++) {
        this.#right[d] = 0
        this.#wrong[d] = isOutsideArea(area[limited[d]!]!, a) ? 0 : ALL_THRESHOLDS
      }
      if (found !== undefined) this.#match(found, annotations)
      for (let d = 0; d < limited.length; d++) tally.setOutcomes(first + d, a, this.#right[d]!, this.#wrong[d]!)
    }
  }

  /** The IoUs, the rows of detections that reach some threshold, and how many thresholds the best of them reaches. */
  #findCandidates(detections: Int32Array, annotations: Int32Array): Candidates | undefined {
    const count = annotations.length
    if (count === 0 || detections.length === 0) return undefined
    if (this.#crowd.length < count) {
      this.#crowd = new Uint8Array(2 * count)
      this.#ignored = new Uint8Array(2 * count)
      this.#taken = new Uint8Array(2 * count)
      this.#order = new Int32Array(2 * count)
    }
    for (let g = 0; g < count; g++) this.#crowd[g] = this.#groundTruth.crowd[annotations[g]!]!
    const ious = this.#overlaps.between(detections, annotations)
    let [rows, highest] = [0, 0]
    for (let d = 0; d < detections.length; d++) {
      let reached = 0
      for (let g = 0; g < count; g++) {
        const iou = ious[d * count + g]!
        while (reached < THRESHOLDS.length && !(iou < THRESHOLDS[reached]!)) reached++
      }
      if (reached > 0) this.#rows[rows++] = d
      if (reached > highest) highest = reached
    }
    return rows === 0 ? undefined : { ious, rows: this.#rows.subarray(0, rows), thresholds: highest }
  }

  /** Marks annotations that need not be found in area range `a`; returns the number of the others. */
  #ignoreBy(a: number, annotations: Int32Array): number {
    const { ignored: apart, area } = this.#groundTruth
    let objects = 0
    for (let g = 0; g < annotations.length; g++) {
      const ignored = apart[annotations[g]!] === 1 || isOutsideArea(area[annotations[g]!]!, a)
      if (!ignored) objects++
      // Too short only where there are no detections: then nobody reads it.
      this.#ignored[g] = ignored ? 1 : 0
    }
    return objects
  }

  #match({ ious, rows, thresholds }: Candidates, annotations: Int32Array): void {
    const ids = this.#groundTruth.id
    const [matches, ignored] = [this.#matches, this.#ignored]
    ignoredLast(ignored, annotations.length, this.#order)
    const order = this.#order
    const problem = { rows, annotations: annotations.length, ious, crowd: this.#crowd, ignored, order }
    for (let t = 0; t < thresholds; t++) {
      matchGreedily(problem, THRESHOLDS[t]!, matches, this.#taken)
      for (const d of rows) {
        const match = matches[d]!
        if (match < 0) continue
        if (ignored[match] === 1) this.#wrong[d]! &= ~(1 << t)
        else if (ids[annotations[match]!] !== 0) {
          this.#wrong[d]! &= ~(1 << t)
          this.#right[d]! |= 1 << t
        }
        // An annotation with id 0 is taken, but pycocotools writes its id down as "no match".
      }
    }
  }
}

interface Candidates {
  readonly ious: Float64Array
  readonly rows: Int32Array
  readonly thresholds: number
}
