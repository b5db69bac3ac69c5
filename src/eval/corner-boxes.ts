/** @file Notices boxes that were written as two corners where COCO has one corner and a size. */

/** Counts boxes that do not fit their photo unless their last two numbers are a corner. */
export class CornerBoxes {
  #boxes = 0
  #fitting = 0

  /** @param size height and width of the box's photo, pixels; 0 where unknown */
  add([x, y, w, h]: readonly number[], [height, width]: readonly [height: number, width: number]): void {
    if (height === 0) return
    this.#boxes++
    // A pixel of tolerance: rounded boxes may reach over the edge.
    const leaves = x! + w! > width + 1 || y! + h! > height + 1
    const fitsAsCorners = w! > x! && h! > y! && w! <= width + 1 && h! <= height + 1
    if (leaves && fitsAsCorners) this.#fitting++
  }

  /** Whether that holds for more than half of them. */
  get suspected(): boolean {
    return 2 * this.#fitting > this.#boxes
  }

  /** The sentence for the report. */
  note(name: string): string {
    const share = `${this.#fitting} of ${this.#boxes} boxes`
    return `${name}: ${share} reach out of their photos and look like [xmin, ymin, xmax, ymax]; COCO has [x, y, width, height].`
  }
}
