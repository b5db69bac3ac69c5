/** @file Gradients of operators that read images between pixels. */
import type { Tensor } from '../graph/index.js'
import {
  add,
  and,
  cast,
  clip,
  concat,
  floor,
  fusedMatmul,
  gather,
  greaterOrEqual,
  lessOrEqual,
  matmul,
  mul,
  type ResamplingOp,
  rangeOf,
  reduceSum,
  reshape,
  squeeze,
  sub,
  transpose,
  unsqueeze,
} from '../ops/index.js'
import { addedRows } from './indexing.js'
import { noGradient, type Rule, type Rules, sizesOf } from './rule.js'

/** One of the four pixels around a sample: its flat index in the batch, 0 or 1 for outside or inside, and its weights. */
interface Corner {
  /** int32 [samples] */
  readonly index: Tensor
  readonly inside: Tensor
  /** Share of the column and of the row, float32 [samples]; their product is the pixel's share of the sample. */
  readonly across: Tensor
  readonly down: Tensor
  /** Sign of the share's derivative by the sample's column and row. */
  readonly signs: readonly [across: number, down: number]
}

/**
 * A sample is Σ w·v over four pixels v with w = w_x·w_y, linear in the place between them: dv = w·dy, added up where the pixel
 * stands; the place gets ±(side / 2)·w_other·(dy · v).
 */
const gridSampleRule: Rule = ({ node, inputs: [x, grid], gradients: [dy] }) => {
  const { mode = 'bilinear', padding_mode = 'zeros', align_corners = 0 } = node.attributes
  if (!['bilinear', 'linear'].includes(String(mode)) || padding_mode !== 'zeros' || align_corners !== 0) {
    throw noGradient(node, `sampling that is ${mode} with ${padding_mode} and align_corners ${align_corners}`)
  }
  const [batch, channels, height, width] = sizesOf(x!) as [number, number, number, number]
  const samples = sizesOf(grid!)
    .slice(0, 3)
    .reduce((a, b) => a * b, 1)
  const pixels = reshape(transpose(x!, [0, 2, 3, 1]), [batch * height * width, channels])
  const rows = reshape(transpose(dy!, [0, 2, 3, 1]), [samples, channels])
  const corners = cornersOf(grid!, batch, height, width)
  const products = corners.map(({ index, inside }) => mul(reduceSum(mul(gather(pixels, index, 0), rows), [1]), inside))
  const slopeOf = (axis: 0 | 1): Tensor => {
    const terms = corners.map(({ across, down, signs }, i) =>
      mul(mul(products[i]!, axis === 0 ? down : across), (signs[axis] * (axis === 0 ? width : height)) / 2),
    )
    return unsqueeze(terms.reduce(add), [1])
  }
  const shares = corners.map(({ inside, across, down }) => mul(rows, unsqueeze(mul(mul(across, down), inside), [1])))
  const indices = corners.map(({ index }) => index)
  const dPixels = addedRows(concat(indices, 0), concat(shares, 0), batch * height * width, channels)
  return [
    transpose(reshape(dPixels, [batch, height, width, channels]), [0, 3, 1, 2]),
    reshape(concat([slopeOf(0), slopeOf(1)], 1), grid!.shape),
  ]
}

function cornersOf(grid: Tensor, batch: number, height: number, width: number): readonly Corner[] {
  const [, rows, columns] = sizesOf(grid) as [number, number, number]
  const flat = reshape(grid, [batch * rows * columns, 2])
  const place = (axis: number, side: number): Tensor => {
    const column = squeeze(gather(flat, constantIndex(grid, axis), 1), [1])
    return sub(mul(add(column, 1), side / 2), 0.5)
  }
  const [px, py] = [place(0, width), place(1, height)]
  const [left, top] = [floor(px), floor(py)]
  const [fx, fy] = [sub(px, left), sub(py, top)]
  const image = reshape(
    mul(unsqueeze(cast(rangeOf(grid, batch), 'int32'), [1]), repeated(grid, rows * columns, height * width)),
    [-1],
  )
  return [0, 1].flatMap((down) =>
    [0, 1].map((across): Corner => {
      const [column, row] = [add(left, across), add(top, down)]
      const within = (value: Tensor, side: number): Tensor =>
        and(greaterOrEqual(value, 0), lessOrEqual(value, side - 1))
      const at = add(mul(clip(row, 0, height - 1), width), clip(column, 0, width - 1))
      return {
        index: add(cast(at, 'int32'), image),
        inside: cast(and(within(column, width), within(row, height)), 'float32'),
        across: across === 1 ? fx : sub(1, fx),
        down: down === 1 ? fy : sub(1, fy),
        signs: [across === 1 ? 1 : -1, down === 1 ? 1 : -1],
      }
    }),
  )
}

function constantIndex({ graph }: Tensor, value: number): Tensor {
  return graph.constant({ dtype: 'int64', shape: [1], data: BigInt64Array.of(BigInt(value)) })
}

/** int32 [1, count], all `value`. */
function repeated({ graph }: Tensor, count: number, value: number): Tensor {
  return graph.constant({ dtype: 'int32', shape: [1, count], data: new Int32Array(count).fill(value) })
}

/** Nearest-neighbour resize: each pixel gets the sum over those that repeat it. */
const resizeRule: Rule = ({ node, inputs: [x], outputs: [y], gradients: [dy] }) => {
  const [batch, channels, height, width] = sizesOf(x!) as [number, number, number, number]
  const [, , tall, wide] = sizesOf(y!) as [number, number, number, number]
  const { mode, coordinate_transformation_mode, nearest_mode } = node.attributes
  const repeats = mode === 'nearest' && coordinate_transformation_mode === 'asymmetric' && nearest_mode === 'floor'
  if (!repeats) throw noGradient(node, 'a resize that does more than repeat pixels')
  if (tall % height === 0 && wide % width === 0) {
    const blocks = reshape(dy!, [batch, channels, height, tall / height, width, wide / width])
    return [reduceSum(blocks, [3, 5])]
  }
  return [fusedMatmul(matmul(repeaters(dy!, height, tall), dy!), repeaters(dy!, width, wide), { transB: true })]
}

/** float32 [from, to]: 1 where element `to` repeats element `from`. */
function repeaters({ graph }: Tensor, from: number, to: number): Tensor {
  const data = new Float32Array(from * to)
  for (let i = 0; i < to; i++) data[Math.floor((i * from) / to) * to + i] = 1
  return graph.constant({ dtype: 'float32', shape: [from, to], data })
}

/** Rules of src/ops/resampling.ts. */
export const resamplingRules: Rules<ResamplingOp> = {
  GridSample: gridSampleRule,
  Resize: resizeRule,
}
