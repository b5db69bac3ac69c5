/** @file The classes of page parts. Their meaning is in LABELS.md. */

/** DocLayNet's names in DocLayNet's order; the category id of a class in COCO files is its index plus one. */
export const PAGE_CLASSES = [
  'Caption',
  'Footnote',
  'Formula',
  'List-item',
  'Page-footer',
  'Page-header',
  'Picture',
  'Section-header',
  'Table',
  'Text',
  'Title',
] as const

export type PageClass = (typeof PAGE_CLASSES)[number]

/** Which pages a vocabulary, font or template may occur on. */
export type Split = 'train' | 'val'

export const SPLITS: readonly Split[] = ['train', 'val']
