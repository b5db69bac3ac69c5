/** @file Tensors of a PyTorch file: checked when named, read when asked for. */
import { CheckpointError, sizeOfShape, type TensorData } from '../tensor/index.js'
import { allocateBytes, tensorFromFile } from './file-bytes.js'
import { describeValue, type PickleContext, type PickleValue, PyForeign, PyTuple } from './pickle-values.js'
import type { TorchDtype } from './pytorch-dtypes.js'
import { TorchStorage, wholeNumber } from './pytorch-storage.js'
import { quoteName } from './state-dict.js'

/** A tensor may have as many dimensions as numpy allows. */
const MAX_RANK = 64

/** A view of a storage: shape, strides and offset in elements. */
export class TorchTensor extends PyForeign {
  readonly typeName = 'torch.Tensor'
  readonly storage: TorchStorage
  readonly dtype: TorchDtype
  readonly offset: number
  readonly shape: readonly number[]
  readonly stride: readonly number[]
  #read: TensorData | undefined

  /** The arguments are unpickled values; `pickle` refuses those that do not fit together. */
  constructor(
    pickle: PickleContext,
    view: { storage: PickleValue; dtype?: TorchDtype; offset: PickleValue; shape: PickleValue; stride: PickleValue },
  ) {
    super()
    if (!(view.storage instanceof TorchStorage)) pickle.refuse('a storage of a tensor', describeValue(view.storage))
    this.storage = view.storage
    this.dtype = view.dtype ?? view.storage.type.dtype
    this.offset = wholeNumber(view.offset, 'a storage offset', pickle)
    this.shape = wholeNumbers(view.shape, 'a tensor shape', pickle)
    this.stride = wholeNumbers(view.stride, 'tensor strides', pickle)
    this.#checkInside(pickle)
  }

  /**
   * The elements in row-major order: a view of the file where contiguous, else a copy. Read twice, it is the same object.
   * @throws CheckpointError when the element type has no array in JavaScript or the file lacks the storage's bytes.
   */
  read(name: string): TensorData {
    this.#read ??= this.#materialise(name)
    return this.#read
  }

  #materialise(name: string): TensorData {
    const { name: torchName, size, dtype } = this.dtype
    if (dtype === undefined) {
      throw new CheckpointError({
        where: `${this.storage.source.where}: tensor ${quoteName(name)}`,
        expected: 'an element type that JavaScript can hold',
        got: `torch.${torchName}`,
        next: 'Convert the tensor in PyTorch (for example to float32) and save it again.',
      })
    }
    const bytes = this.storage.bytes(size)
    const begin = this.offset * size
    const count = sizeOfShape(this.shape)
    if (count === 0) return tensorFromFile(dtype, this.shape, new Uint8Array(0))
    if (this.#isContiguous()) return tensorFromFile(dtype, this.shape, bytes.subarray(begin, begin + count * size))
    this.storage.source.copies.charge(count * size)
    const copy = allocateBytes(count * size, this.storage.source.where)
    gather(copy, this.#alignedFrom(bytes.subarray(begin), size), size, this.shape, this.stride)
    return tensorFromFile(dtype, this.shape, copy)
  }

  /** A view of an untyped storage may begin anywhere. */
  #alignedFrom(bytes: Uint8Array, size: number): Uint8Array {
    if (bytes.byteOffset % size === 0) return bytes
    this.storage.source.copies.charge(bytes.byteLength)
    return bytes.slice()
  }

  #isContiguous(): boolean {
    let expected = 1
    for (let axis = this.shape.length - 1; axis >= 0; axis--) {
      if (this.shape[axis] !== 1 && this.stride[axis] !== expected) return false
      expected *= this.shape[axis]!
    }
    return true
  }

  /** Every element must lie in the storage: a tensor that reaches beyond would read other tensors' bytes. */
  #checkInside(pickle: PickleContext): void {
    if (this.shape.length !== this.stride.length) {
      pickle.refuse(`${this.shape.length} strides`, `${this.stride.length}`)
    }
    let count = 1
    let last = this.offset
    this.shape.forEach((dim, axis) => {
      count *= dim
      last += (dim - 1) * this.stride[axis]!
    })
    if (!Number.isSafeInteger(count * this.dtype.size)) {
      pickle.refuse('a tensor of fewer than 2^53 bytes', `shape [${this.shape.join(', ')}]`)
    }
    if (count > 0 && !((last + 1) * this.dtype.size <= this.storage.viewByteLength)) {
      pickle.refuse(
        `a tensor inside its storage of ${this.storage.viewByteLength} bytes`,
        `shape [${this.shape.join(', ')}], strides [${this.stride.join(', ')}], offset ${this.offset}`,
      )
    }
  }
}

/** A tensor that cannot be read as a plain array, and why: a quantized one, a sparse one. */
export class UnreadableTensor extends PyForeign {
  readonly typeName = 'torch.Tensor'
  /** What kind of tensor it is instead, e.g. `quantized tensor`. */
  readonly kind: string

  constructor(kind: string) {
    super()
    this.kind = kind
  }
}

function wholeNumbers(value: PickleValue, what: string, pickle: PickleContext): readonly number[] {
  if (!(value instanceof PyTuple)) return pickle.refuse(`${what} as a tuple`, describeValue(value))
  if (value.items.length > MAX_RANK)
    return pickle.refuse(`${what} of at most ${MAX_RANK} numbers`, `${value.items.length}`)
  return value.items.map((item) => wholeNumber(item, what, pickle))
}

/** Copies strided elements in row-major order, bit for bit: 8-byte elements as two 4-byte words. */
function gather(
  to: Uint8Array,
  from: Uint8Array,
  size: number,
  shape: readonly number[],
  stride: readonly number[],
): void {
  const words = size === 8 ? 2 : 1
  const target = wordsOf(to, size)
  const source = wordsOf(from, size)
  const rank = shape.length
  const inner = shape[rank - 1]!
  const innerStride = stride[rank - 1]! * words
  const index = new Array<number>(rank).fill(0)
  let row = 0
  for (let at = 0; at < target.length; ) {
    for (let i = 0, position = row; i < inner; i++, position += innerStride) {
      target[at++] = source[position]!
      if (words === 2) target[at++] = source[position + 1]!
    }
    for (let axis = rank - 2; axis >= 0; axis--) {
      row += stride[axis]! * words
      index[axis]!++
      if (index[axis]! < shape[axis]!) break
      row -= shape[axis]! * stride[axis]! * words
      index[axis] = 0
    }
  }
}

function wordsOf(bytes: Uint8Array, size: number): Uint8Array | Uint16Array | Uint32Array {
  const { buffer, byteOffset, byteLength } = bytes
  if (size === 1) return bytes
  if (size === 2) return new Uint16Array(buffer, byteOffset, Math.floor(byteLength / 2))
  return new Uint32Array(buffer, byteOffset, Math.floor(byteLength / 4))
}
