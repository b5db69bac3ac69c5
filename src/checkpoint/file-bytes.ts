/** @file A file's bytes as text, as memory and as tensors. */
import { CheckpointError, type DType, fromBytes, type TensorData } from '../tensor/index.js'

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The text of UTF-8 bytes, a byte order mark included.
 * @throws TypeError when the bytes are not valid UTF-8.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  // Copied because decoders refuse views of shared memory.
  return UTF8.decode(new Uint8Array(bytes))
}

/** The same bytes as a plain Uint8Array: Buffer.prototype.slice would not copy, and so neither keep nor align. */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/**
 * `size` zero bytes.
 * @throws CheckpointError when this process cannot have so many.
 */
export function allocateBytes(size: number, where: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(size)
  } catch (cause) {
    throw new CheckpointError({
      where,
      expected: `memory for ${size} bytes`,
      got: 'none',
      next: 'Close other programs or use a machine with more memory.',
      cause,
    })
  }
}

/**
 * A tensor over a file's bytes: a view where aligned, a copy otherwise. Booleans become 0 or 1, whatever the file has.
 * @throws ShapeError when the shape does not have as many elements as the bytes.
 */
export function tensorFromFile<D extends DType>(dtype: D, shape: readonly number[], bytes: Uint8Array): TensorData<D> {
  const needsTruth = dtype === 'bool' && bytes.some((byte) => byte > 1)
  return fromBytes(dtype, shape, needsTruth ? bytes.map((byte) => (byte === 0 ? 0 : 1)) : plainBytes(bytes))
}
