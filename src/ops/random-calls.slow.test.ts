/**
 * @file Random uses of every operator: what detrs infers is what ONNX Runtime gives, what detrs accepts ONNX Runtime
 * runs (but for kernels that it lacks and values that divide by zero), and what is wrong is refused by an error of ours.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attempt } from '../../test/support/attempt.js'
import { engine } from '../../test/support/engine.js'
import { type Random, randomOf } from '../../test/support/random.js'
import { type Attribute, formatTensor, Graph, type Node, type Tensor } from '../graph/index.js'
import { encodeModel } from '../onnx/index.js'
import { type DType, fromNumbers, isFloat, sizeOfShape, type TensorData, toNumbers } from '../tensor/index.js'
import { type AttributeSpec, addToGraph } from './operator.js'
import { type OpType, operators } from './table.js'

/** Calls per operator. */
const CALLS = 120

/** Why ONNX Runtime may refuse what detrs accepts: it has no kernel for the type, or the values do not allow it. */
const ALLOWED =
  /implementation|Type Error|[Tt]ype parameter|type '|data type|not supported|by zero|ScalesValidation|KernelInfoType|inconsistent with input|out of bounds|out of data bounds|duplicat|padding values must be non-negative/

/** Ranks of the first input, where only one will do. */
const RANKS: Partial<Record<OpType, number>> = { DepthToSpace: 4, Gemm: 2, GridSample: 4 }

/** A random use of one operator. */
class RandomCall {
  readonly graph = new Graph('random')
  readonly feeds: Record<string, TensorData> = {}
  readonly op: OpType
  readonly attributes: Record<string, Attribute> = {}
  readonly #random: Random
  readonly #base: readonly number[]
  readonly #dtype: DType
  readonly #inputs: (Tensor | undefined)[] = []

  constructor(op: OpType, seed: number) {
    this.op = op
    this.#random = randomOf(seed)
    const windowed = operators[op].attributes['strides'] !== undefined || op === 'GlobalAveragePool'
    const rank = windowed ? this.#random.int(3, 4) : (RANKS[op] ?? this.#random.int(0, 4))
    this.#base = Array.from({ length: rank }, () => this.#random.pick([1, 2, 2, 3, 4, 4]))
    this.#dtype = this.#random.pick(['float32', 'float32', 'float32', 'float32', 'int64', 'bool', 'int32', 'float64'])
    for (const [name, spec] of Object.entries(operators[op].attributes)) {
      if (spec.required || this.#random.int(0, 1) === 1) this.attributes[name] = this.#attribute(name, spec)
    }
    if (this.attributes['auto_pad'] !== undefined) delete this.attributes['pads']
    if (windowed && this.#random.int(0, 1) === 1) delete this.attributes['dilations']
    if (op === 'Conv' || op === 'ConvTranspose') delete this.attributes['kernel_shape']
    if (op === 'Resize') for (const name of ['antialias', 'exclude_outside']) delete this.attributes[name]
    for (const name of operators[op].inputs) this.#inputs.push(this.#input(name))
  }

  /** The node that detrs makes of it. @throws what detrs throws. */
  build(): Node {
    const outputs = { MaxPool: 2, TopK: 2, Split: this.#random.int(1, 3) }[String(this.op)] ?? 1
    const node = addToGraph(this.graph, this.op, operators[this.op], this.#inputs, this.attributes, outputs)
    node.outputs.forEach((output, i) => {
      this.graph.output(`out${i}`, output)
    })
    return node
  }

  toString(): string {
    const inputs = this.#inputs.map((input) =>
      input === undefined ? '_' : `${formatTensor(input)}${input.content ?? ''}`,
    )
    const attributes = JSON.stringify(this.attributes, (_, value) =>
      ArrayBuffer.isView(value) ? String(value) : value,
    )
    return `${this.op}(${inputs.join(', ')}) ${attributes}`
  }

  #attribute(name: string, spec: AttributeSpec): Attribute {
    const { int, pick } = this.#random
    const rank = this.#base.length
    const spatial = this.#base.slice(2)
    const choices: Record<string, () => Attribute> = {
      axis: () => int(-rank - 1, rank),
      axes: () => [...this.#base.keys()].filter(() => int(0, 2) > 0),
      perm: () => [...this.#base.keys()].sort(() => int(-1, 1)),
      to: () => pick([1, 6, 7, 9, 10, 11, 16]),
      group: () => pick([1, 1, 2]),
      blocksize: () => pick([1, 2]),
      auto_pad: () => pick(['NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID']),
      kernel_shape: () => spatial.map(() => int(1, 3)),
      strides: () => spatial.map(() => int(1, 3)),
      dilations: () => spatial.map(() => int(1, 2)),
      pads: () => [...spatial, ...spatial].map(() => int(0, 1)),
      output_padding: () => spatial.map(() => int(0, 1)),
      output_shape: () => spatial.map(() => int(1, 8)),
      mode: () =>
        pick({ Pad: ['constant', 'edge', 'reflect'], DepthToSpace: ['DCR', 'CRD'] }[String(this.op)] ?? ['nearest']),
      padding_mode: () => pick(['zeros', 'border', 'reflection']),
      reduction: () => pick(['none', 'add', 'mul', 'max']),
      num_outputs: () => int(1, 3),
      start: () => int(-3, 3),
      end: () => int(-3, 3),
      batch_dims: () => int(0, 1),
      coordinate_transformation_mode: () => pick(['half_pixel', 'asymmetric', 'align_corners']),
      nearest_mode: () => pick(['floor', 'ceil', 'round_prefer_floor']),
      keep_aspect_ratio_policy: () => pick(['stretch', 'not_larger', 'not_smaller']),
      value: () => fromNumbers('int64', [1], [3]),
    }
    return choices[name]?.() ?? (spec.kind === 'int' ? int(0, 1) : (spec.fallback ?? 0.5))
  }

  #input(spec: string): Tensor | undefined {
    const { int, pick } = this.#random
    const name = spec.replace(/[?.]/g, '')
    if (spec.endsWith('?') && int(0, 1) === 0) return undefined
    const base = this.#base
    const rank = base.length
    const listed = (this.attributes['axes'] as readonly number[] | undefined)?.length ?? rank
    const first = this.#inputs[0]?.shape as readonly number[] | undefined
    const group = Number(this.attributes['group'] ?? 1)
    const channels = [base[1] ?? 1]
    const sizes: Record<string, () => Tensor | undefined> = {
      axes: () => this.#list(int(1, 2), -rank - 1, rank),
      shape: () => (int(0, 1) === 0 ? this.#list(int(0, 4), 0, 5) : this.#constant('int64', base.toReversed())),
      pads: () => this.#list(2 * rank, -1, 2),
      starts: () => this.#list(Math.min(rank, 2), -4, 4),
      ends: () => this.#list(Math.min(rank, 2), -4, 6),
      steps: () => this.#list(Math.min(rank, 2), -2, 2),
      repeats: () => this.#list(rank, 0, 2),
      sizes: () => (this.#inputs[2] === undefined ? this.#list(listed, 1, 5) : undefined),
      split: () => (this.attributes['num_outputs'] === undefined ? this.#list(2, 0, 3) : undefined),
      scales: () =>
        this.#constant(
          'float32',
          Array.from({ length: listed }, () => pick([0.5, 1, 1.5, 2, 0.7])),
        ),
      roi: () => undefined,
      k: () => (this.op === 'TopK' ? this.#list(1, 0, 4) : this.#scalar('int64', int(-rank, rank))),
      axis: () => this.#scalar('int64', int(-rank, rank - 1)),
      depth: () => this.#scalar('int64', int(1, 4)),
      start: () => this.#scalar(this.#dtype, int(-3, 5)),
      limit: () => this.#scalar(this.#dtype, int(-3, 5)),
      delta: () => this.#scalar(this.#dtype, int(-3, 5)),
      min: () => this.#scalar(this.#dtype, 0),
      max: () => this.#scalar(this.#dtype, 1),
      condition: () => this.#feed('bool', this.#related()),
      values: () => this.#feed('float32', [2]),
      grid: () => this.#feed('float32', [base[0]!, int(1, 3), int(1, 3), 2]),
      indices: () => this.#feed('int64', this.#indexShape(), -1, 0),
      updates: () => this.#feed(this.#dtype, this.#updateShape()),
      mean: () => this.#feed('float32', channels),
      variance: () => this.#feed('float32', channels, 1, 4),
      scale: () => this.#feed(this.#dtype, this.op === 'BatchNormalization' ? channels : base.slice(-1)),
      bias: () => this.#feed(this.#dtype, this.op === 'LayerNormalization' ? base.slice(-1) : channels),
      exponent: () => this.#feed('float32', this.#related(), 1, 2),
      weight: () => {
        const kernel = base.slice(2).map(() => int(1, 3))
        const inputs = this.op === 'Conv' ? [int(1, 2) * group, Math.max(1, base[1]! / group)] : [base[1]!, int(1, 2)]
        return this.#feed(this.#dtype, [...inputs.map(Math.floor), ...kernel])
      },
      b: () =>
        this.op.endsWith('Mul') && this.op !== 'Mul'
          ? this.#feed(this.#dtype, [...base.slice(0, -2), base.at(-1) ?? 1, 2])
          : undefined,
    }
    if (name === 'bias' && this.op.startsWith('Conv')) return undefined
    const special = sizes[name]?.()
    if (special !== undefined || ['roi', 'split', 'sizes'].includes(name)) return special
    return this.#feed(this.#logical() ? 'bool' : this.#dtype, first === undefined ? base : this.#related())
  }

  #logical(): boolean {
    return ['And', 'Or', 'Xor', 'Not'].includes(this.op)
  }

  /** The base shape, some sizes of it 1, or now and then any shape. */
  #related(): readonly number[] {
    const { int } = this.#random
    if (int(0, 6) === 0) return Array.from({ length: int(0, 3) }, () => int(1, 4))
    return this.#base.map((size) => (int(0, 4) === 0 ? 1 : size))
  }

  #indexShape(): readonly number[] {
    const { int } = this.#random
    if (this.op !== 'GatherND' && this.op !== 'ScatterND') return this.#related()
    return [...this.#base.slice(0, int(0, 1)), int(1, 2), int(1, 2)]
  }

  #updateShape(): readonly number[] {
    const indices = this.#inputs[1]!.shape as readonly number[]
    if (this.op !== 'ScatterND') return indices
    return [...indices.slice(0, -1), ...this.#base.slice(indices.at(-1)!)]
  }

  #list(length: number, low: number, high: number): Tensor {
    return this.#constant(
      'int64',
      Array.from({ length }, () => this.#random.int(low, high)),
    )
  }

  #constant(dtype: DType, values: readonly number[]): Tensor {
    return this.graph.constant(fromNumbers(dtype, [values.length], values))
  }

  #scalar(dtype: DType, value: number): Tensor {
    return this.graph.constant(fromNumbers(dtype, [], [value]))
  }

  /** A tensor of random values: an input of the graph, or a constant. */
  #feed(dtype: DType, shape: readonly number[], low = -2, high = 3): Tensor {
    const { int } = this.#random
    const value = (): number => (isFloat(dtype) && low < -1 ? int(4 * low, 4 * high) / 4 : int(low, high))
    const data = fromNumbers(dtype, shape, Array.from({ length: sizeOfShape(shape) }, value))
    if (int(0, 1) === 0) return this.graph.constant(data)
    const name = `in${this.#inputs.length}`
    this.feeds[name] = data
    return this.graph.input(name, dtype, shape)
  }
}

/** Operators of our own domain are gone before a graph is run. */
const run = (Object.keys(operators) as OpType[]).filter((op) => operators[op].domain !== 'detrs')

for (const [index, op] of run.entries()) {
  test(`${op}: ${CALLS} random calls`, async () => {
    const runtime = await engine()
    let ran = 0
    for (let i = 0; i < CALLS; i++) {
      const call = new RandomCall(op, index * 1000 + i)
      const node = attempt(() => call.build())
      if (node === undefined) continue
      let results: Record<string, TensorData>
      try {
        const session = await runtime.createSession(encodeModel(call.graph).bytes, { graphOptimization: 'none' })
        results = await session.run(call.feeds).finally(() => session.dispose())
      } catch (error) {
        assert.match(String(error), ALLOWED, `${call}: ${error}`)
        continue
      }
      ran++
      for (const [k, output] of node.outputs.entries()) {
        const result = results[`out${k}`]!
        const shape = output.shape.map((dim, axis) => (typeof dim === 'string' ? result.shape[axis] : dim))
        assert.equal(`${output.dtype} ${shape}`, `${result.dtype} ${result.shape}`, `${call}`)
        const known = output.content?.every((entry) => typeof entry === 'number')
        if (known) assert.deepEqual(output.content, toNumbers(result), `${call}`)
      }
    }
    assert.ok(ran >= 5, `${op}: ${ran} of ${CALLS} calls ran`)
  })
}
