/** @file A detector judged on labelled photos, by COCO's measure. */
import type { DatasetImage } from '../data/formats/index.js'
import { requireStatedSize } from '../data/index.js'
import { type CocoAnnotation, type CocoDetection, type CocoEvaluation, evaluateCoco } from '../eval/index.js'
import type { Detector, ImageFile } from './detector.js'

/** Photos to judge on, and how. */
export interface DatasetEvaluation {
  readonly images: readonly DatasetImage[]
  /** Names by label, as the objects of the photos count them. */
  readonly classNames: readonly string[]
  /** Called after each photo with the number done. */
  readonly onProgress?: ((done: number) => void) | undefined
}

/**
 * Detects on every photo, at every score, and compares with its objects.
 * @throws ImageError, FileError for the first photo that cannot be read, or has another size than its labels state.
 */
export async function evaluateDetector(
  detector: Detector<ImageFile>,
  { images, classNames, onProgress }: DatasetEvaluation,
): Promise<CocoEvaluation> {
  // Detections name their class: labels of the same name are one class, the first one's.
  const categoryOf = new Map([...classNames.entries()].reverse().map(([label, name]) => [name, label + 1]))
  const detections: CocoDetection[] = []
  for await (const item of detector.stream(
    images.map(({ path }) => path),
    { threshold: 0 },
  )) {
    if ('error' in item) throw item.error
    requireStatedSize(images[item.index]!, item.result)
    for (const { label, score, box } of item.result.detections) {
      const category = categoryOf.get(label)
      if (category === undefined) continue
      const bbox = [box.xmin, box.ymin, box.xmax - box.xmin, box.ymax - box.ymin] as const
      detections.push({ image_id: item.index + 1, category_id: category, score, bbox })
    }
    onProgress?.(item.index + 1)
  }
  const annotations: CocoAnnotation[] = []
  const ignored = new Set<number>()
  images.forEach(({ objects }, index) => {
    for (const { label, box, area, crowd, difficult } of objects) {
      const [xmin, ymin, xmax, ymax] = box
      const id = annotations.length + 1
      if (difficult) ignored.add(id)
      annotations.push({
        id,
        image_id: index + 1,
        category_id: categoryOf.get(classNames[label]!)!,
        bbox: [xmin, ymin, xmax - xmin, ymax - ymin],
        area: area ?? (xmax - xmin) * (ymax - ymin),
        iscrowd: crowd ? 1 : 0,
      })
    }
  })
  const groundTruth = {
    images: images.map((_, index) => ({ id: index + 1 })),
    annotations,
    categories: classNames.map((name, label) => ({ id: label + 1, name })),
  }
  return evaluateCoco({ groundTruth, detections, ignored })
}
