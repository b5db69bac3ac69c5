/** @file Storages of a PyTorch file: the flat runs of elements that tensors view and share. */
import { CheckpointError } from '../tensor/index.js'
import { allocateBytes } from './file-bytes.js'
import { describeValue, type PickleContext, type PickleValue, PyForeign, PyTuple } from './pickle-values.js'
import { TorchStorageType } from './pytorch-dtypes.js'

/** Where a file keeps its storages. */
export interface StorageSource {
  readonly where: string
  readonly copies: CopyBudget
  /**
   * The bytes of a storage, little-endian and aligned to 8; `width` is the element size of the tensor that asks.
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
  if (typeof key !== 'string') return pickle.refuse('a storage key', describeValue(key))
  const length = wholeNumber(count, 'a storage length', pickle)
  if (!Number.isSafeInteger(length * type.dtype.size)) return pickle.refuse('a storage below 2^53 bytes', `${length}`)
  return { type, key, length, rest }
}

/** The stored bytes as they are where little-endian and aligned, else a copy. */
export function alignStorage(stored: Uint8Array, swapWidth: number, source: StorageSource): Uint8Array {
  if (swapWidth === 1 && stored.byteOffset % ALIGNMENT === 0) return stored
  source.copies.charge(stored.byteLength)
  const copy = allocateBytes(stored.byteLength, source.where)
  copy.set(stored)
  if (swapWidth > 1) swapElements(copy, swapWidth)
  return copy
}

/** Enough for every element type. */
const ALIGNMENT = 8

function swapElements(bytes: Uint8Array, width: number): void {
  for (let at = 0; at + width <= bytes.length; at += width) bytes.subarray(at, at + width).reverse()
}

/** A whole number that is not negative. */
export function wholeNumber(value: PickleValue | undefined, what: string, pickle: PickleContext): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  return pickle.refuse(`${what} that is a whole number, not negative`, describeValue(value))
}
