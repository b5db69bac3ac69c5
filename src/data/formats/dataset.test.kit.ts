/** @file For the tests of data sets: small sets on disk, made of painted photos. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { encodeImage } from '../encode.node.js'
import type { DatasetProblem, DetectionDataset, ProblemKind } from './index.js'
import { type ReadDatasetOptions, readDataset } from './read.node.js'

/** Files by path; text or bytes. */
export type Files = Readonly<Record<string, string | Uint8Array>>

/** A new folder with these files, removed after the test. */
export function folderWith(t: TestContext, files: Files): string {
  const folder = mkdtempSync(join(tmpdir(), 'detrs-formats-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  return folder
}

/** A PNG of one colour; another number is another colour, and so another content. */
export async function photo(width: number, height: number, colour = 0): Promise<Uint8Array> {
  const data = new Uint8Array(width * height * 3).map((_, i) => (colour * 37 + (i % 3) * 50) % 256)
  return encodeImage({ width, height, data }, 'png')
}

/** The faults of one kind; fails when there are none. */
export function problemOf(
  dataset: { readonly problems: readonly DatasetProblem[] },
  kind: ProblemKind,
): DatasetProblem {
  const problem = dataset.problems.find((one) => one.kind === kind)
  const found = dataset.problems.map((one) => `${one.kind}: ${one.examples[0]}`).join('\n')
  assert.ok(problem, `expected ${kind}, found:\n${found}`)
  return problem
}

/** Kinds of all faults. */
export function kindsOf(dataset: { readonly problems: readonly DatasetProblem[] }): ProblemKind[] {
  return dataset.problems.map(({ kind }) => kind)
}

/** A data set as a readable list: per photo its file, and label and box of each object. */
export function summary({ images, classNames }: DetectionDataset): Record<string, string[]> {
  return Object.fromEntries(
    images.map(({ file, objects }) => [file, objects.map(({ label, box }) => `${classNames[label]} ${box.join(' ')}`)]),
  )
}

/** One COCO box, as it goes into `cocoSet`. */
export interface CocoEntry {
  readonly [key: string]: unknown
}

/** A COCO file of two photos of 40×30, a.png (id 1) and b.png (id 2), with classes cat (3) and dog (7). */
export function cocoJson(annotations: readonly CocoEntry[], more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    images: [
      { id: 1, file_name: 'a.png', width: 40, height: 30 },
      { id: 2, file_name: 'b.png', width: 40, height: 30 },
    ],
    annotations: annotations.map((entry, i) => ({
      id: i + 1,
      image_id: 1,
      category_id: 3,
      bbox: [1, 2, 10, 5],
      ...entry,
    })),
    categories: [
      { id: 7, name: 'dog' },
      { id: 3, name: 'cat' },
    ],
    ...more,
  })
}

/** Reads a COCO set of one JSON file with its two photos. */
export async function readCocoText(
  t: TestContext,
  json: string | Uint8Array,
  options: ReadDatasetOptions = {},
): Promise<DetectionDataset> {
  const folder = folderWith(t, {
    'annotations/instances_train.json': json,
    'train/a.png': await photo(40, 30, 1),
    'train/b.png': await photo(40, 30, 2),
  })
  return readDataset(folder, options)
}
