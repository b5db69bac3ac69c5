/** @file Storages of a PyTorch file: the flat runs of elements that tensors view and share. */
import { CheckpointError } from '../tensor/index.js'
import { allocateBytes } from './file-bytes.js'
import { describeValue, type PickleContext, type PickleValue, PyForeign, PyTuple } from './pickle-values.js'
import { TorchStorageType } from './pytorch-dtypes.js'

/** PyTorch's keys are counters or addresses. */
const MAX_KEY = 100

/** Where a file keeps its storages. */
export interface StorageSource {
  readonly where: string
  readonly copies: CopyBudget
  /**
   * The bytes of a storage, little-endian and aligned for elements of `width` bytes.
   * @throws CheckpointError when the file does not hold exactly the declared bytes.
   */
  load(storage: TorchStorage, width: number): Uint8Array
}

/** A flat run of elements; `viewStart` is where a legacy storage view begins in its root, in elements. */
export class TorchStorage extends PyForeign {
  readonly typeName = 'torch storage'
  readonly source: StorageSource
  readonly key: string
  readonly type: TorchStorageType
  /** Elements of the storage that the file holds under `key`. */
  readonly length: number
  readonly view: { readonly start: number; readonly length: number }

  constructor(
    source: StorageSource,
    key: string,
    type: TorchStorageType,
    length: number,
    view: { readonly start: number; readonly length: number } = { start: 0, length },
  ) {
    super()
    this.source = source
    this.key = key
    this.type = type
    this.length = length
    this.view = view
  }

  /** Bytes under `key` in the file. */
  get byteLength(): number {
    return this.length * this.type.dtype.size
  }

  /** Bytes that tensors of this storage may use. */
  get viewByteLength(): number {
    return this.view.length * this.type.dtype.size
  }

  /** @throws CheckpointError when the file does not hold exactly the declared bytes. */
  bytes(width: number): Uint8Array {
    const start = this.view.start * this.type.dtype.size
    return this.source.load(this, width).subarray(start, start + this.viewByteLength)
  }
}

/**
 * Memory that copies of a file's data may take: 64 MiB and four times the file. Without it, a few bytes could
 * declare a tensor of terabytes by stride 0, or ten thousand transposed views of one storage.
 */
export class CopyBudget {
  readonly #limit: number
  readonly #where: string
  #used = 0

  constructor(fileSize: number, where: string) {
    this.#limit = 64 * 2 ** 20 + 4 * fileSize
    this.#where = where
  }

  /** @throws CheckpointError when the copies of this file exceed the limit. */
  charge(bytes: number): void {
    this.#used += bytes
    if (this.#used > this.#limit) {
      throw new CheckpointError({
        where: this.#where,
        expected: `tensors that take at most ${this.#limit} bytes as copies`,
        got: `${this.#used} bytes or more, from expanded or overlapping views`,
        next: 'Make the tensors contiguous in PyTorch before saving.',
      })
    }
  }
}

/** The parts of a persistent id: `('storage', class, key, location, count, ...rest)`. */
export function readStorageId(
  id: PickleValue,
  pickle: PickleContext,
): { type: TorchStorageType; key: string; length: number; rest: readonly PickleValue[] } {
  const [kind, type, key, , count, ...rest] = id instanceof PyTuple ? id.items : []
  if (kind !== 'storage') return pickle.refuse('the id of a storage', describeValue(kind ?? id))
  if (!(type instanceof TorchStorageType)) return pickle.refuse('a storage class', describeValue(type))
  if (typeof key !== 'string' || key.length > MAX_KEY) return pickle.refuse('a short storage key', describeValue(key))
  const length = wholeNumber(count, 'a storage length', pickle)
  if (!Number.isSafeInteger(length * type.dtype.size)) return pickle.refuse('a storage below 2^53 bytes', `${length}`)
  return { type, key, length, rest }
}

/** The storages of a file that were read so far, each as it is in the file where that is aligned, else as a copy. */
export class StorageCache {
  readonly #where: string
  readonly #copies: CopyBudget
  readonly #bytes = new Map<string, Uint8Array>()

  constructor(where: string, copies: CopyBudget) {
    this.#where = where
    this.#copies = copies
  }

  /** Bytes aligned for elements of `width`, reversed in units of `swapWidth`; `read` is called once per storage. */
  get(storage: TorchStorage, width: number, swapWidth: number, read: () => Uint8Array): Uint8Array {
    const alignment = storage.type.untyped ? MAX_WIDTH : Math.max(width, storage.type.dtype.size)
    const cacheKey = `${swapWidth}/${storage.key}`
    const cached = this.#bytes.get(cacheKey)
    if (cached !== undefined && cached.byteOffset % alignment === 0) return cached
    let bytes = cached ?? read()
    if (bytes.byteOffset % alignment !== 0 || (cached === undefined && swapWidth > 1)) {
      this.#copies.charge(bytes.byteLength)
      const copy = allocateBytes(bytes.byteLength, this.#where)
      copy.set(bytes)
      if (cached === undefined && swapWidth > 1) swapElements(copy, swapWidth)
      bytes = copy
    }
    this.#bytes.set(cacheKey, bytes)
    return bytes
  }
}

/** Bytes of the widest element type. */
const MAX_WIDTH = 8

function swapElements(bytes: Uint8Array, width: number): void {
  for (let at = 0; at + width <= bytes.length; at += width) bytes.subarray(at, at + width).reverse()
}

/** A whole number that is not negative. */
export function wholeNumber(value: PickleValue | undefined, what: string, pickle: PickleContext): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  return pickle.refuse(`${what} that is a whole number, not negative`, describeValue(value))
}
