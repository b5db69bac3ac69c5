/**
 * @file The one interface through which graphs run. Three implementations: `ffi` (Node: the C API of ONNX Runtime with
 * IO binding), `node` (onnxruntime-node, the fallback) and `web` (onnxruntime-web). The application picks one.
 */
import type { DType, TensorData } from '../tensor/index.js'

/** Name, element type and shape of an input or output; a string is a dimension known only at run time. */
export interface ValueInfo {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly (number | string)[]
}

/** Tensors by input or output name. */
export type NamedTensors = Readonly<Record<string, TensorData>>

/** Bytes that an encoded model refers to by path instead of containing them (its weights, usually). */
export interface ExternalData {
  readonly path: string
  readonly data: Uint8Array
}

/** How a session is made. */
export interface SessionOptions {
  /** Files that the model's external tensors name; held by reference while the session is created. */
  readonly externalData?: readonly ExternalData[] | undefined
  /** What the runtime may rewrite; `all` unless said. */
  readonly graphOptimization?: 'none' | 'basic' | 'extended' | 'all' | undefined
  /** Execution providers in order of preference; the CPU's unless said. */
  readonly providers?: readonly string[] | undefined
  /** Free dimensions that are fixed for this session, by their symbolic name. */
  readonly freeDimensions?: Readonly<Record<string, number>> | undefined
  /**
   * Threads of this session's operators; the runtime's unless said (and always, in the web engine). With one, scatters
   * that add are free of races.
   */
  readonly threads?: number | undefined
  /** What errors call the model where they can name no node; `model` unless said. */
  readonly label?: string | undefined
}

/** How one run is made. */
export interface RunOptions {
  /**
   * Buffers that receive outputs in place, by output name; each must have the output's exact type and shape. An output
   * that is not named here is allocated. A buffer may also be an input of the same run (in-place update).
   */
  readonly into?: NamedTensors | undefined
  /** Outputs to compute; all unless said. */
  readonly outputs?: readonly string[] | undefined
}

/** A compiled graph. Runs of one session may overlap. */
export interface Session {
  readonly inputs: readonly ValueInfo[]
  readonly outputs: readonly ValueInfo[]
  /**
   * Executes the graph without blocking the event loop where the platform allows it.
   * @throws RuntimeError naming the module path of the node that failed (or the label: the web engine does not tell nodes);
   *   ShapeError or DtypeError for feeds that do not fit.
   */
  run(feeds: NamedTensors, options?: RunOptions): Promise<Record<string, TensorData>>
  /** Frees the engine's memory once runs in flight have ended; a second call does nothing. */
  dispose(): Promise<void>
}

/** An engine that turns model bytes into sessions. */
export interface Runtime {
  readonly name: 'ffi' | 'node' | 'web'
  /** Version of ONNX Runtime, e.g. `1.30.0`. */
  readonly version: string
  /** Execution providers that this engine can use on this machine. */
  readonly providers: readonly string[]
  /** Threads that one operator may use. */
  readonly threads: number
  /**
   * Compiles an ONNX model.
   * @throws RuntimeError when the engine refuses the model.
   */
  createSession(model: Uint8Array, options?: SessionOptions): Promise<Session>
}

/** Those of `feeds` that a session takes: one list may serve the graphs of several models, or both halves of a step. */
export function feedsFor({ inputs }: Pick<Session, 'inputs'>, feeds: NamedTensors): NamedTensors {
  return Object.fromEntries(inputs.map(({ name }) => [name, feeds[name]!]))
}
