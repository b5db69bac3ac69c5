/**
 * @file Weights and images from a rule of (key, shape, seed), bit for bit those of reference/rule.py, where the rule is
 * written out. A parity test fills our model with them, and the golden files come from a reference filled the same way.
 */
import { sizeOfShape, streamKey, type TensorData, tensorData, uniformAt, zeros } from '../../src/tensor/index.js'

interface Rule {
  readonly offset: number
  readonly factor: number
  /** Scale of the first two thirds of the rows: q and k of a packed projection. */
  readonly queryKey: number
}

const CLASS_HEAD = /(^|\.)(class_embed|\w*score_head)(\.\d+)*\.(weight|bias)$/

/** query_embed.weight, denoising_class_embed.weight, tgt_embed.weight, level_embed; not class_embed.weight. */
function isEmbedding(key: string): boolean {
  return /embed\.weight$|(^|\.)level_embed$/.test(key) && !/(^|\.)class_embed\.weight$/.test(key)
}

/** Last norms of residual blocks, around the block's number; and the number that a deep stage has. */
const DEEP_STAGES = [
  { norm: /^(.*\blayer\d+\.)\d+(\.bn3\.weight)$/, number: 6 },
  { norm: /^(.*\bres_layers\.\d+\.blocks\.)\d+(\.branch2[bc]\.norm\.weight)$/, number: 5 },
] as const

/** The last norm of a residual block in a deep stage, halved or float32 is off by 1e-2. */
function endsBlockOfDeepStage(key: string, keys: ReadonlySet<string>): boolean {
  return DEEP_STAGES.some(({ norm, number }) => {
    const [, before, after] = norm.exec(key) ?? []
    if (!keys.has(`${before}${number}${after}`)) return false
    return !key.includes('branch2b') || !keys.has(key.replace('branch2b', 'branch2c'))
  })
}

function constant(factor: number): Rule {
  return { offset: 0, factor, queryKey: 1 }
}

function ruleOf(key: string, shape: readonly number[], keys: ReadonlySet<string>): Rule {
  const fan = sizeOfShape(shape.slice(1))
  if (key.endsWith('running_mean')) return constant(0.014)
  if (key.endsWith('bias')) {
    if (key.includes('sampling_offsets')) return constant(3)
    return constant(key.includes('attention_weights') || CLASS_HEAD.test(key) ? 0.5 : 0.1)
  }
  if (shape.length === 1) {
    if (key.endsWith('activation.weight')) return { offset: 0.25, factor: 0.1, queryKey: 1 }
    const half = endsBlockOfDeepStage(key, keys) ? 0.5 : 1
    return { offset: half, factor: 0.5 * half, queryKey: 1 }
  }
  if (isEmbedding(key)) return constant(Math.sqrt(3))
  if (shape.length === 4 && !keys.has(key.replace(/weight$/, 'bias'))) {
    return constant(Math.sqrt(6 / fan) * Math.sqrt(0.02 * 0.65) * (shape[1] === 3 ? 3 : 1))
  }
  const gain = Math.sqrt(3 / fan)
  if (key.endsWith('in_proj_weight')) return { offset: 0, factor: gain, queryKey: 1.25 }
  if (key.endsWith('out_proj.weight') || key.includes('sampling_offsets')) return constant(0.5 * gain)
  if (CLASS_HEAD.test(key)) return constant(2 * gain)
  if (key.includes('bbox') && shape[0] === 4)
    return constant((/bbox_head|bbox_embed\.\d+\./.test(key) ? 0.2 : 1) * gain)
  return constant(gain)
}

/**
 * Tensor `key` of a checkpoint whose keys are `keys` (they tell a convolution without a bias): float32, or an int64
 * zero for `num_batches_tracked`. Keys are those of the official checkpoints.
 */
export function ruleTensor(key: string, shape: readonly number[], keys: ReadonlySet<string>, seed: number): TensorData {
  if (key.endsWith('num_batches_tracked')) return zeros('int64', shape)
  const out = new Float32Array(sizeOfShape(shape))
  const stream = streamKey(key, seed)
  if (key.endsWith('running_var')) {
    for (let i = 0; i < out.length; i++) out[i] = 0.02 * (1 + 0.5 * uniformAt(stream, i))
    return tensorData('float32', shape, out)
  }
  const { offset, factor, queryKey } = ruleOf(key, shape, keys)
  const [rows = 1, channels = 1] = shape
  if (shape.length >= 2 && channels > 4 && !key.endsWith('embed.weight') && !isEmbedding(key)) {
    fillDifferences(out, stream, rows, channels, (row) => factor * (row < Math.floor(rows / 3) * 2 ? queryKey : 1))
  } else {
    for (let i = 0; i < out.length; i++) out[i] = offset + factor * uniformAt(stream, i)
  }
  return tensorData('float32', shape, out)
}

/** out = factor * (u of this channel - u of the next channel, cyclically) / sqrt(2). */
function fillDifferences(
  out: Float32Array,
  stream: number,
  rows: number,
  channels: number,
  factorOf: (row: number) => number,
): void {
  const perRow = out.length / rows
  const inner = perRow / channels
  const u = new Float32Array(perRow + inner)
  for (let row = 0; row < rows; row++) {
    const factor = factorOf(row)
    const start = row * perRow
    for (let i = 0; i < perRow; i++) u[i] = uniformAt(stream, start + i)
    u.copyWithin(perRow, 0, inner)
    for (let i = 0; i < perRow; i++) out[start + i] = factor * ((u[i]! - u[i + inner]!) / Math.SQRT2)
  }
}

/** All tensors of a checkpoint given as key -> shape, in the same order. */
export function ruleStateDict(shapes: ReadonlyMap<string, readonly number[]>, seed: number): Map<string, TensorData> {
  const keys = new Set(shapes.keys())
  return new Map(Array.from(shapes, ([key, shape]) => [key, ruleTensor(key, shape, keys, seed)]))
}

const IMAGE_SCALES = [
  { size: 64, weight: 0.3 },
  { size: 16, weight: 0.3 },
  { size: 4, weight: 0.25 },
  { size: 1, weight: 0.15 },
] as const

/**
 * Picture with detail at every stride, as uint8 [height, width, 3]: floor(255 * x + 0.5) of
 * x = ((0.3 b_64 + 0.3 b_16) + 0.25 b_4) + 0.15 b_1, where b_s[c, y, x] is (u[i] + 1) / 2 of the stream
 * ("image.<s>", seed) with i = (c * ceil(height / s) + floor(y / s)) * ceil(width / s) + floor(x / s).
 */
export function ruleImageBytes(seed: number, height: number, width: number): Uint8Array {
  const streams = IMAGE_SCALES.map(({ size }) => streamKey(`image.${size}`, seed))
  const out = new Uint8Array(height * width * 3)
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++, at++) {
        let total = 0
        IMAGE_SCALES.forEach(({ size, weight }, scale) => {
          const row = c * Math.ceil(height / size) + Math.floor(y / size)
          const u = uniformAt(streams[scale]!, row * Math.ceil(width / size) + Math.floor(x / size))
          total += weight * ((u + 1) / 2)
        })
        out[at] = Math.floor(255 * total + 0.5)
      }
    }
  }
  return out
}

/** The same picture as float32 [3, height, width]: exactly its bytes / 255, rounded once. */
export function ruleImage(seed: number, height: number, width: number): Float32Array {
  const bytes = ruleImageBytes(seed, height, width)
  const plane = height * width
  const out = new Float32Array(3 * plane)
  for (let at = 0; at < bytes.length; at++) out[(at % 3) * plane + Math.floor(at / 3)] = bytes[at]! / 255
  return out
}

/** Dot product of `values` with random vector `index` of unit variance: sqrt(3) * u of ("projection.<index>", 0). */
export function project(index: number, values: ArrayLike<number>): number {
  const stream = streamKey(`projection.${index}`, 0)
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]! * (Math.sqrt(3) * uniformAt(stream, i))
  return sum
}

/** `count` positions in a flat tensor of `size`: floor((u + 1) / 2 * size) of the stream ("sample", 0). */
export function sampleIndices(count: number, size: number): number[] {
  const stream = streamKey('sample', 0)
  return Array.from({ length: count }, (_, j) => Math.floor(((uniformAt(stream, j) + 1) / 2) * size))
}
