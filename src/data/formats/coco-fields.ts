/** @file What COCO files hold and nobody reads: key points, licences, super-categories. Converting loses it. */
import type { CocoContent } from './coco.js'
import type { UnreadField } from './dataset.js'

type Entry = Readonly<Record<string, unknown>>

const LISTS = ['images', 'annotations', 'categories'] as const

const READ: Readonly<Record<(typeof LISTS)[number], ReadonlySet<string>>> = {
  images: new Set(['id', 'file_name', 'width', 'height']),
  annotations: new Set([
    'id',
    'image_id',
    'category_id',
    'bbox',
    'area',
    'iscrowd',
    'ignore',
    'difficult',
    'segmentation',
  ]),
  categories: new Set(['id', 'name']),
}

/**
 * Counts the fields that hold something and are not read, the most frequent first.
 * @param values the parsed files, in the order of `contents`; a list beside the three known ones counts its entries.
 */
export function unreadFields(values: readonly unknown[], contents: readonly CocoContent[]): UnreadField[] {
  const counts = new Map<string, number>()
  const add = (field: string, count: number): void => {
    counts.set(field, (counts.get(field) ?? 0) + count)
  }
  for (const [i, content] of contents.entries()) {
    for (const [key, value] of Object.entries(values[i] as Entry)) {
      if (LISTS.some((name) => name === key) || isEmpty(value) || isName(key, value)) continue
      add(key, Array.isArray(value) ? value.length : 1)
    }
    for (const list of LISTS) {
      for (const entry of content[list]) {
        for (const key of Object.keys(entry)) if (!READ[list].has(key) && !isEmpty(entry[key])) add(key, 1)
      }
    }
  }
  return [...counts]
    .map(([field, count]) => ({ field, count }))
    .sort((a, b) => b.count - a.count || (a.field < b.field ? -1 : 1))
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

/** A data set's name alone is no loss: what is written has one too. */
function isName(key: string, value: unknown): boolean {
  if (key !== 'info' || typeof value !== 'object' || value === null) return false
  return Object.entries(value).every(([name, content]) => name === 'description' || isEmpty(content))
}
