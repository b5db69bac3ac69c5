/**
 * @file One training step on one screen: forward, match, backward, clip, update, average.
 *
 *     images ──► FORWARD ──► predictions of every layer, saved activations
 *                               │ Hungarian matching
 *     targets ──► BACKWARD ──► losses, gradients ──► clip, AdamW, EMA in place
 */
import type { Parameter } from '../graph/index.js'
import {
  contrastiveDenoising,
  type DenoisingBatch,
  HungarianMatcher,
  type ImageTargets,
  type MatchedSet,
} from '../matching/index.js'
import type { Criterion } from '../models/criterion.js'
import type { DetectionModel, Network } from '../models/index.js'
import { type CostedSession, type Runtime, SessionCache } from '../runtime/index.js'
import { ConfigError, mix, streamKey, type TensorData, uniformAt } from '../tensor/index.js'
import { AdamW, clipScale, type ParameterGroup } from './adamw.js'
import { type CompiledStep, compileStep } from './compiled-step.js'
import { DropoutMasks } from './dropout-masks.js'
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
  readonly milliseconds: StepTimes
}

/** Where a step's time went, milliseconds. */
export interface StepTimes {
  readonly forward: number
  /** Hungarian matching and the making of dense targets. */
  readonly matching: number
  readonly backward: number
  /** Norm, clipping, AdamW and moving average. */
  readonly update: number
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
  /** Of dropout; 0 unless said. */
  readonly seed?: number
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
  /** Averages of the running statistics by key, of those that training has changed. */
  readonly averagedStatistics: Map<string, TensorData<'float32'>> = new Map()
  readonly #context: StepContext
  readonly #matcher: HungarianMatcher
  readonly #masks: DropoutMasks
  /** Gradients of one part of a batch that is taken in several. */
  #part: Slab | undefined
  /** Per batch size and padded image size. */
  readonly #compiled: SessionCache<CompiledStep>

  private constructor(context: StepContext, optimizer: AdamW, ema: Ema | undefined) {
    this.#context = context
    this.optimizer = optimizer
    this.ema = ema
    this.#compiled = new SessionCache(context.cacheBytes ?? CACHE_BYTES)
    this.#matcher = new HungarianMatcher(context.criterion.matching, context.model.classNames.length)
    this.#masks = new DropoutMasks(context.seed ?? 0)
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
   * One step with the given settings per parameter group. A batch in parts is one step whose gradient is the mean of the parts'
   * (as between the workers of a data-parallel training): norms see each part alone, box losses are divided by the objects of
   * all.
   * @throws NumericError naming the prediction, loss term, gradient or running statistic that is not finite; weights,
   *   moments, average and statistics are then untouched.
   */
  async run(batch: TrainingBatch | readonly TrainingBatch[], groups: readonly ParameterGroup[]): Promise<StepResult> {
    const parts = 'images' in batch ? [batch] : batch
    const objects = parts.flatMap(({ targets }) => targets).reduce((sum, { labels }) => sum + labels.length, 0)
    const perObject = 1 / Math.max(1, objects / parts.length)
    const statistics = new Map<string, TensorData>()
    const results: PartResult[] = []
    for (const [i, part] of parts.entries()) {
      if (i > 0) this.#part ??= new Slab(this.#context.layout)
      const into = (i === 0 ? undefined : this.#part) ?? this.gradients
      const result = await this.#differentiate(part, perObject, statistics, into, i)
      if (i > 0) addInPlace(this.gradients.data, into.data)
      results.push(result)
    }
    const summary = summarize(results)
    for (const [name, value] of [...summary.terms, ['loss', summary.loss] as const]) requireFiniteLoss(name, value)
    const started = performance.now()
    const gradientNorm = (await this.optimizer.gradientNorm(this.gradients)) / parts.length
    const scale = clipScale(gradientNorm, this.#context.clipNorm) / parts.length
    requireFinite('running statistics', statistics)
    await this.optimizer.apply(this.weights, this.gradients, groups, scale)
    this.#keepStatistics(statistics)
    await this.ema?.update(this.weights)
    const milliseconds = { ...summary.milliseconds, update: performance.now() - started }
    return { ...summary, gradientNorm, milliseconds }
  }

  /** Forward, matching and backward of a part; new running statistics go into `statistics`, gradients into the slab. */
  async #differentiate(
    part: TrainingBatch,
    perObject: number,
    statistics: Map<string, TensorData>,
    gradients: Slab,
    index: number,
  ): Promise<PartResult> {
    const [batch, height, width] = part.images.shape as [number, number, number]
    requireFull(this.#context.model, part)
    const denoised = this.#denoise(part.targets, this.optimizer.step * MOST_PARTS + index)
    const denoising = denoised?.labels.shape[1] ?? 0
    return this.#compiled.use(
      `${batch}×${height}×${width}+${denoising}`,
      () => this.#compile({ batch, height, width, denoising }),
      async (step) => {
        const feeds = {
          [StepName.images]: part.images,
          [StepName.sizes]: part.sizes,
          ...denoisingFeeds(denoised),
          ...this.#masks.feeds(step.inputs, this.optimizer.step * MOST_PARTS + index),
          ...Object.fromEntries([...this.fixed, ...statistics, ...this.weights.views]),
        }
        const started = performance.now()
        const forward = await step.forward(feeds)
        const predicted = performance.now()
        requireFinitePredictions(forward.predictions, [...this.weights.views, ...this.fixed])
        const sets = this.#matcher.match(forward.predictions, part.targets)
        const known = step.known.map((name) => ({ name, ...denoised!.target }))
        const targets = targetFeeds([...sets, ...known], perObject, perCopy(denoised, perObject))
        const matched = performance.now()
        const { loss, terms } = await step.backward({ ...feeds, ...forward.saved, ...targets }, gradients)
        const done = performance.now()
        for (const [key, value] of forward.statistics) statistics.set(key, value)
        const milliseconds = { forward: predicted - started, matching: matched - predicted, backward: done - matched }
        return { loss, terms, unmatched: sets[0]!.surplus, milliseconds }
      },
    )
  }

  /** Noisy copies of the targets, where the criterion wants them: the same for the same seed and number of the draw. */
  #denoise(targets: readonly ImageTargets[], draw: number): DenoisingBatch | undefined {
    const { criterion, model, seed = 0 } = this.#context
    if (criterion.denoising === undefined) return undefined
    const key = mix(streamKey('denoising', seed) ^ mix(draw))
    let drawn = 0
    const uniform = (): number => (uniformAt(key, drawn++) + 1) / 2
    return contrastiveDenoising(targets, model.classNames.length, model.queries, criterion.denoising, uniform)
  }

  /** Current weights and statistics by key, as copies. */
  snapshot(): Map<string, TensorData> {
    return copies([...this.fixed, ...this.weights.views])
  }

  /** The averaged ones, or the current ones where there is no average. */
  averagedSnapshot(): Map<string, TensorData> {
    return copies([...this.fixed, ...this.averagedStatistics, ...(this.ema ?? this).weights.views])
  }

  /** Takes over new running statistics, and moves their averages by as much as the weights' will be. */
  #keepStatistics(statistics: ReadonlyMap<string, TensorData>): void {
    const decay = this.ema?.decay
    for (const [key, value] of statistics) {
      const before = this.averagedStatistics.get(key) ?? this.fixed.get(key)!
      this.fixed.set(key, value)
      if (decay === undefined) continue
      const [past, now] = [before, value].map(({ data }) => data as Float32Array) as [Float32Array, Float32Array]
      const data = now.map((statistic, i) => decay * past[i]! + (1 - decay) * statistic)
      this.averagedStatistics.set(key, { dtype: 'float32', shape: value.shape, data })
    }
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

/** What a network that takes no mask is shown must be photo to the edge: detection shows it nothing else. */
function requireFull({ name, input }: DetectionModel, { images, sizes }: TrainingBatch): void {
  const [, height, width] = images.shape as [number, number, number]
  if (input.resize.kind === 'pad') return
  const at = sizes.data.findIndex((side, i) => Number(side) !== (i % 2 === 0 ? height : width))
  if (at < 0) return
  const image = Math.floor(at / 2)
  throw new ConfigError({
    where: `TrainingStep.run, image ${image} of the batch`,
    expected: `${width}×${height} pixels like the batch: ${name} stretches photos and cannot tell padding from photo`,
    got: `${sizes.data[2 * image + 1]}×${sizes.data[2 * image]}`,
    next: 'Give createLoader the transform stretch() and no padTo.',
  })
}

/** Numbers of dropout masks that a step may use, one per part. */
const MOST_PARTS = 1024

type PartResult = Omit<StepResult, 'gradientNorm' | 'milliseconds'> & {
  readonly milliseconds: Omit<StepTimes, 'update'>
}

/** Means of losses, sums of times and of objects without a query. */
function summarize(parts: readonly PartResult[]): PartResult {
  const sum = (value: (part: PartResult) => number): number => parts.reduce((total, part) => total + value(part), 0)
  const names = [...parts[0]!.terms.keys()]
  return {
    loss: sum(({ loss }) => loss) / parts.length,
    terms: new Map(names.map((name) => [name, sum(({ terms }) => terms.get(name)!) / parts.length])),
    unmatched: sum(({ unmatched }) => unmatched),
    milliseconds: {
      forward: sum(({ milliseconds }) => milliseconds.forward),
      matching: sum(({ milliseconds }) => milliseconds.matching),
      backward: sum(({ milliseconds }) => milliseconds.backward),
    },
  }
}

function copies(tensors: readonly (readonly [string, TensorData])[]): Map<string, TensorData> {
  return new Map(tensors.map(([key, data]) => [key, { ...data, data: data.data.slice() } as TensorData]))
}

function addInPlace(sum: Float32Array, part: Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += part[i]!
}

function denoisingFeeds(batch: DenoisingBatch | undefined): Record<string, TensorData> {
  if (batch === undefined) return {}
  return {
    [StepName.denoisingLabels]: batch.labels,
    [StepName.denoisingBoxes]: batch.boxLogits,
    [StepName.denoisingBias]: batch.bias,
  }
}

/** Every object has as many noisy copies as there are groups. */
function perCopy(denoised: DenoisingBatch | undefined, perObject: number): number {
  return denoised === undefined || denoised.groups === 0 ? 0 : perObject / denoised.groups
}

function targetFeeds(
  sets: readonly Pick<MatchedSet, 'name' | 'label' | 'box' | 'matched'>[],
  perObject: number,
  perDenoised: number,
): Record<string, TensorData> {
  const feeds: Record<string, TensorData> = {
    [StepName.perObject]: scalar(perObject),
    [StepName.perDenoised]: scalar(perDenoised),
  }
  for (const { name, label, box, matched } of sets) {
    feeds[StepName.labels(name)] = label
    feeds[StepName.boxes(name)] = box
    feeds[StepName.matched(name)] = matched
  }
  return feeds
}
