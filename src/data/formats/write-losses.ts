/** @file What a format cannot hold of a data set, in sentences. */
import type { DatasetFormat, DetectionDataset, UnreadField } from './dataset.js'
import { vocClassNames, vocFit } from './write-voc.js'

/** Fields that are named when they are lost; there may be any number. */
const FIELDS_SHOWN = 8

/** One sentence for each kind of thing that is lost or changed. */
export function formatLosses(dataset: DetectionDataset, format: DatasetFormat): string[] {
  const { images, classNames, categoryIds, unread } = dataset
  let [crowd, difficult, masks, tiny, thin, areas, outside, cut] = [0, 0, 0, 0, 0, 0, 0, 0]
  for (const { objects } of images) {
    for (const object of objects) {
      const [width, height] = [object.box[2] - object.box[0], object.box[3] - object.box[1]]
      if (object.crowd === true) crowd++
      if (object.difficult === true) difficult++
      if (object.segmentation !== undefined) masks++
      const own = width * height
      if (object.area !== undefined && Math.abs(object.area - own) > 1e-6 * own) areas++
      const fit = vocFit(object)
      if (fit === 'cut') cut++
      if (fit === 'outside') outside++
      else if (fit === 'tiny') tiny++
      else if (Math.min(width, height) < 1) thin++
    }
  }
  const losses = unreadLosses(unread ?? [])
  const say = (count: number, sentence: string): void => {
    if (count > 0) losses.push(`${count} ${sentence}`)
  }
  if (format === 'coco') return losses
  say(masks, 'masks are lost: the format has boxes only.')
  if (masks === 0) say(areas, 'areas that are not those of the boxes are lost: the format has none.')
  if (format === 'yolo') {
    say(crowd, 'crowd regions are left out: YOLO would take each for one object.')
    say(difficult, 'marks of difficult objects are lost: YOLO has none.')
  }
  if (format === 'voc') {
    say(crowd, 'crowd regions become difficult objects: Pascal VOC has no crowds.')
    say(outside, 'boxes outside their photo are left out: Pascal VOC counts pixels from 1.')
    say(cut, 'boxes that begin before their photo are cut at its edge: Pascal VOC counts pixels from 1.')
    say(tiny, 'boxes of one pixel or less are left out: Pascal VOC counts whole pixels.')
    say(thin, 'boxes thinner than a pixel become one pixel wide: Pascal VOC counts whole pixels.')
    losses.push(...nameLosses(classNames))
  }
  const first = format === 'yolo' ? 0 : 1
  if (format !== 'csv' && categoryIds.some((id, label) => id !== label + first)) {
    losses.push(`The category ids are counted from ${first}: the format has none of its own.`)
  }
  return losses
}

function unreadLosses(unread: readonly UnreadField[]): string[] {
  if (unread.length === 0) return []
  const shown = unread.slice(0, FIELDS_SHOWN).map(({ field, count }) => `${field.slice(0, 40)} (${count})`)
  const more = unread.length > FIELDS_SHOWN ? ` and ${unread.length - FIELDS_SHOWN} more` : ''
  return [`What the files hold besides is not read, and lost: ${shown.join(', ')}${more}.`]
}

function nameLosses(classNames: readonly string[]): string[] {
  const names = vocClassNames(classNames)
  const changed = classNames.flatMap((name, label) => (name === names[label] ? [] : [label]))
  if (changed.length === 0) return []
  const [first] = changed
  const example = `${JSON.stringify(classNames[first!])} is ${JSON.stringify(names[first!])}, for instance`
  const losses = [
    `${changed.length} class names are changed, since Pascal VOC has a line of text for each: ${example}.`,
  ]
  const merged = new Set(classNames).size - new Set(names).size
  if (merged > 0) losses.push(`${merged} classes become one with another, whose name is then the same.`)
  return losses
}
