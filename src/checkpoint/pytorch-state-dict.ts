/** @file Finds the state dict in the object of a PyTorch file: official checkpoints nest it in many ways. */
import { CheckpointError, nearestNames } from '../tensor/index.js'
import { describeValue, type PickleValue, PyDict, PyList, PyRecord, PyTuple } from './pickle-values.js'
import { TorchTensor, UnreadableTensor } from './pytorch-tensor.js'
import { quoteName, type StateDict } from './state-dict.js'

/**
 * Where training programs of this family keep weights, the best first: the running average (EMA) is what the papers
 * report. RT-DETR and D-FINE: ema.module, model. DETR, Deformable, Conditional, DAB, DINO: model (DINO also
 * ema_model). LW-DETR: ema_model. mmdetection and Lightning: state_dict.
 */
const KNOWN_NESTINGS: readonly string[] = [
  'ema.module',
  'ema.state_dict',
  'ema_model',
  'model_ema',
  'ema_state_dict',
  'state_dict_ema',
  'ema',
  'model',
  'model.state_dict',
  'state_dict',
  'model_state_dict',
  'module',
  'net',
  'weights',
]

/** Parts of a training state whose tensors are not the model's. */
const NOT_WEIGHTS = /optim|sched|scaler|criterion|postprocess|rng|loops|callbacks/i

const MAX_DEPTH = 4
const MAX_VISITS = 10_000
const MAX_KEY = 500
const MAX_METADATA = 2_000
const MAX_METADATA_TEXT = 10_000

/** The chosen state dict of a PyTorch file, and what else was there. */
export interface FoundStateDict {
  readonly tensors: StateDict
  readonly nesting: string
  readonly alternatives: readonly string[]
  readonly metadata: Map<string, string>
}

/**
 * The state dict of a file's object: at `nesting` when given, else at the first known place, else the only one.
 * @throws CheckpointError when there is none, none at `nesting`, or several and none at a known place; when one of its
 * tensors is quantized, sparse or complex, or is damaged.
 */
export function findStateDict(root: PickleValue, where: string, nesting?: string): FoundStateDict {
  const found = collectStateDicts(root)
  const chosen = choose(root, found, where, nesting)
  return {
    tensors: readTensors(found.get(chosen)!, where),
    nesting: chosen,
    alternatives: [...found.keys()].filter((path) => path !== chosen),
    metadata: collectMetadata(root),
  }
}

/** All dicts that hold tensors directly, by dotted path, nearest the top first. */
function collectStateDicts(root: PickleValue): Map<string, PyDict> {
  const found = new Map<string, PyDict>()
  const seen = new Set<PickleValue>()
  let level: { path: string; value: PickleValue }[] = [{ path: '', value: root }]
  for (let depth = 0; depth <= MAX_DEPTH; depth++) {
    const next: { path: string; value: PickleValue }[] = []
    for (const { path, value } of level) {
      // A dict may be met twice (shared), or contain itself.
      if (!(value instanceof PyDict) || seen.has(value) || seen.size === MAX_VISITS) continue
      seen.add(value)
      if (holdsTensors(value)) found.set(path, value)
      for (const [key, child] of value.entries) {
        if (!isShort(key) || !(child instanceof PyDict) || NOT_WEIGHTS.test(key)) continue
        next.push({ path: path === '' ? key : `${path}.${key}`, value: child })
      }
    }
    level = next
  }
  return found
}

/** A key that may become part of a path. */
function isShort(key: PickleValue): key is string {
  return typeof key === 'string' && key.length <= MAX_KEY
}

function holdsTensors(dict: PyDict): boolean {
  for (const [key, value] of dict.entries) if (typeof key === 'string' && isTensor(value)) return true
  return false
}

function isTensor(value: PickleValue): value is TorchTensor | UnreadableTensor {
  return value instanceof TorchTensor || value instanceof UnreadableTensor
}

function choose(root: PickleValue, found: ReadonlyMap<string, PyDict>, where: string, nesting?: string): string {
  const places = [...found.keys()]
  const listed = places.slice(0, 20).map((path) => (path === '' ? 'the top' : JSON.stringify(path)))
  if (nesting !== undefined) {
    if (found.has(nesting)) return nesting
    const near = nearestNames(nesting.slice(0, MAX_KEY), places)[0]
    throw new CheckpointError({
      where,
      expected: `a state dict at ${JSON.stringify(nesting)}`,
      got: listed.length === 0 ? describeRoot(root) : `state dicts at ${listed.join(', ')}`,
      ...(near === undefined ? {} : { next: `Did you mean ${JSON.stringify(near)}?` }),
    })
  }
  const known = KNOWN_NESTINGS.find((path) => found.has(path))
  if (known !== undefined) return known
  if (found.has('')) return ''
  if (places.length === 1) return places[0]!
  throw new CheckpointError({
    where,
    expected: 'one state dict (a dict of tensors by name)',
    got: places.length === 0 ? describeRoot(root) : `state dicts at ${listed.join(', ')}`,
    next: places.length === 0 ? 'Save model.state_dict() with torch.save.' : 'Choose one by the option nesting.',
  })
}

function describeRoot(root: PickleValue): string {
  if (!(root instanceof PyDict)) return describeValue(root)
  const keys = Array.from(root.entries.keys(), (key) =>
    typeof key === 'string' ? key.slice(0, 40) : describeValue(key),
  )
  const shown = keys.slice(0, 10).join(', ') + (keys.length > 10 ? ', …' : '')
  return keys.length === 0 ? 'an empty dict' : `a dict without tensors (keys ${shown})`
}

function readTensors(dict: PyDict, where: string): StateDict {
  const tensors: StateDict = new Map()
  for (const [name, value] of dict.entries) {
    if (!isTensor(value)) continue
    const at = `${where}: tensor ${typeof name === 'string' ? quoteName(name) : describeValue(name)}`
    if (typeof name !== 'string') throw new CheckpointError({ where: at, expected: 'a name', got: describeValue(name) })
    if (value instanceof UnreadableTensor) {
      throw new CheckpointError({
        where: at,
        expected: 'a dense tensor',
        got: `a ${value.kind}`,
        next: 'Convert it in PyTorch (dequantize(), to_dense(), resolve_conj(), to("cpu")) and save it again.',
      })
    }
    tensors.set(name, value.read(name))
  }
  return tensors
}

/** Plain values beside the weights, as text: numbers, strings, lists of them, at the top and one level below. */
function collectMetadata(root: PickleValue): Map<string, string> {
  const metadata = new Map<string, string>()
  if (!(root instanceof PyDict) || holdsTensors(root)) return metadata
  const seen = new Set<PickleValue>()
  for (const [key, value] of root.entries) {
    if (!isShort(key)) continue
    addText(metadata, key, value)
    // Seen once: a hostile file could name one large dict under each of a million keys.
    if (!(value instanceof PyDict || value instanceof PyRecord) || NOT_WEIGHTS.test(key) || seen.has(value)) continue
    seen.add(value)
    const fields = value instanceof PyDict ? value.entries : value.fields
    for (const [field, inner] of fields) if (isShort(field)) addText(metadata, `${key}.${field}`, inner)
  }
  return metadata
}

function addText(metadata: Map<string, string>, key: string, value: PickleValue): void {
  if (metadata.size === MAX_METADATA) return
  const text = scalarText(value) ?? listText(value)
  if (text !== undefined && text.length <= MAX_METADATA_TEXT) metadata.set(key, text)
}

function scalarText(value: PickleValue): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value === 'bigint') return value.toString().slice(0, MAX_METADATA_TEXT)
  return undefined
}

/** A list of plain values as JSON. */
function listText(value: PickleValue): string | undefined {
  if (!(value instanceof PyList || value instanceof PyTuple) || value.items.length > 1000) return undefined
  const plain: (string | number | boolean)[] = []
  for (const item of value.items) {
    if (typeof item !== 'string' && typeof item !== 'number' && typeof item !== 'boolean') return undefined
    if (typeof item === 'string' && item.length > MAX_METADATA_TEXT) return undefined
    plain.push(item)
  }
  return JSON.stringify(plain)
}
