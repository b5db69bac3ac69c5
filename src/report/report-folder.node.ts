/** @file Pictures, tables and the page of an evaluation or a training run, as files of one folder. */
import { randomUUID } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeImage, encodeImage } from '../data/index.node.js'
import type { Canvas } from '../draw/index.js'
import { confusionMatrix } from '../eval/index.js'
import { describeWriteFault, FileError } from '../tensor/index.node.js'
import { parseResults } from './curves.js'
import { confusionPicture, precisionRecallPicture } from './evaluation-pictures.js'
import { classesCsv, type EvaluationRecord, photosCsv, recordEvaluation } from './evaluation-record.js'
import { htmlReport, type ReportPicture } from './html-report.js'
import { type JudgedPhotos, LOOKED_AT_IOU } from './judged-photos.js'
import { predictionsSheet, worstPhotosSheet } from './judged-sheets.node.js'
import { type ReportContents, reportPage } from './pages.js'

/** What the captions of the page say, by file. Sheets of photos go into the page as JPEG, a tenth of the size. */
const PICTURES: Readonly<Record<string, { readonly caption: string; readonly photos?: true }>> = {
  'results.png': { caption: 'What results.csv holds, epoch by epoch.' },
  'pr-curves.png': {
    caption:
      'Left and middle: the best precision at each recall or more. Right: what is gained and lost by believing only ' +
      'detections from some score on, at IoU 0.5.',
  },
  'confusion-matrix.png': {
    caption:
      'Rows: what was there; columns: what it was taken for. Blue is right, orange wrong. The last column counts objects ' +
      'that nothing found, the last row detections of nothing.',
  },
  'worst-photos.png': { caption: 'The photos with the most wrong and missed objects.', photos: true },
  'validation-predictions.png': { caption: 'Labels, and beside them what was found.', photos: true },
  'train-batch-0.png': { caption: 'The first batch as the network sees it.', photos: true },
  'train-batch-1.png': { caption: 'The second batch.', photos: true },
  'train-batch-2.png': { caption: 'The third batch.', photos: true },
}

/**
 * Writes evaluation.json, classes.csv, photos.csv, pr-curves.png and confusion-matrix.png; where the photos' files are
 * known and boxes were compared, also worst-photos.png and validation-predictions.png.
 * @param epoch epochs that the judged weights were trained for
 * @throws FileError when the folder cannot be written.
 */
export async function writeEvaluation(folder: string, judged: JudgedPhotos, epoch?: number): Promise<void> {
  const { evaluation, photos, minScore } = judged
  const record = recordEvaluation(judged, epoch)
  const options = { iou: LOOKED_AT_IOU, minScore }
  await writeWhole(folder, 'evaluation.json', `${JSON.stringify(record, null, 2)}\n`)
  await writeWhole(folder, 'classes.csv', classesCsv(record))
  await writeWhole(folder, 'photos.csv', photosCsv(record))
  await writePicture(folder, 'pr-curves.png', precisionRecallPicture(evaluation))
  await writePicture(folder, 'confusion-matrix.png', confusionPicture(confusionMatrix(evaluation, options), options))
  if (evaluation.type !== 'bbox' || !photos.some(({ path }) => path !== undefined)) return
  await writePicture(folder, 'worst-photos.png', await worstPhotosSheet(judged))
  await writePicture(folder, 'validation-predictions.png', await predictionsSheet(judged))
}

/** Writes a picture as PNG. @throws FileError when the folder cannot be written. */
export async function writePicture(folder: string, name: string, picture: Canvas): Promise<void> {
  await writeWhole(folder, name, await encodeImage(picture, 'png'))
}

/**
 * Writes report.html from whatever the folder holds: pictures, evaluation.json, results.csv, args.json,
 * environment.json.
 * @throws FileError when the folder cannot be written.
 */
export async function writeReport(
  folder: string,
  about: Pick<ReportContents, 'title' | 'subtitle' | 'reasons'>,
): Promise<void> {
  const pictures = new Map<string, ReportPicture>()
  for (const [name, { caption, photos }] of Object.entries(PICTURES)) {
    const bytes = await readIfThere(folder, name)
    if (bytes !== undefined) pictures.set(name, await embeddable(bytes, caption, photos === true))
  }
  const [results, evaluation, settings, environment] = await Promise.all([
    readIfThere(folder, 'results.csv'),
    readJson(folder, 'evaluation.json'),
    readJson(folder, 'args.json'),
    readJson(folder, 'environment.json'),
  ])
  const page = reportPage({
    ...about,
    pictures,
    ...(results === undefined ? {} : { results: parseResults(new TextDecoder().decode(results)) }),
    ...(evaluation === undefined ? {} : { evaluation: evaluation as EvaluationRecord }),
    ...(settings === undefined ? {} : { settings: settings as Readonly<Record<string, unknown>> }),
    ...(environment === undefined ? {} : { environment: environment as Readonly<Record<string, unknown>> }),
  })
  await writeWhole(folder, 'report.html', htmlReport(page))
}

/**
 * Writes a file under another name and renames it, so that a reader never sees half of it.
 * @throws FileError when that fails.
 */
export async function writeWhole(folder: string, name: string, content: string | Uint8Array): Promise<void> {
  const path = join(folder, name)
  const temporary = join(folder, `.${name}-${randomUUID()}.part`)
  try {
    await writeFile(temporary, content)
    await rename(temporary, path)
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw new FileError({ where: path, expected: 'a place that can be written', got: describeWriteFault(cause), cause })
  }
}

async function embeddable(png: Uint8Array, caption: string, photos: boolean): Promise<ReportPicture> {
  const picture = await decodeImage(png)
  const { width, height } = picture
  return photos
    ? { kind: 'picture', bytes: await encodeImage(picture, 'jpeg', 85), type: 'image/jpeg', width, height, caption }
    : { kind: 'picture', bytes: png, type: 'image/png', width, height, caption }
}

async function readIfThere(folder: string, name: string): Promise<Uint8Array | undefined> {
  return readFile(join(folder, name)).catch(() => undefined)
}

async function readJson(folder: string, name: string): Promise<unknown> {
  const bytes = await readIfThere(folder, name)
  try {
    return bytes === undefined ? undefined : JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    // A file that was cut off while it was written says nothing.
    return undefined
  }
}
