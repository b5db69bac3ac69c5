/**
 * @file AdamW (Decoupled Weight Decay Regularization, arXiv:1711.05101, Algorithm 2, as PyTorch computes it) and clipping by
 * the total norm, over flat slabs: one small graph run on chunk after chunk, in place.
 */
import { Graph } from '../graph/index.js'
import { encodeModel } from '../onnx/index.js'
import { add, div, mul, reduceSum, sqrt, sub } from '../ops/index.js'
import type { Runtime, Session } from '../runtime/index.js'
import { gradientFault } from './finite.js'
import { chunksOf, Slab, type SlabLayout, scalar, vector } from './slab.js'

/** One parameter group's settings, which a schedule may change from step to step. */
export interface ParameterGroup {
  readonly learningRate: number
  readonly weightDecay: number
}

/** Settings that hold for all groups. */
export interface AdamWOptions {
  readonly beta1?: number
  readonly beta2?: number
  readonly epsilon?: number
}

/** The optimizer's numbers and its two compiled graphs. */
export class AdamW {
  readonly firstMoment: Slab
  readonly secondMoment: Slab
  /** Steps taken; part of what must be saved. */
  step = 0
  readonly #options: Required<AdamWOptions>
  readonly #layout: SlabLayout
  readonly #update: Session
  readonly #squares: Session

  private constructor(layout: SlabLayout, options: Required<AdamWOptions>, update: Session, squares: Session) {
    this.#layout = layout
    this.#options = options
    this.#update = update
    this.#squares = squares
    this.firstMoment = new Slab(layout)
    this.secondMoment = new Slab(layout)
  }

  /** Compiles the update for a layout. */
  static async create(runtime: Runtime, layout: SlabLayout, options: AdamWOptions = {}): Promise<AdamW> {
    const filled = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, ...options }
    const [update, squares] = await Promise.all([
      runtime.createSession(encodeModel(updateGraph(filled)).bytes),
      runtime.createSession(encodeModel(squaresGraph()).bytes),
    ])
    return new AdamW(layout, filled, update, squares)
  }

  /**
   * The L2 norm of all gradients together.
   * @throws NumericError naming the first parameter whose gradient is not finite.
   */
  async gradientNorm(gradients: Slab): Promise<number> {
    let sum = 0
    for (const [start, end] of chunksOf(0, this.#layout.length)) {
      const { sum: part } = await this.#squares.run({ g: vector(gradients, start, end) })
      sum += Number(part!.data[0])
    }
    if (Number.isFinite(sum)) return Math.sqrt(sum)
    throw gradientFault(gradients.views)
  }

  /**
   * One step, in place: weights and both moments. Every gradient is scaled by `scale` first (see `clipScale`).
   * @param groups settings per group of the layout
   */
  async apply(weights: Slab, gradients: Slab, groups: readonly ParameterGroup[], scale: number): Promise<void> {
    this.step++
    const { beta1, beta2 } = this.#options
    const [correction1, correction2] = [1 - beta1 ** this.step, 1 - beta2 ** this.step]
    for (const [index, { start, end }] of this.#layout.groups.entries()) {
      const { learningRate, weightDecay } = groups[index]!
      const settings = {
        scale: scalar(scale),
        keep: scalar(1 - learningRate * weightDecay),
        step_size: scalar(learningRate / correction1),
        root_correction: scalar(Math.sqrt(correction2)),
      }
      for (const [from, to] of chunksOf(start, end)) {
        const [w, m, v] = [weights, this.firstMoment, this.secondMoment].map((slab) => vector(slab, from, to))
        const state = { w: w!, m: m!, v: v! }
        await this.#update.run(
          { ...state, g: vector(gradients, from, to), ...settings },
          { into: { w_next: w!, m_next: m!, v_next: v! } },
        )
      }
    }
  }

  async dispose(): Promise<void> {
    await Promise.all([this.#update.dispose(), this.#squares.dispose()])
  }
}

/** Factor that brings a gradient of this norm down to `maxNorm`, as PyTorch's clip_grad_norm_ computes it; at most 1. */
export function clipScale(norm: number, maxNorm: number): number {
  return Math.min(1, maxNorm / (norm + 1e-6))
}

/** m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², w ← w(1 − lr·wd) − lr/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + ε). */
export function updateGraph({ beta1, beta2, epsilon }: Required<AdamWOptions>): Graph {
  const graph = new Graph('adamw')
  const [w, m, v, g] = ['w', 'm', 'v', 'g'].map((name) => graph.input(name, 'float32', ['n']))
  const [scale, keep, stepSize, rootCorrection] = ['scale', 'keep', 'step_size', 'root_correction'].map((name) =>
    graph.input(name, 'float32', []),
  )
  const gradient = mul(g!, scale!)
  const first = add(mul(m!, beta1), mul(gradient, 1 - beta1))
  const second = add(mul(v!, beta2), mul(mul(gradient, gradient), 1 - beta2))
  const denominator = add(div(sqrt(second), rootCorrection!), epsilon)
  graph.output('w_next', sub(mul(w!, keep!), mul(div(first, denominator), stepSize!)))
  graph.output('m_next', first)
  graph.output('v_next', second)
  return graph
}

function squaresGraph(): Graph {
  const graph = new Graph('squares')
  const g = graph.input('g', 'float32', ['n'])
  graph.output('sum', reduceSum(mul(g, g), [0]))
  return graph
}
