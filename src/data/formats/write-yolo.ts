/** @file A photo's labels as YOLO's rows, and the data.yaml that goes with them. */
import type { DatasetImage, PixelBox, SplitName } from './dataset.js'
import { tidy } from './place-objects.js'

/** Six decimals, as the field writes; more where a box would not come back as it was. */
const DECIMALS = [6, 9, 12, 16]

/** The label file of one photo of known size. Crowds have no place in it. */
export function yoloText({ width, height, objects }: DatasetImage): string {
  return objects
    .filter(({ crowd }) => crowd !== true)
    .map(({ label, box }) => `${label} ${relativeBox(box, width!, height!)}\n`)
    .join('')
}

function relativeBox([xmin, ymin, xmax, ymax]: PixelBox, width: number, height: number): string {
  for (const digits of DECIMALS) {
    const [x, w] = span(xmin, xmax, width, digits)
    const [y, h] = span(ymin, ymax, height, digits)
    const exact = isSame(x, w, width, xmin, xmax) && isSame(y, h, height, ymin, ymax)
    if (exact || digits === DECIMALS.at(-1)) return `${x} ${y} ${w} ${h}`
  }
  return ''
}

function span(low: number, high: number, size: number, digits: number): [center: string, extent: string] {
  const rounded = (value: number) => String(Number(value.toFixed(digits)))
  return [rounded((low + high) / 2 / size), rounded((high - low) / size)]
}

/** Whether a reader gets these edges back. */
function isSame(center: string, extent: string, size: number, low: number, high: number): boolean {
  const [middle, half] = [Number(center), Number(extent) / 2]
  return tidy((middle - half) * size) === low && tidy((middle + half) * size) === high
}

/** The data.yaml of a data set whose photos lie in `images/<split>`. It names no `path`, so that it may be moved. */
export function dataYaml(classNames: readonly string[], splits: readonly SplitName[]): string {
  const folders = splits.map((split) => `${split}: images/${split}`)
  // JSON's texts are YAML's.
  const names = classNames.map((name, id) => `  ${id}: ${JSON.stringify(name)}`)
  return [...folders, '', `nc: ${classNames.length}`, 'names:', ...names, ''].join('\n')
}
