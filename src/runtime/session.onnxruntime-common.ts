/**
 * @file Sessions over the JavaScript interface that onnxruntime-node and onnxruntime-web share, described here by
 * structure, so that neither package need be installed.
 */
import { type ArrayOf, DTYPES, type DType, RuntimeError, type TensorData, tensorData } from '../tensor/index.js'
import { engineError } from './engine-error.js'
import { checkFeeds, chooseOutputs, fixDimensions } from './feed-check.js'
import type { RunGate } from './run-gate.js'
import type { NamedTensors, RunOptions, Session, SessionOptions, ValueInfo } from './session.js'
import { SessionLife } from './session-life.js'
import type { SessionRequest } from './session-request.js'

/** A tensor of onnxruntime-common. */
export interface CommonTensor {
  readonly type: string
  readonly dims: readonly number[]
  readonly data: unknown
}

interface CommonMetadata {
  readonly name: string
  readonly isTensor: boolean
  readonly type?: string
  readonly shape?: readonly (number | string)[]
}

/** A session of onnxruntime-common. */
export interface CommonSession {
  readonly inputMetadata: readonly CommonMetadata[]
  readonly outputMetadata: readonly CommonMetadata[]
  run(
    feeds: Record<string, CommonTensor>,
    fetches: Record<string, CommonTensor | null>,
  ): Promise<Record<string, CommonTensor>>
  release(): Promise<void>
}

/** What this project uses of onnxruntime-common. */
export interface CommonModule {
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<CommonSession> }
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => CommonTensor
  readonly env: {
    logLevel?: string
    readonly versions: Readonly<Record<string, string | undefined>>
    readonly wasm: { numThreads?: number; wasmPaths?: string | object }
  }
}

/** How the two packages differ. */
export interface CommonEngine {
  readonly module: CommonModule
  /** Whether outputs can be written into memory that is given; otherwise they are copied there afterwards. */
  readonly writesInPlace: boolean
  /** Whether SharedArrayBuffers are refused, so that such tensors are copied. */
  readonly refusesShared: boolean
  /** Runs and creations take turns here. */
  readonly gate: RunGate
  /** What went wrong when a session could not be made for the engine's own sake, whatever the model. */
  readonly explain?: (cause: unknown) => RuntimeError | undefined
}

const OPTIMIZATION = { none: 'disabled', basic: 'basic', extended: 'extended', all: 'all' } as const

/**
 * Compiles a model.
 * @throws RuntimeError when the engine refuses the model.
 */
export async function createCommonSession(
  engine: CommonEngine,
  request: SessionRequest,
  model: Uint8Array,
  options: SessionOptions,
  engineOptions: object,
): Promise<Session> {
  await engine.gate.enter()
  try {
    const session = await engine.module.InferenceSession.create(unshared(model), {
      graphOptimizationLevel: OPTIMIZATION[options.graphOptimization ?? 'all'],
      logSeverityLevel: 4,
      ...(options.externalData === undefined ? {} : { externalData: options.externalData }),
      ...(options.freeDimensions === undefined ? {} : { freeDimensionOverrides: options.freeDimensions }),
      ...engineOptions,
    })
    try {
      return new CommonBackedSession(engine, session, request.label, options.freeDimensions)
    } catch (error) {
      await session.release()
      throw error
    }
  } catch (error) {
    if (error instanceof RuntimeError) throw error
    throw engine.explain?.(error) ?? engineError(request.label, 'a model that ONNX Runtime can load', error)
  } finally {
    engine.gate.leave()
  }
}

class CommonBackedSession implements Session {
  readonly inputs: readonly ValueInfo[]
  readonly outputs: readonly ValueInfo[]
  readonly #engine: CommonEngine
  readonly #session: CommonSession
  readonly #label: string
  readonly #life: SessionLife

  constructor(engine: CommonEngine, session: CommonSession, label: string, sizes: SessionOptions['freeDimensions']) {
    this.inputs = session.inputMetadata.map((info) => fixDimensions(describe('input', info), sizes))
    this.outputs = session.outputMetadata.map((info) => fixDimensions(describe('output', info), sizes))
    this.#engine = engine
    this.#session = session
    this.#label = label
    this.#life = new SessionLife(label, () => session.release())
  }

  run(feeds: NamedTensors, options: RunOptions = {}): Promise<Record<string, TensorData>> {
    return this.#life.during(async () => {
      const { gate } = this.#engine
      await gate.enter()
      try {
        return await this.#runNow(feeds, options)
      } finally {
        gate.leave()
      }
    })
  }

  dispose(): Promise<void> {
    return this.#life.dispose()
  }

  async #runNow(feeds: NamedTensors, options: RunOptions): Promise<Record<string, TensorData>> {
    checkFeeds(this.inputs, feeds)
    const chosen = chooseOutputs(this.outputs, options)
    const { refusesShared, writesInPlace } = this.#engine
    const given = Object.fromEntries(
      this.inputs.map(({ name }) => [name, this.#wrap(feeds[name]!, refusesShared)] as const),
    )
    const wanted = Object.fromEntries(
      chosen.map(({ name }) => {
        const target = options.into?.[name]
        const direct = target !== undefined && writesInPlace && !(refusesShared && isShared(target.data))
        return [name, direct ? this.#wrap(target, false) : null] as const
      }),
    )
    let results: Record<string, CommonTensor>
    try {
      results = await this.#session.run(given, wanted)
    } catch (error) {
      throw engineError(this.#label, 'the graph to run', error)
    }
    return Object.fromEntries(
      chosen.map((info) => {
        const target = options.into?.[info.name]
        if (target === undefined) return [info.name, unwrap(info, results[info.name]!)] as const
        if (wanted[info.name] === null) this.#copyInto(info, results[info.name]!, target)
        return [info.name, target] as const
      }),
    )
  }

  #wrap({ dtype, shape, data }: TensorData, copyShared: boolean): CommonTensor {
    return new this.#engine.module.Tensor(dtype, copyShared ? unshared(data) : data, [...shape])
  }

  #copyInto(info: ValueInfo, result: CommonTensor, target: TensorData): void {
    const { shape, data } = unwrap(info, result)
    if (shape.join() !== target.shape.join()) {
      throw new RuntimeError({
        where: `output ${info.name}`,
        expected: `a buffer of shape [${shape.join(', ')}]`,
        got: `[${target.shape.join(', ')}]`,
      })
    }
    ;(target.data as Uint8Array).set(data as Uint8Array)
  }
}

function describe(kind: string, info: CommonMetadata): ValueInfo {
  const dtype = DTYPES.find((candidate) => candidate === info.type)
  if (!info.isTensor || info.shape === undefined || dtype === undefined) {
    const got = info.isTensor ? `elements of type ${info.type}` : 'another kind of value'
    throw new RuntimeError({ where: `${kind} ${info.name}`, expected: 'a tensor of numbers', got })
  }
  return { name: info.name, dtype, shape: info.shape.map((dim) => (dim === '' ? '?' : dim)) }
}

function unwrap(info: ValueInfo, tensor: CommonTensor): TensorData {
  let data = tensor.data as ArrayOf[DType]
  // Newer JavaScript engines have a Float16Array, and the packages then use it; here halves are kept as bits.
  if (info.dtype === 'float16' && !(data instanceof Uint16Array)) {
    const view = data as ArrayBufferView
    data = new Uint16Array(view.buffer, view.byteOffset, view.byteLength / 2)
  }
  return tensorData(info.dtype, tensor.dims, data)
}

function isShared(view: ArrayBufferView): boolean {
  return typeof SharedArrayBuffer !== 'undefined' && view.buffer instanceof SharedArrayBuffer
}

function unshared<T extends ArrayOf[DType]>(view: T): T {
  return isShared(view) ? (view.slice() as T) : view
}
