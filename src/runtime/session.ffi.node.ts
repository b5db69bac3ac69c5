/**
 * @file A session of the C API. Tensors are bound over the caller's memory, so nothing is copied but outputs whose
 * shape is known only after the run and for which the caller gave no buffer.
 */

import { onnxTypeCode } from '../ops/index.js'
import { bytesOf, createArray, sizeOfShape, type TensorData, tensorData } from '../tensor/index.js'
import { engineError } from './engine-error.js'
import { type NativeEnvironment, newHandle } from './environment.ffi.node.js'
import { checkFeeds, chooseOutputs, isStatic } from './feed-check.js'
import type { Pointer } from './ort-api.ffi.node.js'
import type { NamedTensors, RunOptions, Session, ValueInfo } from './session.js'
import { SessionLife } from './session-life.js'
import { dimensionsOf } from './value-info.ffi.node.js'

/** A native session and what is known about it. */
export interface NativeSession {
  readonly handle: Pointer
  readonly label: string
  /** Bytes of the model and its external data. */
  readonly bytes: number
  readonly inputs: readonly ValueInfo[]
  readonly outputs: readonly ValueInfo[]
}

/**
 * Whatever native code may touch at this moment. koffi keeps no reference to the memory behind a pointer, so this set is
 * what stands between a run and the garbage collector.
 */
const inFlight = new Set<unknown>()

/** Shapes on their way to native code, which copies them at once. */
const shapeWords = new BigInt64Array(16)

interface HeldSession {
  readonly environment: NativeEnvironment
  readonly handle: Pointer
  readonly bytes: number
}

async function release({ environment, handle, bytes }: HeldSession): Promise<void> {
  await environment.api.ReleaseSession.start(handle)
  await environment.library.trim(bytes)
}

/** Frees sessions that were dropped without dispose(). */
const forgotten = new FinalizationRegistry<HeldSession>((held) => void release(held))

/** Runs a native call with `pins` referenced until it has ended. */
export async function pinned(pins: unknown, call: () => Promise<void>): Promise<void> {
  // A fresh object per call: the same pins may be in flight twice.
  const entry = { pins }
  inFlight.add(entry)
  try {
    await call()
  } finally {
    inFlight.delete(entry)
  }
}

/** An output's place in a run: bound to memory of JavaScript, or left to ONNX Runtime. */
interface OutputSlot {
  readonly info: ValueInfo
  readonly bound: TensorData | undefined
}

/** An output that is an input of the graph is not written by ONNX Runtime when memory is bound to it. */
function passThrough(target: TensorData | undefined, feed: TensorData | undefined): void {
  if (target === undefined || feed === undefined || target.data === feed.data) return
  ;(target.data as Uint8Array).set(feed.data as Uint8Array)
}

/** A session whose runs happen on libuv's threads. */
export class FfiSession implements Session {
  readonly inputs: readonly ValueInfo[]
  readonly outputs: readonly ValueInfo[]
  readonly #environment: NativeEnvironment
  readonly #handle: Pointer
  readonly #label: string
  readonly #life: SessionLife
  /** NUL-terminated names by value name, kept for the addresses below. */
  readonly #names = new Map<string, { readonly bytes: Uint8Array; readonly at: Pointer }>()
  /** False once a file's declared output shapes have turned out wrong. */
  #trustsShapes = true

  constructor(environment: NativeEnvironment, native: NativeSession) {
    this.inputs = native.inputs
    this.outputs = native.outputs
    this.#environment = environment
    this.#handle = native.handle
    this.#label = native.label
    for (const { name } of [...native.inputs, ...native.outputs]) {
      const bytes = Buffer.from(`${name}\0`)
      this.#names.set(name, { bytes, at: environment.api.address(bytes) })
    }
    const held = { environment, handle: native.handle, bytes: native.bytes }
    this.#life = new SessionLife(native.label, () => {
      forgotten.unregister(this)
      return release(held)
    })
    forgotten.register(this, held, this)
  }

  run(feeds: NamedTensors, options: RunOptions = {}): Promise<Record<string, TensorData>> {
    return this.#life.during(async () => {
      const { gate } = this.#environment
      await gate.enter()
      try {
        return await this.#runOrRetry(feeds, options)
      } finally {
        gate.leave()
      }
    })
  }

  dispose(): Promise<void> {
    return this.#life.dispose()
  }

  async #runOrRetry(feeds: NamedTensors, options: RunOptions): Promise<Record<string, TensorData>> {
    checkFeeds(this.inputs, feeds)
    const chosen = chooseOutputs(this.outputs, options)
    const trusted = this.#trustsShapes
    try {
      return await this.#runBound(feeds, chosen, options)
    } catch (error) {
      // Files of other makers declare fixed output shapes that do not hold; ONNX Runtime only minds when memory is bound.
      const misdeclared = trusted && options.into === undefined && String(error).includes('pre-allocated output')
      if (!misdeclared) throw engineError(this.#label, 'the graph to run', error)
      this.#trustsShapes = false
    }
    try {
      return await this.#runBound(feeds, chosen, options)
    } catch (error) {
      throw engineError(this.#label, 'the graph to run', error)
    }
  }

  async #runBound(
    feeds: NamedTensors,
    chosen: readonly ValueInfo[],
    options: RunOptions,
  ): Promise<Record<string, TensorData>> {
    const { api, runOptions } = this.#environment
    const slots = chosen.map((info): OutputSlot => ({ info, bound: options.into?.[info.name] ?? this.#allocate(info) }))
    const inputNames = BigUint64Array.from(this.inputs, ({ name }) => this.#names.get(name)!.at)
    const outputNames = BigUint64Array.from(slots, ({ info }) => this.#names.get(info.name)!.at)
    const inputValues = new BigUint64Array(this.inputs.length)
    const outputValues = new BigUint64Array(slots.length)
    // The tensors that are bound, not the feeds object: its owner may replace its entries during the run.
    const bound = this.inputs.map(({ name }) => feeds[name]!)
    try {
      bound.forEach((tensor, i) => {
        inputValues[i] = this.#valueOver(tensor)
      })
      slots.forEach((slot, i) => {
        outputValues[i] = slot.bound === undefined ? 0n : this.#valueOver(slot.bound)
      })
      await pinned([this, bound, slots, inputNames, outputNames, inputValues, outputValues], () =>
        api.Run.start(
          this.#handle,
          runOptions,
          inputNames,
          inputValues,
          inputValues.length,
          outputNames,
          outputValues.length,
          outputValues,
        ),
      )
      for (const { info, bound: target } of slots) passThrough(target, feeds[info.name])
      const results = slots.map(({ info, bound: tensor }, i) => [
        info.name,
        tensor ?? this.#copyOf(info, outputValues[i]!),
      ])
      return Object.fromEntries(results) as Record<string, TensorData>
    } finally {
      for (const value of inputValues) if (value !== 0n) api.ReleaseValue(value)
      for (const value of outputValues) if (value !== 0n) api.ReleaseValue(value)
    }
  }

  #allocate(info: ValueInfo): TensorData | undefined {
    if (!this.#trustsShapes || !isStatic(info.shape)) return undefined
    return tensorData(info.dtype, info.shape, createArray(info.dtype, sizeOfShape(info.shape)))
  }

  #valueOver({ dtype, shape, data }: TensorData): Pointer {
    const { api, cpuMemory } = this.#environment
    const dims = shape.length <= shapeWords.length ? shapeWords : new BigInt64Array(shape.length)
    shape.forEach((dim, axis) => {
      dims[axis] = BigInt(dim)
    })
    return newHandle((out) =>
      api.CreateTensorWithDataAsOrtValue(
        cpuMemory,
        data,
        data.byteLength,
        dims,
        shape.length,
        onnxTypeCode(dtype),
        out,
      ),
    )
  }

  #copyOf(info: ValueInfo, value: Pointer): TensorData {
    const { api } = this.#environment
    const shapeInfo = newHandle((out) => api.GetTensorTypeAndShape(value, out))
    const shape = dimensionsOf(api, shapeInfo)
    api.ReleaseTensorTypeAndShapeInfo(shapeInfo)
    const tensor = tensorData(info.dtype, shape, createArray(info.dtype, sizeOfShape(shape)))
    if (tensor.data.length > 0) {
      api.copy(
        newHandle((out) => api.GetTensorMutableData(value, out)),
        bytesOf(tensor),
      )
    }
    return tensor
  }
}
