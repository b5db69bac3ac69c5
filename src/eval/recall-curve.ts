/** @file Precision at given recalls, read off a list of detections that is ordered by score. */

/** numpy.spacing(1): keeps 0 / 0 from arising. */
const SPACING = 2 ** -52

/** The precision-recall curve of one class at one threshold; its arrays are used again for the next. */
export class RecallCurve {
  readonly #recalls: readonly number[]
  /** Per right detection: precision there, then the best precision there or later. */
  #precisions = new Float64Array(64)
  /** Per right detection: its place in the list. */
  #places = new Int32Array(64)
  /** Per recall point: the best precision at that recall or more; 0 where it is not reached. */
  readonly precision: Float64Array
  /** Per recall point: place of the detection at which it is reached, or -1. */
  readonly place: Int32Array
  /** The highest recall; 0 without detections. */
  highestRecall = 0

  /** @param recalls rising, the first 0 */
  constructor(recalls: readonly number[]) {
    this.#recalls = recalls
    this.precision = new Float64Array(recalls.length)
    this.place = new Int32Array(recalls.length)
  }

  /**
   * Computes the curve.
   * @param right bit t of number i: detection i found an object
   * @param wrong bit t of number i: detection i found nothing where it should have; with neither it is passed over
   * @param objects number of objects to find, at least 1
   */
  compute(right: Uint16Array, wrong: Uint16Array, t: number, objects: number): void {
    const { length } = right
    if (this.#places.length < length) {
      this.#precisions = new Float64Array(2 * length)
      this.#places = new Int32Array(2 * length)
    }
    const [precisions, places, bit] = [this.#precisions, this.#places, 1 << t]
    let [found, failed] = [0, 0]
    for (let i = 0; i < length; i++) {
      if ((right[i]! & bit) !== 0) {
        places[found++] = i
        precisions[found - 1] = found / (failed + found + SPACING)
      } else if ((wrong[i]! & bit) !== 0) failed++
    }
    for (let j = found - 1; j > 0; j--) {
      if (precisions[j]! > precisions[j - 1]!) precisions[j - 1] = precisions[j]!
    }
    this.highestRecall = found / objects
    let j = 0
    for (let r = 0; r < this.#recalls.length; r++) {
      while (j < found && (j + 1) / objects < this.#recalls[r]!) j++
      // Recall 0 is reached by the first detection, right or wrong.
      this.place[r] = j === found ? -1 : places[j]!
      this.precision[r] = j === found ? 0 : precisions[j]!
    }
    if (this.#recalls[0] === 0) this.place[0] = length === 0 ? -1 : 0
  }
}
