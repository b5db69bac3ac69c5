/**
 * @file Multi-scale deformable attention (Deformable DETR, arXiv:2010.04159, §4.1, Eq. 3; checked against
 * fundamentalvision/Deformable-DETR 11169a6): every query reads a few points around its reference instead of all pixels, and
 * learns where they lie and how much each counts. Points that fall on whole pixels only are RT-DETRv2's (arXiv:2407.17140).
 */
import type { Dim, Tensor } from '../../graph/index.js'
import { type LevelSize, Linear, mapsOf, tokensOf, xavierUniform, zerosInitial } from '../../nn/index.js'
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

/** How points between pixels are read: `bilinear` interpolates, `nearest` reads whole pixels. */
export type Sampling = 'bilinear' | 'nearest'

/** What makes a deformable attention. */
export interface DeformableAttentionOptions {
  readonly channels: number
  readonly heads: number
  /** Points that each head reads on every level, finest first. */
  readonly points: readonly number[]
  /** `bilinear` unless said. */
  readonly sampling?: Sampling
  /** How values are read; unless said, what suits the sizes, the sampling, and detection or training. */
  readonly reading?: Reading
}

/**
 * Ways that give the same: by the engine's operator for it, which has no whole pixels; row by row with operators that every engine
 * has right (ONNX Runtime's own is wrong on WebGPU, its issue 32275); as a product with a sparse matrix; or fine levels by grid and
 * coarse ones by matrix.
 */
export type Reading = 'grid' | 'rows' | 'matrix' | 'grid-and-matrix'

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

interface Level {
  readonly size: LevelSize
  /** Points that each head reads on it. */
  readonly points: number
}

/** Points on levels that are read in the same way. */
interface Reads {
  /** float32 [batch, queries, heads, points, 2]: fractions of the image */
  readonly places: Tensor
  /** float32 [batch, queries, heads, points] */
  readonly weights: Tensor
  /** Whose points follow each other. */
  readonly levels: readonly Level[]
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
    if (options.sampling === 'nearest' && options.reading?.startsWith('grid')) {
      const expected = "reading by 'rows' or 'matrix' of whole pixels"
      throw new ConfigError({ where: 'DeformableAttention', expected, got: `'${options.reading}', which interpolates` })
    }
    if (options.reading === 'grid-and-matrix' && points.length < 2) {
      const expected = "two levels or more for 'grid-and-matrix'"
      throw new ConfigError({ where: 'DeformableAttention', expected, got: `${points.length}` })
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
    const levels = memory.sizes.map((size, i): Level => ({ size, points: this.options.points[i]! }))
    const places = this.#places(offsets, references, levels)
    return this.outputProj.forward(this.#read({ places, weights, levels }, memory))
  }

  /** Where points lie, float32 [batch, queries, heads, points, 2]: fractions of the image. */
  #places(offsets: Tensor, references: Tensor, levels: readonly Level[]): Tensor {
    const ownReferences = references.shape[2] === 1 ? references : repeated(references, levels)
    const from = unsqueeze(slice(ownReferences, 3, 0, 2), [2])
    if (references.shape[3] === 2) {
      const pixel = pointByPoint(levels, ({ size: [height, width] }) => [1 / width, 1 / height])
      const scale = offsets.graph.constant(fromNumbers('float32', [pixel.length, 2], pixel.flat()))
      return add(from, mul(offsets, scale))
    }
    const shares = unsqueeze(
      perPoint(offsets, levels, ({ points }) => 0.5 / points),
      [1],
    )
    return add(from, mul(mul(offsets, shares), unsqueeze(slice(ownReferences, 3, 2, 4), [2])))
  }

  /** What the heads read, side by side: float32 [batch, queries, channels]. */
  #read(whole: Reads, memory: Memory): Tensor {
    const { places, levels } = whole
    switch (this.options.reading ?? this.#suitable(places.graph.training, levels)) {
      case 'matrix':
        return this.#byMatrix(whole, this.#values(memory))
      case 'rows':
        return this.#byRows(whole, this.#values(memory))
      case 'grid':
        return this.#byGrid(whole, this.#valueMaps(memory))
      case 'grid-and-matrix': {
        const maps = this.#valueMaps(memory)
        const fitting = levels.findIndex((level) => this.#fewTokens([level]))
        const first = Math.max(1, fitting)
        const [fine, coarse] = cutAt(whole, first)
        return add(this.#byGrid(fine, maps.slice(0, first)), this.#byMatrix(coarse, tokensOf(maps.slice(first))))
      }
    }
  }

  #suitable(training: boolean, levels: readonly Level[]): Reading {
    const nearest = this.options.sampling === 'nearest'
    if (training && (nearest || this.#fewTokens(levels))) return 'matrix'
    if (nearest) return 'rows'
    return training && this.#fewTokens(levels.slice(-1)) ? 'grid-and-matrix' : 'grid'
  }

  /**
   * A matrix has a whole row of tokens for each query and head; the other ways' gradients are scattered, value by value. On two
   * cores training takes as long either way where there are three times as many tokens as values.
   */
  #fewTokens(levels: readonly Level[]): boolean {
    const { channels, heads } = this.options
    const tokens = sum(levels.map(({ size: [height, width] }) => height * width))
    return tokens <= 3 * 4 * pointsOf(levels) * (channels / heads)
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

  /** Level by level with the engine's own operator. */
  #byGrid({ places, weights, levels }: Reads, maps: readonly Tensor[]): Tensor {
    const { channels, heads } = this.options
    const [batch, queries] = places.shape as [Dim, Dim]
    const count = pointsOf(levels)
    const grid = reshape(transpose(sub(mul(places, 2), 1), [0, 2, 1, 3, 4]), [-1, queries, count, 2])
    let point = 0
    const read = maps.map((map, level) => {
      const { points } = levels[level]!
      const own = slice(grid, 2, point, point + points)
      point += points
      const [height, width] = map.shape.slice(2) as [Dim, Dim]
      return gridSample(reshape(map, [-1, channels / heads, height, width]), own) // [batch · heads, ·, queries, points]
    })
    const shares = reshape(transpose(weights, [0, 2, 1, 3]), [-1, 1, queries, count])
    const summed = reduceSum(mul(concat(read, 3), shares), [3]) // [batch · heads, channels / heads, queries]
    return transpose(reshape(summed, [batch, channels, queries]), [0, 2, 1])
  }

  /**
   * As one product of a sparse matrix [queries, tokens] with the values: what each token counts for each query is added up from
   * points and their pixels. Its gradient needs no scatter of whole rows, and two dense products are what an engine does best.
   */
  #byMatrix(reads: Reads, value: Tensor): Tensor {
    const { channels, heads } = this.options
    const { places } = reads
    const [batch, tokens, queries] = [value.shape[0], value.shape[1], places.shape[1]]
    if (typeof batch !== 'number' || typeof tokens !== 'number' || typeof queries !== 'number') {
      const got = `${batch}, ${tokens} and ${queries}`
      throw new ConfigError({
        where: 'DeformableAttention by matrix',
        expected: 'known batch, tokens and queries',
        got,
      })
    }
    const { columns, shares } = this.#pixelsOf(reads)
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
  #byRows(reads: Reads, value: Tensor): Tensor {
    const { channels, heads } = this.options
    const [batch, queries] = reads.places.shape as [Dim, number]
    const { columns, shares } = this.#pixelsOf(reads)
    const [tokens, pixels] = [value.shape[1]!, columns.shape[3] as number]
    const perHead = transpose(reshape(value, [batch, tokens, heads, channels / heads]), [0, 2, 1, 3])
    const picked = gatherRows(
      reshape(perHead, [-1, tokens, channels / heads]),
      reshape(transpose(columns, [0, 2, 1, 3]), [-1, queries * pixels]),
    )
    const counted = mul(
      reshape(picked, [batch, heads, queries, pixels, channels / heads]),
      unsqueeze(transpose(shares, [0, 2, 1, 3]), [4]),
    )
    return reshape(transpose(reduceSum(counted, [3]), [0, 2, 1, 3]), [batch, queries, channels])
  }

  /** The pixels that each query reads with a head, as tokens, and what each counts: [batch, queries, heads, pixels]. */
  #pixelsOf({ places, weights, levels }: Reads): { columns: Tensor; shares: Tensor } {
    const [heights, widths] = [0, 1].map((axis) => perPoint(places, levels, ({ size }) => size[axis]!)) as [
      Tensor,
      Tensor,
    ]
    const before = levels.map((_, i) => sum(levels.slice(0, i).map(({ size: [height, width] }) => height * width)))
    const starts = perPoint(places, levels, (_, level) => before[level]!)
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

const pointsOf = (levels: readonly Level[]): number => sum(levels.map(({ points }) => points))

/** What `of` gives for each point's level. */
function pointByPoint<Value>(levels: readonly Level[], of: (level: Level, i: number) => Value): Value[] {
  return levels.flatMap((level, i) => new Array<Value>(level.points).fill(of(level, i))) as Value[]
}

/** The same as a constant [points]. */
function perPoint({ graph }: Tensor, levels: readonly Level[], of: (level: Level, i: number) => number): Tensor {
  const values = pointByPoint(levels, of)
  return graph.constant({ dtype: 'float32', shape: [values.length], data: Float32Array.from(values) })
}

/** References of levels, one for each point: [batch, queries, points, ·]. */
function repeated(references: Tensor, levels: readonly Level[]): Tensor {
  const own = pointByPoint(levels, (_, level) => level)
  return gather(references, references.graph.constant(fromNumbers('int64', [own.length], own)), 2)
}

/** The reads of levels before `level`, and those from there on. */
function cutAt({ places, weights, levels }: Reads, level: number): readonly [Reads, Reads] {
  const point = pointsOf(levels.slice(0, level))
  const part = (from: number, to: number, own: readonly Level[]): Reads => ({
    places: slice(places, 3, from, to),
    weights: slice(weights, 3, from, to),
    levels: own,
  })
  return [part(0, point, levels.slice(0, level)), part(point, pointsOf(levels), levels.slice(level))]
}

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
