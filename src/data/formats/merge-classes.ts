/** @file Classes of the same name become one: names are what weights, detections and other formats tell classes by. */
import type { ProblemList } from './problems.js'
import type { RawDataset } from './raw.js'

/** The data set with one class a name, under the first one's label and id. Classes without a name stay apart. */
export function withMergedClasses(raw: RawDataset, problems: ProblemList): RawDataset {
  const { classNames, categoryIds } = raw
  const seen = new Map<string, number>()
  const firsts = classNames.map((name, label) => {
    const first = name.trim() === '' ? label : (seen.get(name) ?? label)
    seen.set(name, first)
    return first
  })
  const kept = firsts.flatMap((first, label) => (first === label ? [label] : []))
  if (kept.length === classNames.length) return raw
  for (const [label, first] of firsts.entries()) {
    if (first === label) continue
    const ids = `${categoryIds[first]} and ${categoryIds[label]}`
    problems.add('class-name-repeated', `'${classNames[label]}' has the ids ${ids}`)
  }
  const newLabel = new Map(kept.map((label, i) => [label, i]))
  return {
    ...raw,
    classNames: kept.map((label) => classNames[label]!),
    categoryIds: kept.map((label) => categoryIds[label]!),
    images: raw.images.map((image) => ({
      ...image,
      objects: image.objects.map((object) => ({ ...object, label: newLabel.get(firsts[object.label]!)! })),
    })),
  }
}
