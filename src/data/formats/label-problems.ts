/** @file Faults of a data set's labels as a whole. */
import type { DetectionDataset } from './dataset.js'
import { SPLIT_NAMES } from './dataset.js'
import type { ProblemList } from './problems.js'

/** Looks for classes without a name or objects, photos that are listed twice, and boxes of another unit. */
export function checkLabels(
  { classNames, images, splits }: Pick<DetectionDataset, 'classNames' | 'images' | 'splits'>,
  problems: ProblemList,
): void {
  const counts = new Array<number>(classNames.length).fill(0)
  let largest = 0
  for (const { objects } of images) {
    for (const { label, box } of objects) {
      counts[label]!++
      largest = Math.max(largest, ...box)
    }
  }
  const objects = counts.reduce((sum, count) => sum + count, 0)
  if (objects === 0) problems.add('no-objects', `${images.length} photos, ${classNames.length} classes`)
  else if (largest <= 1) problems.add('boxes-look-relative', `all ${objects} boxes lie within 0..1`)
  for (const [label, name] of classNames.entries()) {
    if (name.trim() === '') problems.add('class-name-empty', `class ${label}`)
    if (counts[label] === 0 && objects > 0) problems.add('class-unused', `'${name}'`)
  }
  for (const split of SPLIT_NAMES) {
    const paths = new Set<string>()
    for (const i of splits[split] ?? []) {
      const { path, file } = images[i]!
      if (paths.has(path)) problems.add('image-listed-twice', `${split}: ${file}`)
      paths.add(path)
    }
  }
}
