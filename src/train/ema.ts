/** @file Exponential moving average of the weights, with the decay that RT-DETR ramps up from 0. */
import { Graph } from '../graph/index.js'
import { encodeModel } from '../onnx/index.js'
import { add, mul, sub } from '../ops/index.js'
import type { Runtime, Session } from '../runtime/index.js'
import type { TensorData } from '../tensor/index.js'
import { chunksOf, Slab, type SlabLayout, scalar, vector } from './slab.js'

/** How fast the average follows. */
export interface EmaOptions {
  /** Decay after the ramp, below 1. */
  readonly decay: number
  /** Steps after which about two thirds of the decay are reached; 0 for no ramp. */
  readonly rampSteps: number
}

/** The averaged weights. */
export class Ema {
  readonly weights: Slab
  /** Updates made; part of what must be saved. */
  updates = 0
  readonly #options: EmaOptions
  readonly #session: Session

  private constructor(layout: SlabLayout, options: EmaOptions, session: Session) {
    this.weights = new Slab(layout)
    this.#options = options
    this.#session = session
  }

  /** Compiles the update; the average starts at zero and must be filled with the first weights. */
  static async create(runtime: Runtime, layout: SlabLayout, options: EmaOptions): Promise<Ema> {
    const graph = new Graph('ema')
    const [average, w] = ['average', 'w'].map((name) => graph.input(name, 'float32', ['n']))
    const share = graph.input('share', 'float32', [])
    graph.output('next', add(average!, mul(sub(w!, average!), share)))
    return new Ema(layout, options, await runtime.createSession(encodeModel(graph).bytes))
  }

  /** The decay of the next update: decay · (1 − e^(−updates / ramp)). */
  get decay(): number {
    const { decay, rampSteps } = this.#options
    return rampSteps === 0 ? decay : decay * (1 - Math.exp(-(this.updates + 1) / rampSteps))
  }

  /** average ← decay · average + (1 − decay) · weights, in place. */
  async update(weights: Slab): Promise<void> {
    const share: TensorData = scalar(1 - this.decay)
    this.updates++
    for (const [from, to] of chunksOf(0, this.weights.layout.length)) {
      const average = vector(this.weights, from, to)
      await this.#session.run({ average, w: vector(weights, from, to), share }, { into: { next: average } })
    }
  }

  async dispose(): Promise<void> {
    await this.#session.dispose()
  }
}
