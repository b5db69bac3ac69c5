/**
 * @file PyTorch's container before 1.6: five pickles (magic number, version, system, the object, storage keys), then
 * each storage's length and bytes. Source: torch/serialization.py `_legacy_load`, `_legacy_save` (2.10) and
 * torch/csrc/serialization.cpp: lengths and elements are little-endian whatever machine wrote them.
 */
import { CheckpointError } from '../tensor/index.js'
import { ByteReader } from './byte-reader.js'
import { readPickle } from './pickle.js'
import type { PickleRules } from './pickle-machine.js'
import { buildNumpy } from './pickle-names.js'
import { describeValue, type PickleContext, type PickleValue, PyList, PyTuple } from './pickle-values.js'
import { checkpointName } from './pytorch-names.js'
import {
  CopyBudget,
  readStorageId,
  StorageCache,
  type StorageSource,
  TorchStorage,
  wholeNumber,
} from './pytorch-storage.js'

const MAGIC = 0x1950a86a20f9469cfc6cn
const PROTOCOL_VERSION = 1001
/** The magic number's bytes stand within the first pickle, behind its header. */
const MAGIC_BYTES = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]

/** True for bytes that begin as a binary pickle does. */
export function isPickle(bytes: Uint8Array): boolean {
  return bytes[0] === 0x80 && bytes[1] !== undefined && bytes[1] >= 2 && bytes[1] <= 5
}

/**
 * The object saved in a legacy file; its tensors are read when asked for.
 * @throws CheckpointError when the file is a plain pickle, is truncated, has bytes to spare, or a storage does not
 * have the length that the object declares.
 */
export function readLegacyPyTorch(bytes: Uint8Array, where: string): PickleValue {
  if (!beginsWithMagic(bytes)) {
    throw new CheckpointError({
      where,
      expected: 'a file of torch.save',
      got: 'a plain Python pickle',
      next: 'Load it in Python and save the weights as safetensors or with torch.save.',
    })
  }
  const source = new LegacyStorages(bytes, where)
  const plain: PickleRules = {
    global: () => undefined,
    persistent: (_id, pickle) => pickle.refuse('plain values', 'an id'),
  }
  const magic = readPickle(bytes, where, plain)
  if (magic.value !== MAGIC) refuse(where, "PyTorch's magic number", describeValue(magic.value))
  const version = readPickle(bytes, where, plain, magic.end)
  if (version.value !== PROTOCOL_VERSION) refuse(where, `version ${PROTOCOL_VERSION}`, describeValue(version.value))
  const system = readPickle(bytes, where, plain, version.end)
  const root = readPickle(
    bytes,
    where,
    { global: checkpointName, persistent: (id, pickle) => source.storage(id, pickle), build: buildNumpy },
    system.end,
  )
  const keys = readPickle(bytes, where, plain, root.end)
  source.locate(keys.value, keys.end)
  return root.value
}

function beginsWithMagic(bytes: Uint8Array): boolean {
  for (let at = 2; at < 32; at++) if (MAGIC_BYTES.every((byte, i) => bytes[at + i] === byte)) return true
  return false
}

/** The raw storages at the end of the file. */
class LegacyStorages implements StorageSource {
  readonly where: string
  readonly copies: CopyBudget
  readonly #bytes: Uint8Array
  /** The first mention of each key: it decides in which units the file counts. */
  readonly #declared = new Map<string, TorchStorage>()
  readonly #stored = new Map<string, Uint8Array>()
  readonly #cache: StorageCache

  constructor(bytes: Uint8Array, where: string) {
    this.where = where
    this.copies = new CopyBudget(bytes.byteLength, where)
    this.#cache = new StorageCache(where, this.copies)
    this.#bytes = bytes
  }

  /** `('storage', class, key, location, count, None or (view key, start, length))`. */
  storage(id: PickleValue, pickle: PickleContext): TorchStorage {
    const { type, key, length, rest } = readStorageId(id, pickle)
    const [view = null, ...more] = rest
    if (more.length > 0) return pickle.refuse('six parts in the id of a storage', `${5 + rest.length}`)
    const storage = new TorchStorage(this, key, type, length, readView(view, length, pickle))
    const first = this.#declared.get(key) ?? storage
    this.#declared.set(key, first)
    if (first.byteLength !== storage.byteLength) {
      return pickle.refuse(`${first.byteLength} bytes in storage ${key}, as before`, `${storage.byteLength}`)
    }
    return storage
  }

  /** Finds each storage's bytes; lengths can only be known one after the other. */
  locate(keys: PickleValue, start: number): void {
    if (!(keys instanceof PyList)) refuse(this.where, 'a list of storage keys', describeValue(keys))
    const reader = new ByteReader(this.#bytes, this.where, start)
    for (const key of keys.items) {
      const storage = typeof key === 'string' ? this.#declared.get(key) : undefined
      if (storage === undefined || this.#stored.has(storage.key)) {
        refuse(this.where, 'the key of a storage, once', describeValue(key))
      }
      const length = reader.u64('storage length')
      if (length !== storage.length) {
        refuse(this.where, `${storage.length} elements in storage ${storage.key}, as the pickle says`, `${length}`)
      }
      this.#stored.set(storage.key, reader.take(storage.byteLength, `storage ${storage.key}`))
    }
    if (reader.remaining > 0)
      refuse(this.where, 'the end of the file behind the last storage', `${reader.remaining} bytes`)
  }

  load(storage: TorchStorage, width: number): Uint8Array {
    const stored = this.#stored.get(storage.key)
    if (stored === undefined) return refuse(this.where, `storage ${storage.key}`, 'a file without it')
    return this.#cache.get(storage, width, 1, () => stored)
  }
}

function readView(
  view: PickleValue,
  length: number,
  pickle: PickleContext,
): { readonly start: number; readonly length: number } {
  if (view === null) return { start: 0, length }
  const [, start, viewLength] = view instanceof PyTuple ? view.items : []
  const part = {
    start: wholeNumber(start, 'the start of a storage view', pickle),
    length: wholeNumber(viewLength, 'the length of a storage view', pickle),
  }
  if (part.start + part.length > length) {
    return pickle.refuse(`a view inside a storage of ${length} elements`, `${part.length} from ${part.start}`)
  }
  return part
}

function refuse(where: string, expected: string, got: string): never {
  throw new CheckpointError({ where, expected, got })
}
