/**
 * @file Pascal VOC's average precision: one threshold, each detection held against the object that it overlaps most.
 * Source: Everingham et al., The PASCAL Visual Object Classes Challenge, 2010, and the rules of its development kits.
 */
import { ConfigError } from '../tensor/index.js'
import { boxIou } from './box-iou.js'
import type { CocoBox } from './coco-records.js'
import { fieldFault, isNumberList } from './fault.js'

/**
 * One labelled object. VOC's files count pixels from 1 and include the last one: a box from xmin to xmax is
 * `[xmin - 1, ymin - 1, xmax - xmin + 1, ymax - ymin + 1]` here.
 */
export interface VocObject {
  readonly photo: string | number
  readonly label: string
  readonly box: CocoBox
  /** Need not be found, and finding it is not wrong. */
  readonly difficult?: boolean
}

export interface VocDetection {
  readonly photo: string | number
  readonly label: string
  readonly box: CocoBox
  readonly score: number
}

export interface VocRequest {
  readonly objects: readonly VocObject[]
  readonly detections: readonly VocDetection[]
  /** Least IoU of a detection and what it finds; 0.5 where absent. */
  readonly iou?: number
  /** `area`: under the whole curve, as from 2010 on; `11-point`: mean at recall 0, 0.1, …, 1, as until 2009. */
  readonly interpolation?: 'area' | '11-point'
}

export interface VocClassResult {
  readonly label: string
  /** 0..1; -1 where all objects are difficult. */
  readonly AP: number
  /** Objects that are not difficult. */
  readonly objects: number
  /** Per detection that counts, best score first. */
  readonly recall: Float64Array
  readonly precision: Float64Array
}

export interface VocResult {
  /** Mean AP of the classes that have objects to find; -1 where none has. */
  readonly mAP: number
  /** Classes of the objects, in the order of their labels. */
  readonly classes: readonly VocClassResult[]
}

/**
 * Evaluates detections by Pascal VOC's rules. Equal scores keep the order of the list; detections of classes that no
 * object has are not counted.
 * @throws FileError naming the first record whose box or score is no finite number; ConfigError for an IoU out of range.
 */
export function evaluateVoc({ objects, detections, iou = 0.5, interpolation = 'area' }: VocRequest): VocResult {
  if (!(iou > 0 && iou <= 1))
    throw new ConfigError({ where: 'iou', expected: 'a number above 0, up to 1', got: `${iou}` })
  checkRecords(objects, detections)
  const labels = [...new Set(objects.map(({ label }) => label))].sort()
  const [objectsOf, detectionsOf] = [byLabel(objects), byLabel(detections)]
  const classes = labels.map((label): VocClassResult => {
    const found = detectionsOf.get(label) ?? []
    const { positives, right } = judge(objectsOf.get(label)!, found, iou)
    const { recall, precision } = curveOf(right, positives)
    const average = interpolation === 'area' ? areaUnder(recall, precision) : elevenPoints(recall, precision)
    return { label, AP: positives === 0 ? -1 : average, objects: positives, recall, precision }
  })
  const counted = classes.filter(({ objects: count }) => count > 0)
  const mAP = counted.length === 0 ? -1 : counted.reduce((sum, { AP }) => sum + AP, 0) / counted.length
  return { mAP, classes }
}

function checkRecords(objects: readonly VocObject[], detections: readonly VocDetection[]): void {
  for (const [key, records] of Object.entries({ objects, detections })) {
    records.forEach(({ box }, i) => {
      if (!isNumberList(box, 4)) throw fieldFault({ name: 'VOC', key }, i, 'box', '[x, y, width, height]', box)
    })
  }
  detections.forEach(({ score }, i) => {
    if (Number.isFinite(score)) return
    throw fieldFault({ name: 'VOC', key: 'detections' }, i, 'score', 'a finite number', score)
  })
}

function byLabel<T extends { readonly label: string }>(records: readonly T[]): Map<string, T[]> {
  const lists = new Map<string, T[]>()
  for (const record of records) {
    const list = lists.get(record.label)
    if (list === undefined) lists.set(record.label, [record])
    else list.push(record)
  }
  return lists
}

interface Candidate {
  readonly object: VocObject
  found: boolean
}

/** Which of a class's detections, best score first, are right; those of difficult objects are left out. */
function judge(objects: readonly VocObject[], detections: readonly VocDetection[], iou: number) {
  const byPhoto = new Map<string | number, Candidate[]>()
  for (const object of objects) {
    const list = byPhoto.get(object.photo) ?? []
    list.push({ object, found: false })
    byPhoto.set(object.photo, list)
  }
  const right: boolean[] = []
  for (const { photo, box } of detections.toSorted((a, b) => b.score - a.score)) {
    let best: Candidate | undefined
    let highest = -1
    for (const candidate of byPhoto.get(photo) ?? []) {
      const overlap = boxIou(box, candidate.object.box)
      if (overlap <= highest) continue
      highest = overlap
      best = candidate
    }
    if (best === undefined || highest < iou) right.push(false)
    else if (best.object.difficult !== true) {
      right.push(!best.found)
      best.found = true
    }
  }
  return { positives: objects.filter(({ difficult }) => difficult !== true).length, right }
}

function curveOf(right: readonly boolean[], positives: number) {
  let found = 0
  const recall = new Float64Array(right.length)
  const precision = new Float64Array(right.length)
  right.forEach((isRight, i) => {
    if (isRight) found++
    recall[i] = positives === 0 ? 0 : found / positives
    precision[i] = found / (i + 1)
  })
  return { recall, precision }
}

/** Area under the curve of the best precision at each recall or more. */
function areaUnder(recall: Float64Array, precision: Float64Array): number {
  let [area, best] = [0, 0]
  for (let i = recall.length - 1; i >= 0; i--) {
    best = Math.max(best, precision[i]!)
    area += (recall[i]! - (recall[i - 1] ?? 0)) * best
  }
  return area
}

/** Mean of the best precision at recall 0, 0.1, …, 1 or more. */
function elevenPoints(recall: Float64Array, precision: Float64Array): number {
  let sum = 0
  for (let point = 0; point <= 10; point++) {
    let best = 0
    for (let i = 0; i < recall.length; i++) if (recall[i]! >= point / 10) best = Math.max(best, precision[i]!)
    sum += best
  }
  return sum / 11
}
