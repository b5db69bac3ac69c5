/** @file The model in the box on the example pages. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeImage, type RgbImage } from '../src/data/index.node.js'
import { type ImageDetections, loadDetector } from '../src/detect/index.node.js'
import { drawDetections } from '../src/draw/index.js'
import { DEFAULT_DETECTOR, PAGE_CLASSES } from '../src/models/index.js'

const PAGES = join('examples', 'pages')

/** A page, what was found on it, and the picture of both. */
export interface JudgedPage {
  readonly name: string
  readonly result: ImageDetections
  readonly drawn: RgbImage
}

/** Finds the parts of every example page, one after the other. */
export async function* findPageParts(): AsyncGenerator<JudgedPage, void, void> {
  const detector = await loadDetector(DEFAULT_DETECTOR)
  try {
    for (const file of (await readdir(PAGES)).filter((name) => name.endsWith('.jpg')).sort()) {
      const path = join(PAGES, file)
      const [result] = await detector.detect([path])
      const drawn = drawDetections(await decodeImage(path), result!.detections, { classes: PAGE_CLASSES })
      yield { name: file.replace(/\.jpg$/, ''), result: result!, drawn }
    }
  } finally {
    await detector.dispose()
  }
}

/** "4 Text, 2 Picture": how many of each class, most first. */
export function countsOf({ detections }: ImageDetections): string {
  const counts = new Map<string, number>()
  for (const { label } of detections) counts.set(label, (counts.get(label) ?? 0) + 1)
  const sorted = [...counts].sort(([, a], [, b]) => b - a)
  return sorted.map(([label, count]) => `${count} ${label}`).join(', ')
}
