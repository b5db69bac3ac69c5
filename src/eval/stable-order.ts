/** @file Stable sorting of indices: what numpy's mergesort does to scores, and counting sort by photo and class. */

/** Longest stretch that is sorted by insertion. */
const STRETCH = 16

/** Sorts `items` in place so that `scores[item]` falls; equal scores keep their order. Scores are not NaN. */
export function sortByScore(items: Int32Array, scores: Float64Array): void {
  const { length } = items
  for (let from = 0; from < length; from += STRETCH)
    insertionSort(items, scores, from, Math.min(from + STRETCH, length))
  if (length <= STRETCH) return
  let [source, target]: [Int32Array, Int32Array] = [items, new Int32Array(length)]
  for (let size = STRETCH; size < length; size *= 2) {
    for (let from = 0; from < length; from += 2 * size) {
      merge(source, target, scores, from, Math.min(from + size, length), Math.min(from + 2 * size, length))
    }
    ;[source, target] = [target, source]
  }
  if (source !== items) items.set(source)
}

function insertionSort(items: Int32Array, scores: Float64Array, from: number, to: number): void {
  for (let i = from + 1; i < to; i++) {
    const item = items[i]!
    const score = scores[item]!
    let j = i - 1
    while (j >= from && scores[items[j]!]! < score) {
      items[j + 1] = items[j]!
      j--
    }
    items[j + 1] = item
  }
}

function merge(
  source: Int32Array,
  target: Int32Array,
  scores: Float64Array,
  from: number,
  middle: number,
  to: number,
): void {
  let [left, right] = [from, middle]
  for (let i = from; i < to; i++) {
    const takeRight = left === middle || (right < to && scores[source[right]!]! > scores[source[left]!]!)
    target[i] = takeRight ? source[right++]! : source[left++]!
  }
}

/** `items` in rising order of `keys[item]`, 0 to `count` - 1; equal keys keep their order, negative ones fall out. */
export function orderByKey(items: Int32Array, keys: Int32Array, count: number): Int32Array {
  const next = new Int32Array(count + 1)
  let kept = 0
  for (const item of items) {
    const key = keys[item]!
    if (key < 0) continue
    next[key + 1]!++
    kept++
  }
  for (let key = 0; key < count; key++) next[key + 1]! += next[key]!
  const ordered = new Int32Array(kept)
  for (const item of items) {
    const key = keys[item]!
    if (key >= 0) ordered[next[key]!++] = item
  }
  return ordered
}

/** The indices 0 to `count` - 1. */
export function indicesUpTo(count: number): Int32Array {
  const indices = new Int32Array(count)
  for (let i = 0; i < count; i++) indices[i] = i
  return indices
}
