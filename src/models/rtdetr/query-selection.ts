/**
 * @file Query selection (RT-DETR, arXiv:2304.08069, §4.3): every token says what it would be and where; the best become queries.
 * That it minimises uncertainty is a matter of its loss (the IoU as classification target), not of its arithmetic.
 */
import type { Dim, Tensor } from '../../graph/index.js'
import type { LayerNorm, Linear, Mlp } from '../../nn/index.js'
import { add, gather, gatherRows, mul, reduceMax, stopGradient, topK } from '../../ops/index.js'
import { ConfigError, type TensorData } from '../../tensor/index.js'
import type { LevelSize } from '../deformable-detr/index.js'

/** The layers that judge tokens. */
export interface SelectionHeads {
  readonly output: readonly [Linear, LayerNorm]
  readonly score: Linear
  readonly box: Mlp
}

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
 * The `count` tokens with the largest logit of any class.
 * @param memory float32 [batch, tokens, channels]: the levels one after the other, finest first
 * @throws ConfigError when there are fewer tokens than queries.
 */
export function selectQueries(
  memory: Tensor,
  sizes: readonly LevelSize[],
  count: number,
  { output, score, box }: SelectionHeads,
): SelectedQueries {
  const [, tokenCount] = memory.shape as [Dim, number]
  if (tokenCount < count) {
    const expected = `at least ${count} tokens for as many queries`
    const got = `${tokenCount} from levels of ${sizes.map((size) => size.join('×')).join(', ')}`
    throw new ConfigError({ where: 'RT-DETR', expected, got, next: 'Use a larger input or fewer queries.' })
  }
  const { logits: anchorLogits, valid } = anchors(sizes)
  const { graph } = memory
  const [linear, norm] = output
  const judged = norm.forward(linear.forward(mul(memory, graph.constant(valid))))
  // Which tokens are chosen is not differentiated; what is said of the chosen ones is said again below.
  const best = reduceMax(score.forward(stopGradient(judged)), [2])
  const [, tokens] = topK(best, count, 1)
  const chosen = gatherRows(judged, tokens)
  const anchored = gather(graph.constant(anchorLogits), tokens, 0) // [batch, queries, 4]
  return { tokens, content: chosen, logits: score.forward(chosen), boxLogits: add(box.forward(chosen), anchored) }
}

/**
 * One box around the centre of every pixel of every level: its logits [tokens, 4], cxcywh, and 1 or 0 [1, tokens, 1] for boxes
 * that keep off the border or do not.
 */
function anchors(sizes: readonly LevelSize[]): { logits: TensorData; valid: TensorData } {
  const tokens = sizes.reduce((sum, [height, width]) => sum + height * width, 0)
  const [logits, valid] = [new Float32Array(4 * tokens), new Float32Array(tokens)]
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
    valid: { dtype: 'float32', shape: [1, tokens, 1], data: valid },
  }
}
