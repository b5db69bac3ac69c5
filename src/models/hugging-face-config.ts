/** @file What a config.json of Hugging Face says that its weights do not: names of the classes, and how points are read. */
import type { Sampling } from './deformable-detr/index.js'

/** The part of a configuration that changes what a checkpoint means. */
export interface HuggingFaceConfig {
  /** By label, null where the data set has no such class; undefined where the file has only placeholders. */
  readonly classNames?: readonly (string | null)[]
  /** Of RT-DETRv2; undefined where the file does not tell. */
  readonly sampling?: Sampling
}

/** Above this, a list of classes is not believed. */
const MAX_LABELS = 100_000

/** Reads the text of a config.json; what it does not say, or says in another form, is left out. */
export function readHuggingFaceConfig(text: string | undefined): HuggingFaceConfig {
  const config = objectIn(text)
  const method = config['decoder_method']
  const classNames = labelNames(config['id2label'])
  return {
    ...(classNames === undefined ? {} : { classNames }),
    ...(method === 'discrete' ? { sampling: 'nearest' } : {}),
    ...(method === 'default' || config['model_type'] === 'rt_detr' ? { sampling: 'bilinear' } : {}),
  }
}

function objectIn(text: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text ?? '{}')
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** Names from 0 on; those of DETR have gaps, which are written 'N/A' or not at all. */
function labelNames(value: unknown): readonly (string | null)[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const entries = Object.entries(value).map(([id, name]) => [Number(id), name] as const)
  const valid = entries.every(([id, name]) => Number.isSafeInteger(id) && id >= 0 && typeof name === 'string')
  const count = entries.reduce((most, [id]) => Math.max(most, id + 1), 0)
  if (!valid || count === 0 || count > MAX_LABELS) return undefined
  if (entries.every(([id, name]) => name === `LABEL_${id}`)) return undefined
  const names = new Array<string | null>(count).fill(null)
  for (const [id, name] of entries) names[id] = name === 'N/A' ? null : name
  return names
}
