/** @file The number that a photo's file is named by: its id, as in COCO's own files. */

/** The number of `12.jpg` or `COCO_val2014_000000000012.jpg`; undefined where a name is no number, or too large for one. */
export function imageNumber(file: string): number | undefined {
  const stem = file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1).replace(/\.[^.]*$/, '')
  const digits = /^(?:COCO_\w+_)?(\d+)$/.exec(stem)?.[1]
  const id = Number(digits)
  return Number.isSafeInteger(id) ? id : undefined
}
