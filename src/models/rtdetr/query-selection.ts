/**
 * @file Query selection (RT-DETR, arXiv:2304.08069, §4.3): every token says what it would be and where; the best become queries.
 * That it minimises uncertainty is a matter of its loss (the IoU as classification target), not of its arithmetic.
 */
import type { Dim, Tensor } from '../../graph/index.js'
import { type LayerNorm, type LevelSize, type Linear, type Mlp, tokensOf } from '../../nn/index.js'
import { add, gather, gatherRows, reduceMax, reshape, stopGradient, topK, unsqueeze, where } from '../../ops/index.js'
import { ConfigError, type TensorData } from '../../tensor/index.js'
import type { Memory } from '../deformable-detr/index.js'

/** The layers that judge tokens. */
export interface SelectionHeads {
  readonly output: readonly [Linear, LayerNorm]
  readonly score: Linear
  readonly box: Mlp
}

/** What the encoder made of an image: levels of maps. */
export type ImageMemory = Memory & Required<Pick<Memory, 'maps'>>

/** The queries and what the encoder says of them. */
export interface SelectedQueries {
  /** int64 [batch, queries]: which tokens they are, the best first */
  readonly tokens: Tensor
  /** float32 [batch, queries, channels] */
  readonly content: Tensor
  /** float32 [batch, queries, classes] */
  readonly logits: Tensor
  /** float32 [batch, queries, 4]: boxes before the sigmoid */
  readonly boxLogits: Tensor
}

/** Boxes this close to the border, in fractions of the image, are no anchors. */
const BORDER = 0.01
/** Side of an anchor on the finest level as a fraction of the image; doubled from level to level. */
const FINEST_SIDE = 0.05
/** Stands for infinity before the sigmoid: 1 in float32, with slope 0, and no NaN where it is multiplied. */
const CERTAIN = 100

/**
 * The `count` tokens with the largest logit of any class. A token without a valid anchor counts as one of zeros, as the
 * reference has it.
 * @throws ConfigError when there are fewer tokens than queries.
 */
export function selectQueries(
  { tokens: memory, maps, sizes }: ImageMemory,
  count: number,
  { output, score, box }: SelectionHeads,
): SelectedQueries {
  const [, tokenCount, channels] = memory.shape as [Dim, number, number]
  if (tokenCount < count) {
    const expected = `at least ${count} tokens for as many queries`
    const got = `${tokenCount} from levels of ${sizes.map((size) => size.join('×')).join(', ')}`
    throw new ConfigError({ where: 'RT-DETR', expected, got, next: 'Use a larger input or fewer queries.' })
  }
  const { logits: anchorLogits, valid } = anchors(sizes)
  const { graph } = memory
  const [linear, norm] = output
  // Detection has maps; training differentiates products of tokens.
  const projected = graph.training ? linear.forward(memory) : tokensOf(maps.map((map) => linear.overMap(map)))
  const judged = norm.forward(projected)
  const ofZeros = norm.forward(reshape(graph.parameter(linear.bias), [1, 1, channels]))
  // Which tokens are chosen is not differentiated; what is said of the chosen ones is said again below.
  const bestOf = (tokens: Tensor): Tensor => reduceMax(score.forward(stopGradient(tokens)), [2])
  const isValid = graph.constant(valid)
  const [, tokens] = topK(where(isValid, bestOf(judged), bestOf(ofZeros)), count, 1)
  const hasAnchor = unsqueeze(gather(isValid, tokens, 0), [2])
  const chosen = where(hasAnchor, gatherRows(judged, tokens), ofZeros)
  const anchored = gather(graph.constant(anchorLogits), tokens, 0) // [batch, queries, 4]
  return { tokens, content: chosen, logits: score.forward(chosen), boxLogits: add(box.forward(chosen), anchored) }
}

/**
 * One box around the centre of every pixel of every level: its logits [tokens, 4], cxcywh, and whether it keeps off the border,
 * bool [tokens].
 */
function anchors(sizes: readonly LevelSize[]): { logits: TensorData; valid: TensorData } {
  const tokens = sizes.reduce((sum, [height, width]) => sum + height * width, 0)
  const [logits, valid] = [new Float32Array(4 * tokens), new Uint8Array(tokens)]
  let token = 0
  for (const [level, [height, width]] of sizes.entries()) {
    const side = FINEST_SIDE * 2 ** level
    for (let pixel = 0; pixel < height * width; pixel++, token++) {
      const box = [((pixel % width) + 0.5) / width, (Math.floor(pixel / width) + 0.5) / height, side, side]
      const isValid = box.every((value) => value > BORDER && value < 1 - BORDER)
      valid[token] = isValid ? 1 : 0
      logits.set(
        box.map((value) => (isValid ? Math.log(value / (1 - value)) : CERTAIN)),
        4 * token,
      )
    }
  }
  return {
    logits: { dtype: 'float32', shape: [tokens, 4], data: logits },
    valid: { dtype: 'bool', shape: [tokens], data: valid },
  }
}
