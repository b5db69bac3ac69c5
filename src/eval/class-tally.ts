/** @file What the detections of one class turned out to be in all photos, and the precision and recall that follow. */
import { AREA_RANGES, IOU_THRESHOLDS, MAX_DETECTIONS, RECALL_POINTS } from './coco-parameters.js'
import { RecallCurve } from './recall-curve.js'
import { indicesUpTo, sortByScore } from './stable-order.js'

const [T, R, A, M] = [IOU_THRESHOLDS.length, RECALL_POINTS.length, AREA_RANGES.length, MAX_DETECTIONS.length]

/** The arrays of an evaluation with K classes; -1 where there is no ground truth. */
export interface PrecisionRecall {
  /** [T, R, K, A, M]: the best precision at this recall or more. */
  readonly precision: Float64Array
  /** [T, K, A, M]: the highest recall. */
  readonly recall: Float64Array
  /** [T, R, K, A, M]: the score at which that recall is reached; 0 where it is not. */
  readonly scores: Float64Array
}

/** Outcomes of the detections of one class, photo by photo. */
export class ClassTally {
  /** Number of detections. */
  size = 0
  /** Objects to find, per area range. */
  readonly objects: Int32Array = new Int32Array(A)
  #scores = new Float64Array(256)
  /** Place of each detection among those of its photo, best score first. */
  #ranks = new Uint16Array(256)
  /** Per area range and detection: bit t is set where it found an object. */
  #right: Uint16Array[] = Array.from({ length: A }, () => new Uint16Array(256))
  /** Per area range and detection: bit t is set where it found none and should have. */
  #wrong: Uint16Array[] = Array.from({ length: A }, () => new Uint16Array(256))
  readonly #curve: RecallCurve = new RecallCurve(RECALL_POINTS)

  /** Forgets everything. */
  clear(): void {
    this.size = 0
    this.objects.fill(0)
  }

  /** Adds a detection; its outcomes follow by `setOutcomes`. */
  add(score: number, rank: number): void {
    if (this.size === this.#scores.length) this.#grow()
    this.#scores[this.size] = score
    this.#ranks[this.size] = rank
    this.size++
  }

  /** Sets the outcomes of detection `slot` in area range `a`: bit t of `right` and `wrong` is that at threshold t. */
  setOutcomes(slot: number, a: number, right: number, wrong: number): void {
    this.#right[a]![slot] = right
    this.#wrong[a]![slot] = wrong
  }

  #grow(): void {
    const longer = (old: Uint16Array): Uint16Array => {
      const array = new Uint16Array(2 * old.length)
      array.set(old)
      return array
    }
    const scores = new Float64Array(2 * this.#scores.length)
    scores.set(this.#scores)
    this.#scores = scores
    this.#ranks = longer(this.#ranks) as Uint16Array<ArrayBuffer>
    this.#right = this.#right.map(longer)
    this.#wrong = this.#wrong.map(longer)
  }

  /** Writes precision, recall and scores of class `k` of `classes`. */
  accumulate(k: number, classes: number, into: PrecisionRecall): void {
    const ordered = indicesUpTo(this.size)
    sortByScore(ordered, this.#scores)
    for (let m = 0; m < M; m++) {
      const limit = MAX_DETECTIONS[m]!
      const slots = ordered.filter((slot) => this.#ranks[slot]! < limit)
      for (let a = 0; a < A; a++) {
        const objects = this.objects[a]!
        if (objects === 0) continue
        const [right, wrong] = [pick(this.#right[a]!, slots), pick(this.#wrong[a]!, slots)]
        for (let t = 0; t < T; t++) {
          this.#curve.compute(right, wrong, t, objects)
          into.recall[((t * classes + k) * A + a) * M + m] = this.#curve.highestRecall
          const { precision, place } = this.#curve
          for (let r = 0; r < R; r++) {
            const at = (((t * R + r) * classes + k) * A + a) * M + m
            into.precision[at] = precision[r]!
            into.scores[at] = place[r]! < 0 ? 0 : this.#scores[slots[place[r]!]!]!
          }
        }
      }
    }
  }
}

function pick(values: Uint16Array, slots: Int32Array): Uint16Array {
  const picked = new Uint16Array(slots.length)
  for (let i = 0; i < slots.length; i++) picked[i] = values[slots[i]!]!
  return picked
}
