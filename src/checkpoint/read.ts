/** @file Reads a weight file of any supported format, by its content and not by its name. */
import { CheckpointError } from '../tensor/index.js'
import { type Crc32, crc32 } from './crc32.js'
import { plainBytes } from './file-bytes.js'
import { refuseForeignFile } from './foreign-files.js'
import { readPyTorch } from './pytorch.js'
import { isPickle } from './pytorch-legacy.js'
import { findStateDict } from './pytorch-state-dict.js'
import { MAX_SAFETENSORS_HEADER, parseSafetensors } from './safetensors.js'
import { type Checkpoint, quoteName, stripWrapperPrefix } from './state-dict.js'

/** Choices in reading a weight file. */
export interface ReadCheckpointOptions {
  /** Dotted path of the state dict, e.g. `model`; by default the best known place (`ema.module` before `model`). */
  readonly nesting?: string
  /** A faster CRC-32 than ours, such as that of node:zlib. */
  readonly crc32?: Crc32
}

/**
 * Reads a safetensors or PyTorch file (zip or legacy). Tensors are views of `bytes` where aligned and contiguous, and
 * may share memory with each other: copy before changing them. Nothing in the file is ever executed.
 * @throws CheckpointError when the file is of another kind (the message says which), truncated or damaged, or holds no
 * state dict, or none at `nesting`.
 */
export function readCheckpoint(bytes: Uint8Array, where: string, options: ReadCheckpointOptions = {}): Checkpoint {
  const plain = plainBytes(bytes)
  if (isZip(plain) || isPickle(plain)) {
    const { root, format } = readPyTorch(plain, where, options.crc32 ?? crc32)
    const { tensors, ...found } = findStateDict(root, where, options.nesting)
    return { ...found, ...stripWrapperPrefix(tensors), format }
  }
  if (isSafetensors(plain)) {
    if (options.nesting !== undefined && options.nesting !== '') {
      throw new CheckpointError({
        where,
        expected: `a PyTorch file with a state dict at ${quoteName(options.nesting)}`,
        got: 'a safetensors file, which has no nesting',
        next: 'Leave the option nesting out.',
      })
    }
    const { tensors, metadata } = parseSafetensors(plain, where)
    return { ...stripWrapperPrefix(tensors), metadata, format: 'safetensors', nesting: '', alternatives: [] }
  }
  return refuseForeignFile(plain, where)
}

function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4
}

/** A header length within the format's limit, then the header's opening brace. */
function isSafetensors(bytes: Uint8Array): boolean {
  if (bytes.byteLength < 9 || bytes[8] !== 0x7b) return false
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true) <= BigInt(MAX_SAFETENSORS_HEADER)
}
