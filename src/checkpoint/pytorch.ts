/**
 * @file PyTorch weight files, without PyTorch and without executing anything: the zip container of 1.6 and later, and
 * (pytorch-legacy.ts) the older one. Source: torch/serialization.py, `_load` and `_legacy_load` (2.10).
 */
import { CheckpointError } from '../tensor/index.js'
import { type Crc32, crc32 } from './crc32.js'
import { decodeUtf8, plainBytes } from './file-bytes.js'
import { readPickle } from './pickle.js'
import { buildNumpy } from './pickle-names.js'
import type { PickleContext, PickleValue } from './pickle-values.js'
import { isPickle, readLegacyPyTorch } from './pytorch-legacy.js'
import { checkpointName } from './pytorch-names.js'
import { CopyBudget, readStorageId, StorageCache, type StorageSource, TorchStorage } from './pytorch-storage.js'
import { openZip, type ZipArchive } from './zip.js'

/** The object that was saved, and the container it was found in. Tensors in it are read when asked for. */
export interface PyTorchFile {
  readonly root: PickleValue
  readonly format: 'pytorch-zip' | 'pytorch-legacy'
}

/** Newest version of the zip container that is known (torch/csrc: kMaxSupportedFileFormatVersion). */
const MAX_VERSION = 10
/**
 * Reads a PyTorch file. Storages are read, and their checksums tested, when a tensor is.
 * @throws CheckpointError when the file is damaged or truncated, is a TorchScript or tar archive, or its pickle
 * mentions a name that weight files do not need (the message says which).
 */
export function readPyTorch(bytes: Uint8Array, where: string, checksum: Crc32 = crc32): PyTorchFile {
  const plain = plainBytes(bytes)
  return isPickle(plain)
    ? { root: readLegacyPyTorch(plain, where), format: 'pytorch-legacy' }
    : { root: readZipPyTorch(plain, where, checksum), format: 'pytorch-zip' }
}

function readZipPyTorch(bytes: Uint8Array, where: string, checksum: Crc32): PickleValue {
  const zip = openZip(bytes, where, checksum)
  const folder = findFolder(zip)
  checkVersion(zip, folder)
  const source = new ZipStorages(zip, folder, new CopyBudget(bytes.byteLength, where))
  const pickle = zip.read(`${folder}data.pkl`)
  const { value, end } = readPickle(pickle, where, {
    global: checkpointName,
    persistent: (id, context) => source.storage(id, context),
    build: buildNumpy,
  })
  if (end !== pickle.byteLength) {
    throw new CheckpointError({
      where,
      expected: 'one pickle in data.pkl',
      got: `${pickle.byteLength - end} bytes behind it`,
    })
  }
  return value
}

/** The archive's one top folder, which holds data.pkl. */
function findFolder(zip: ZipArchive): string {
  const pickles = [...zip.entries.keys()].filter((name) => /^[^/]*\/data\.pkl$/.test(name) || name === 'data.pkl')
  const [name] = pickles
  if (name === undefined || pickles.length > 1) {
    const numpy = [...zip.entries.keys()].some((entry) => entry.endsWith('.npy'))
    throw new CheckpointError({
      where: zip.where,
      expected: 'a zip archive with one data.pkl, as torch.save writes it',
      got: name !== undefined ? `${pickles.length}` : numpy ? 'a numpy .npz archive' : 'a zip archive without one',
      next: 'Save the weights as safetensors or with torch.save.',
    })
  }
  const folder = name.slice(0, -'data.pkl'.length)
  if (zip.entries.has(`${folder}constants.pkl`)) {
    throw new CheckpointError({
      where: zip.where,
      expected: 'a state dict',
      got: 'a TorchScript program',
      next: 'Load it with torch.jit.load in Python and save its state_dict().',
    })
  }
  return folder
}

/** The `data/<key>` entries of the archive. */
class ZipStorages implements StorageSource {
  readonly where: string
  readonly copies: CopyBudget
  readonly #zip: ZipArchive
  readonly #folder: string
  readonly #bigEndian: boolean
  readonly #cache: StorageCache

  constructor(zip: ZipArchive, folder: string, copies: CopyBudget) {
    this.where = zip.where
    this.copies = copies
    this.#cache = new StorageCache(zip.where, copies)
    this.#zip = zip
    this.#folder = folder
    this.#bigEndian = readByteOrder(zip, folder) === 'big'
  }

  /** `('storage', class, key, location, count)`. */
  storage(id: PickleValue, pickle: PickleContext): TorchStorage {
    const { type, key, length, rest } = readStorageId(id, pickle)
    if (rest.length > 0) pickle.refuse('five parts in the id of a storage', `${5 + rest.length}`)
    return new TorchStorage(this, key, type, length)
  }

  load(storage: TorchStorage, width: number): Uint8Array {
    const swapWidth = this.#bigEndian ? width : 1
    if (swapWidth > 1 && storage.type.untyped) {
      throw new CheckpointError({
        where: this.where,
        expected: 'little-endian data',
        got: `big-endian data of unknown width in storage ${storage.key}`,
        next: 'Save the file again on a little-endian machine.',
      })
    }
    const bytes = this.#cache.get(storage, width, swapWidth, () => this.#zip.read(`${this.#folder}data/${storage.key}`))
    if (bytes.byteLength !== storage.byteLength) {
      throw new CheckpointError({
        where: this.where,
        expected: `${storage.byteLength} bytes in storage ${storage.key}, as the pickle says`,
        got: `${bytes.byteLength}`,
      })
    }
    return bytes
  }
}

function readByteOrder(zip: ZipArchive, folder: string): string {
  const name = `${folder}byteorder`
  if (!zip.entries.has(name)) return 'little'
  const order = shortText(zip, name)
  if (order !== 'little' && order !== 'big') {
    throw new CheckpointError({ where: zip.where, expected: "byteorder 'little' or 'big'", got: JSON.stringify(order) })
  }
  return order
}

function checkVersion(zip: ZipArchive, folder: string): void {
  const name = ['.data/version', 'version'].map((file) => folder + file).find((file) => zip.entries.has(file))
  if (name === undefined) return
  const version = shortText(zip, name).trim()
  if (!/^\d{1,4}$/.test(version) || Number(version) > MAX_VERSION) {
    throw new CheckpointError({
      where: zip.where,
      expected: `version ${MAX_VERSION} or older of PyTorch's container`,
      got: JSON.stringify(version),
    })
  }
}

function shortText(zip: ZipArchive, name: string): string {
  if (zip.entries.get(name)!.size > 64) return '(more than 64 bytes)'
  try {
    return decodeUtf8(zip.read(name))
  } catch (cause) {
    if (cause instanceof CheckpointError) throw cause
    return '(not text)'
  }
}
