/**
 * @file All transforms. Each is a plain record, so that it can be posted to a worker thread and written into a file; the
 * table says what a record may hold and what it does.
 */
import { ConfigError, nearestNames } from '../../tensor/index.js'
import { type Draft, draftOf, settle } from './draft.js'
import type { DrawStreams } from './draws.js'
import { type DropSmall, dropSmallKind } from './drop-small.js'
import { type Either, eitherKind } from './either.js'
import type { FieldCheck } from './field-checks.js'
import { type HorizontalFlip, horizontalFlipKind, type VerticalFlip, verticalFlipKind } from './flip.js'
import { type IouCrop, iouCropKind } from './iou-crop.js'
import { type Photometric, photometricKind } from './photometric.js'
import { type QuarterTurn, quarterTurnKind } from './quarter-turn.js'
import { type RandomCrop, randomCropKind } from './random-crop.js'
import { type ResizeShortest, resizeShortestKind } from './resize-shortest.js'
import type { Sample } from './sample.js'
import { type Stretch, stretchKind } from './stretch.js'
import type { TransformKind } from './transform-kind.js'
import { type ZoomOut, zoomOutKind } from './zoom-out.js'

/** Any transform. */
export type Transform =
  | HorizontalFlip
  | VerticalFlip
  | QuarterTurn
  | ResizeShortest
  | Stretch
  | RandomCrop
  | IouCrop
  | ZoomOut
  | Photometric
  | DropSmall
  | Either

const KINDS: { readonly [Kind in Transform['kind']]: TransformKind<Extract<Transform, { readonly kind: Kind }>> } = {
  'horizontal-flip': horizontalFlipKind,
  'vertical-flip': verticalFlipKind,
  'quarter-turn': quarterTurnKind,
  'resize-shortest': resizeShortestKind,
  stretch: stretchKind,
  'random-crop': randomCropKind,
  'iou-crop': iouCropKind,
  'zoom-out': zoomOutKind,
  photometric: photometricKind,
  'drop-small': dropSmallKind,
  either: eitherKind((value, where) => checkTransforms(value, where)),
}

/**
 * Applies the transforms one after the other.
 * @param streams where each one's random decisions come from, such as `seededStreams`. A transform's stream is named after
 *   its kind, the lists that it is in, and how many of its kind come before it; nothing else that the list holds changes
 *   its decisions.
 * @throws ImageError when a photo would become larger than `MAX_PIXELS`.
 */
export function applyTransforms(sample: Sample, transforms: readonly Transform[], streams: DrawStreams): Sample {
  return settle(runTransforms(draftOf(sample), transforms, streams, ''))
}

function runTransforms(draft: Draft, transforms: readonly Transform[], streams: DrawStreams, folder: string): Draft {
  const seen = new Map<string, number>()
  let current = draft
  for (const record of transforms) {
    const number = (seen.get(record.kind) ?? 0) + 1
    seen.set(record.kind, number)
    const path = `${folder}${record.kind}${number === 1 ? '' : ` ${number}`}`
    // One record is one kind, which the type of a table's entry cannot say.
    const { apply } = KINDS[record.kind] as TransformKind<Transform>
    current = apply(current, record, {
      draws: streams(path, 'photo'),
      batchDraws: streams(path, 'batch'),
      run: (inner, list, name) => runTransforms(inner, list, streams, `${path}/${name}/`),
    })
  }
  return current
}

/** Lists inside lists; deeper is no recipe. */
const MOST_DEPTH = 20

/**
 * Checks a list of transforms that may have come from a file.
 * @param where names the list in errors.
 * @throws ConfigError when it is no list, or a transform or one of its fields is unknown, missing or out of range.
 */
export function checkTransforms(value: unknown, where = 'transforms'): asserts value is readonly Transform[] {
  if (!Array.isArray(value)) {
    throw new ConfigError({ where, expected: 'a list of transforms', got: JSON.stringify(value) ?? String(value) })
  }
  if (where.split('[').length > MOST_DEPTH) {
    throw new ConfigError({ where, expected: `at most ${MOST_DEPTH} lists inside each other`, got: 'more' })
  }
  for (const [i, record] of value.entries()) checkTransform(record, `${where}[${i}]`)
}

function checkTransform(value: unknown, where: string): void {
  const record = (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, unknown>>
  const kind = record['kind']
  if (typeof kind !== 'string' || !Object.hasOwn(KINDS, kind)) {
    const near = nearestNames(String(kind), Object.keys(KINDS))
    throw new ConfigError({
      where: `${where}.kind`,
      expected: `one of ${Object.keys(KINDS).join(', ')}`,
      got: JSON.stringify(kind) ?? 'none',
      ...(near[0] === undefined ? {} : { next: `Did you mean ${near[0]}?` }),
    })
  }
  const fields: Readonly<Record<string, FieldCheck>> = KINDS[kind as Transform['kind']].fields
  for (const name of Object.keys(record)) {
    if (name === 'kind' || Object.hasOwn(fields, name)) continue
    const expected = Object.keys(fields).join(', ')
    throw new ConfigError({ where, expected: `only the fields ${expected} of ${kind}`, got: `'${name}'` })
  }
  for (const [name, check] of Object.entries(fields)) check(record[name], `${where}.${name}`)
}
