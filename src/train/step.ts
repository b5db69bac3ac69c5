/**
 * @file One training step on one screen: forward, match, backward, clip, update, average.
 *
 *     images ──► FORWARD ──► predictions of every layer, saved activations
 *                               │ Hungarian matching
 *     targets ──► BACKWARD ──► losses, gradients ──► clip, AdamW, EMA in place
 */
import type { Parameter } from '../graph/index.js'
import { HungarianMatcher, type ImageTargets, type MatchedSet } from '../matching/index.js'
import type { Criterion } from '../models/criterion.js'
import type { DetectionModel, Network } from '../models/index.js'
import { type CostedSession, type Runtime, SessionCache } from '../runtime/index.js'
import type { TensorData } from '../tensor/index.js'
import { AdamW, clipScale, type ParameterGroup } from './adamw.js'
import { type CompiledStep, compileStep } from './compiled-step.js'
import { Ema, type EmaOptions } from './ema.js'
import { requireFinite, requireFiniteLoss, requireFinitePredictions } from './finite.js'
import { StepName, type TrainingShape } from './joint-graph.js'
import { Slab, type SlabLayout, scalar } from './slab.js'

/** What a step learns from. */
export interface TrainingBatch {
  /** uint8 [batch, height, width, 3], padded at the right and the bottom */
  readonly images: TensorData
  /** int32 [batch, 2]: height and width of each image inside its padding */
  readonly sizes: TensorData
  /** One entry per image. */
  readonly targets: readonly ImageTargets[]
}

/** What a step tells. */
export interface StepResult {
  readonly loss: number
  /** Unweighted terms by name. */
  readonly terms: ReadonlyMap<string, number>
  /** L2 norm of all gradients before clipping. */
  readonly gradientNorm: number
  /** Objects that found no query because an image has more of them than queries. */
  readonly unmatched: number
}

/** What the step needs to know of its surroundings. */
export interface StepContext {
  readonly runtime: Runtime
  readonly model: DetectionModel
  readonly network: Network
  readonly criterion: Criterion
  /** Parameters that are learned; the others stay as they are. */
  readonly trained: readonly Parameter[]
  /** Places of the trained parameters. */
  readonly layout: SlabLayout
  /** Every parameter and buffer by key; trained ones are copied into the slab. */
  readonly weights: ReadonlyMap<string, TensorData>
  /** Largest total norm of the gradients; larger ones are scaled down. */
  readonly clipNorm: number
  readonly ema?: EmaOptions
  /** Bound on the buffers of compiled steps, one per padded image size; 2 GiB unless said. */
  readonly cacheBytes?: number
}

const CACHE_BYTES = 2 ** 31

/** The numbers of a training run and what changes them. */
export class TrainingStep {
  readonly weights: Slab
  readonly gradients: Slab
  readonly optimizer: AdamW
  readonly ema: Ema | undefined
  /** Parameters that are not learned, and running statistics, by key. */
  readonly fixed: Map<string, TensorData>
  readonly #context: StepContext
  readonly #matcher: HungarianMatcher
  /** Per batch size and padded image size. */
  readonly #compiled: SessionCache<CompiledStep>

  private constructor(context: StepContext, optimizer: AdamW, ema: Ema | undefined) {
    this.#context = context
    this.optimizer = optimizer
    this.ema = ema
    this.#compiled = new SessionCache(context.cacheBytes ?? CACHE_BYTES)
    this.#matcher = new HungarianMatcher(context.criterion.matching, context.model.classNames.length)
    this.weights = new Slab(context.layout)
    this.weights.fill(context.weights)
    this.gradients = new Slab(context.layout)
    ema?.weights.data.set(this.weights.data)
    this.fixed = new Map([...context.weights].filter(([key]) => !this.weights.views.has(key)))
  }

  static async create(context: StepContext): Promise<TrainingStep> {
    const { runtime, layout, ema } = context
    const optimizer = await AdamW.create(runtime, layout)
    return new TrainingStep(context, optimizer, ema === undefined ? undefined : await Ema.create(runtime, layout, ema))
  }

  /**
   * One step with the given settings per parameter group.
   * @throws NumericError naming the prediction, loss term, gradient or running statistic that is not finite; weights,
   *   moments, average and statistics are then untouched.
   */
  async run(batch: TrainingBatch, groups: readonly ParameterGroup[]): Promise<StepResult> {
    const [size, height, width] = batch.images.shape as [number, number, number]
    return this.#compiled.use(
      `${size}×${height}×${width}`,
      () => this.#compile({ batch: size, height, width }),
      (step) => this.#runWith(step, batch, groups),
    )
  }

  async #runWith(step: CompiledStep, batch: TrainingBatch, groups: readonly ParameterGroup[]): Promise<StepResult> {
    const { clipNorm } = this.#context
    const parameters = { ...Object.fromEntries(this.fixed), ...Object.fromEntries(this.weights.views) }

    const { predictions, saved, statistics } = await step.forward({
      [StepName.images]: batch.images,
      [StepName.sizes]: batch.sizes,
      ...parameters,
    })
    requireFinitePredictions(predictions, [...this.weights.views, ...this.fixed])
    const sets = this.#matcher.match(predictions, batch.targets)
    const { loss, terms } = await step.backward(
      {
        [StepName.images]: batch.images,
        [StepName.sizes]: batch.sizes,
        ...parameters,
        ...saved,
        ...targetFeeds(sets, batch.targets),
      },
      this.gradients,
    )
    for (const [name, value] of [...terms, ['loss', loss] as const]) requireFiniteLoss(name, value)
    const gradientNorm = await this.optimizer.gradientNorm(this.gradients)
    requireFinite('running statistics', statistics)

    await this.optimizer.apply(this.weights, this.gradients, groups, clipScale(gradientNorm, clipNorm))
    for (const [key, value] of statistics) this.fixed.set(key, value)
    await this.ema?.update(this.weights)
    return { loss, terms, gradientNorm, unmatched: sets[0]!.surplus }
  }

  /** Current weights and statistics by key, as copies. */
  snapshot(source: Slab = this.weights): Map<string, TensorData> {
    const copy = (data: TensorData): TensorData => ({ ...data, data: data.data.slice() }) as TensorData
    return new Map([...this.fixed, ...source.views].map(([key, data]) => [key, copy(data)]))
  }

  async dispose(): Promise<void> {
    await this.#compiled.clear()
    await Promise.all([this.optimizer.dispose(), this.ema?.dispose()])
  }

  async #compile(shape: TrainingShape): Promise<CostedSession<CompiledStep>> {
    const { runtime, model, network, criterion, trained } = this.#context
    const session = await compileStep(runtime, model, network, criterion, trained, shape)
    return { session, bytes: session.bytes }
  }
}

function targetFeeds(sets: readonly MatchedSet[], targets: readonly ImageTargets[]): Record<string, TensorData> {
  const objects = targets.reduce((sum, { labels }) => sum + labels.length, 0)
  const feeds: Record<string, TensorData> = { [StepName.perObject]: scalar(1 / Math.max(1, objects)) }
  for (const { name, label, box, matched } of sets) {
    feeds[StepName.labels(name)] = label
    feeds[StepName.boxes(name)] = box
    feeds[StepName.matched(name)] = matched
  }
  return feeds
}
