/**
 * @file Multi-scale deformable attention (Deformable DETR, arXiv:2010.04159, §4.1, Eq. 3; checked against
 * fundamentalvision/Deformable-DETR 11169a6): every query reads a few points around its reference instead of all pixels, and
 * learns where they lie and how much each counts. Points that fall on whole pixels only are RT-DETRv2's (arXiv:2407.17140).
 */
import type { Dim, Tensor } from '../../graph/index.js'
import { type LevelSize, Linear, mapsOf, xavierUniform, zerosInitial } from '../../nn/index.js'
import {
  add,
  and,
  cast,
  concat,
  fill,
  floor,
  gather,
  gatherRows,
  greaterOrEqual,
  gridSample,
  lessOrEqual,
  matmul,
  maximum,
  minimum,
  mul,
  reduceSum,
  reshape,
  scatterElements,
  slice,
  softmax,
  split,
  squeeze,
  sub,
  transpose,
  unsqueeze,
} from '../../ops/index.js'
import { ConfigError, fromNumbers } from '../../tensor/index.js'

/** What makes a deformable attention. */
export interface DeformableAttentionOptions {
  readonly channels: number
  readonly heads: number
  /** Points that each head reads on every level, finest first. */
  readonly points: readonly number[]
  /** `nearest` reads whole pixels, without interpolation; `bilinear` unless said. */
  readonly sampling?: 'bilinear' | 'nearest'
  /** How values are read; unless said, what suits the sizes, the sampling, and detection or training. */
  readonly reading?: Reading
}

/**
 * Ways that give the same: by the engine's operator for it, which has no whole pixels; row by row with operators that every engine
 * has right (ONNX Runtime's own is wrong on WebGPU, its issue 32275); or as a product with a sparse matrix.
 */
export type Reading = 'grid' | 'rows' | 'matrix'

/** Levels of features that queries read. */
export interface Memory {
  /** float32 [batch, tokens, channels]: the levels one after the other, finest first, each row by row */
  readonly tokens: Tensor
  readonly sizes: readonly LevelSize[]
  /** The same as maps [batch, channels, height, width], where maps are what there was: they are read by grid without turning tokens back. */
  readonly maps?: readonly Tensor[]
  /** float32 [batch, tokens, 1]: 0 where a token is padding and counts as nothing, else 1 */
  readonly valid?: Tensor
}

/** Keys: sampling_offsets, attention_weights, value_proj, output_proj; rows of the first two by head, level, point (and x, y). */
export class DeformableAttention {
  readonly samplingOffsets: Linear
  readonly attentionWeights: Linear
  readonly valueProj: Linear
  readonly outputProj: Linear
  readonly options: DeformableAttentionOptions

  constructor(options: DeformableAttentionOptions) {
    const { channels, heads, points } = options
    const count = heads * points.reduce((a, b) => a + b, 0)
    if (options.sampling === 'nearest' && options.reading === 'grid') {
      const expected = "reading by 'rows' or 'matrix' of whole pixels"
      throw new ConfigError({ where: 'DeformableAttention', expected, got: "'grid', which interpolates" })
    }
    this.options = options
    this.samplingOffsets = new Linear(channels, 2 * count)
    this.samplingOffsets.weight.initialization = zerosInitial
    this.samplingOffsets.bias.initialization = { kind: 'values', values: star(heads, points) }
    this.attentionWeights = new Linear(channels, count)
    this.valueProj = new Linear(channels, channels)
    this.outputProj = new Linear(channels, channels)
    this.attentionWeights.weight.initialization = zerosInitial
    this.attentionWeights.bias.initialization = zerosInitial
    for (const { weight, bias } of [this.valueProj, this.outputProj]) {
      weight.initialization = xavierUniform(weight.shape)
      bias.initialization = zerosInitial
    }
  }

  /**
   * @param query float32 [batch, queries, channels], positions added
   * @param references float32 [batch, queries, levels or 1, 2 or 4]: points xy, from which offsets count in pixels of their level,
   *   or boxes cxcywh, from which they count in halves of the box; fractions of the image
   * @returns float32 [batch, queries, channels]
   */
  forward(query: Tensor, references: Tensor, memory: Memory): Tensor {
    const { heads } = this.options
    const [batch, queries] = query.shape as [Dim, Dim]
    const perHead = (x: Tensor, last: readonly Dim[]): Tensor => reshape(x, [batch, queries, heads, -1, ...last])
    const weights = softmax(perHead(this.attentionWeights.forward(query), []), -1) // [batch, queries, heads, points]
    const offsets = perHead(this.samplingOffsets.forward(query), [2]) // [batch, queries, heads, points, 2]
    const places = this.#places(offsets, references, memory.sizes)
    return this.outputProj.forward(this.#read(places, weights, memory))
  }

  /** Where points lie, float32 [batch, queries, heads, points, 2]: fractions of the image. */
  #places(offsets: Tensor, references: Tensor, sizes: readonly LevelSize[]): Tensor {
    const perPoint = references.shape[2] === 1 ? references : this.#repeated(references)
    const from = unsqueeze(slice(perPoint, 3, 0, 2), [2])
    if (references.shape[3] === 2) {
      const counts = this.options.points
      const pixel = sizes.flatMap(([height, width], level) => {
        return Array.from({ length: counts[level]! }, () => [1 / width, 1 / height]).flat()
      })
      const scale = offsets.graph.constant(fromNumbers('float32', [sum(counts), 2], pixel))
      return add(from, mul(offsets, scale))
    }
    const shares = this.#perPoint(offsets, (points) => 0.5 / points)
    return add(from, mul(mul(offsets, shares), unsqueeze(slice(perPoint, 3, 2, 4), [2])))
  }

  /** References of levels, one for each point: [batch, queries, points, ·]. */
  #repeated(references: Tensor): Tensor {
    const levels = this.options.points.flatMap((count, level) => new Array<number>(count).fill(level))
    return gather(references, references.graph.constant(fromNumbers('int64', [levels.length], levels)), 2)
  }

  /** What the heads read, side by side: float32 [batch, queries, channels]. */
  #read(places: Tensor, weights: Tensor, memory: Memory): Tensor {
    const { sizes } = memory
    switch (this.options.reading ?? this.#suitable(places.graph.training, sizes)) {
      case 'matrix':
        return this.#byMatrix(places, weights, this.#values(memory), sizes)
      case 'rows':
        return this.#byRows(places, weights, this.#values(memory), sizes)
      case 'grid':
        return this.#byGrid(places, weights, this.#valueMaps(memory))
    }
  }

  /**
   * A matrix has a whole row of tokens for each query and head; the other ways' gradients are scattered, value by value. On two
   * cores training takes as long either way where there are three times as many tokens as values.
   */
  #suitable(training: boolean, sizes: readonly LevelSize[]): Reading {
    const { channels, heads, points, sampling } = this.options
    const tokens = sum(sizes.map(([height, width]) => height * width))
    const values = 4 * sum(points) * (channels / heads)
    if (training && (sampling === 'nearest' || tokens <= 3 * values)) return 'matrix'
    return sampling === 'nearest' ? 'rows' : 'grid'
  }

  /** What is read, float32 [batch, tokens, channels]. */
  #values({ tokens, valid }: Memory): Tensor {
    const values = this.valueProj.forward(tokens)
    return valid === undefined ? values : mul(values, valid)
  }

  /** What is read as maps, float32 [batch, channels, height, width]. */
  #valueMaps(memory: Memory): readonly Tensor[] {
    const { maps, sizes, valid } = memory
    if (maps !== undefined && valid === undefined) return maps.map((map) => this.valueProj.overMap(map))
    return mapsOf(this.#values(memory), sizes)
  }

  /** A constant [points, 1] from the number of points of each point's level. */
  #perPoint({ graph }: Tensor, of: (points: number, level: number) => number): Tensor {
    const values = this.options.points.flatMap((points, level) => new Array<number>(points).fill(of(points, level)))
    return graph.constant({ dtype: 'float32', shape: [values.length, 1], data: Float32Array.from(values) })
  }

  /** Level by level with the engine's own operator. */
  #byGrid(places: Tensor, weights: Tensor, maps: readonly Tensor[]): Tensor {
    const { channels, heads, points } = this.options
    const [batch, queries] = places.shape as [Dim, Dim]
    const grid = reshape(transpose(sub(mul(places, 2), 1), [0, 2, 1, 3, 4]), [-1, queries, sum(points), 2])
    let point = 0
    const read = maps.map((map, level) => {
      const own = slice(grid, 2, point, point + points[level]!)
      point += points[level]!
      const [height, width] = map.shape.slice(2) as [Dim, Dim]
      return gridSample(reshape(map, [-1, channels / heads, height, width]), own) // [batch · heads, ·, queries, points]
    })
    const shares = reshape(transpose(weights, [0, 2, 1, 3]), [-1, 1, queries, sum(points)])
    const summed = reduceSum(mul(concat(read, 3), shares), [3]) // [batch · heads, channels / heads, queries]
    return transpose(reshape(summed, [batch, channels, queries]), [0, 2, 1])
  }

  /**
   * As one product of a sparse matrix [queries, tokens] with the values: what each token counts for each query is added up from
   * points and their pixels. Its gradient needs no scatter of whole rows, and two dense products are what an engine does best.
   */
  #byMatrix(places: Tensor, weights: Tensor, value: Tensor, sizes: readonly LevelSize[]): Tensor {
    const { channels, heads } = this.options
    const [batch, tokens, queries] = [value.shape[0], value.shape[1], places.shape[1]]
    if (typeof batch !== 'number' || typeof tokens !== 'number' || typeof queries !== 'number') {
      const got = `${batch}, ${tokens} and ${queries}`
      throw new ConfigError({
        where: 'DeformableAttention by matrix',
        expected: 'known batch, tokens and queries',
        got,
      })
    }
    const { columns, shares } = this.#pixelsOf(places, weights, sizes)
    const firstOfRow = Int32Array.from({ length: batch * queries * heads }, (_, i) => {
      const [image, query, head] = [Math.floor(i / (queries * heads)), Math.floor(i / heads) % queries, i % heads]
      return ((image * heads + head) * queries + query) * tokens
    })
    const rows = places.graph.constant({ dtype: 'int32', shape: [batch, queries, heads, 1], data: firstOfRow })
    const flat = reshape(add(columns, rows), [-1])
    const empty = fill(places, [batch * heads * queries * tokens], 0)
    const matrix = reshape(scatterElements(empty, flat, reshape(shares, [-1]), 0, 'add'), [
      batch,
      heads,
      queries,
      tokens,
    ])
    const values = transpose(reshape(value, [batch, tokens, heads, channels / heads]), [0, 2, 1, 3])
    return reshape(transpose(matmul(matrix, values), [0, 2, 1, 3]), [batch, queries, channels])
  }

  /** Pixel by pixel: rows of the values, each times its share. */
  #byRows(places: Tensor, weights: Tensor, value: Tensor, sizes: readonly LevelSize[]): Tensor {
    const { channels, heads } = this.options
    const [batch, queries] = places.shape as [Dim, number]
    const { columns, shares } = this.#pixelsOf(places, weights, sizes)
    const [tokens, reads] = [value.shape[1]!, columns.shape[3] as number]
    const perHead = transpose(reshape(value, [batch, tokens, heads, channels / heads]), [0, 2, 1, 3])
    const picked = gatherRows(
      reshape(perHead, [-1, tokens, channels / heads]),
      reshape(transpose(columns, [0, 2, 1, 3]), [-1, queries * reads]),
    )
    const counted = mul(
      reshape(picked, [batch, heads, queries, reads, channels / heads]),
      unsqueeze(transpose(shares, [0, 2, 1, 3]), [4]),
    )
    return reshape(transpose(reduceSum(counted, [3]), [0, 2, 1, 3]), [batch, queries, channels])
  }

  /** The pixels that each query reads with a head, as tokens, and what each counts: [batch, queries, heads, pixels]. */
  #pixelsOf(places: Tensor, weights: Tensor, sizes: readonly LevelSize[]): { columns: Tensor; shares: Tensor } {
    const perPoint = (of: (size: LevelSize, level: number) => number): Tensor =>
      squeeze(
        this.#perPoint(places, (_, level) => of(sizes[level]!, level)),
        [1],
      )
    const [heights, widths] = [perPoint(([height]) => height), perPoint(([, width]) => width)]
    const starts = perPoint((_, level) => sum(sizes.slice(0, level).map(([height, width]) => height * width)))
    const [x, y] = split(places, [1, 1], 4).map((axis) => squeeze(axis, [4])) as [Tensor, Tensor]
    const last = [sub(widths, 1), sub(heights, 1)] as const
    const tokenOf = (column: Tensor, row: Tensor): Tensor => {
      const [inColumn, inRow] = [minMax(column, last[0]), minMax(row, last[1])]
      return cast(add(starts, add(mul(inRow, widths), inColumn)), 'int32')
    }
    if (this.options.sampling === 'nearest') {
      return { columns: tokenOf(floor(add(mul(x, widths), 0.5)), floor(add(mul(y, heights), 0.5))), shares: weights }
    }
    const [px, py] = [sub(mul(x, widths), 0.5), sub(mul(y, heights), 0.5)]
    const [left, top] = [floor(px), floor(py)]
    const [fx, fy] = [sub(px, left), sub(py, top)]
    const within = (at: Tensor, end: Tensor): Tensor => and(greaterOrEqual(at, 0), lessOrEqual(at, end))
    const corners = [0, 1].flatMap((down) =>
      [0, 1].map((across) => {
        const [column, row] = [add(left, across), add(top, down)]
        const inside = cast(and(within(column, last[0]), within(row, last[1])), 'float32')
        const share = mul(across === 1 ? fx : sub(1, fx), down === 1 ? fy : sub(1, fy))
        return { token: tokenOf(column, row), share: mul(weights, mul(share, inside)) }
      }),
    )
    return {
      columns: concat(
        corners.map(({ token }) => token),
        3,
      ),
      shares: concat(
        corners.map(({ share }) => share),
        3,
      ),
    }
  }
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

/** From 0 to `most`, element by element. */
function minMax(x: Tensor, most: Tensor): Tensor {
  return minimum(maximum(x, 0), most)
}

/** First offsets: each head looks in its own direction, point p at p + 1 steps, on all levels alike. */
function star(heads: number, points: readonly number[]): number[] {
  return Array.from({ length: heads }, (_, head) => {
    const angle = (2 * Math.PI * head) / heads
    const direction = [Math.cos(angle), Math.sin(angle)]
    const longest = Math.max(...direction.map(Math.abs))
    return points.flatMap((count) =>
      Array.from({ length: count }, (_, point) => direction.map((part) => (part / longest) * (point + 1))).flat(),
    )
  }).flat()
}
