/**
 * @file The names of Python's standard library and of numpy that a weight file may mention, and the inert data that
 * calling them stands for. Training checkpoints hold `args` (argparse.Namespace), schedulers (Counter) and numpy numbers.
 */
import {
  describeValue,
  isHashable,
  type PickleCall,
  type PickleContext,
  type PickleValue,
  PyDict,
  PyForeign,
  PyGlobal,
  PyList,
  PyRecord,
  PySet,
  PyTuple,
} from './pickle-values.js'

const ENTRY_BYTES = 48

/** An element type of numpy: kind and size, such as `f8`, and the byte order that BUILD sets. */
class NumpyDtype extends PyForeign {
  readonly typeName = 'numpy.dtype'
  readonly code: string
  bigEndian = false

  constructor(code: string) {
    super()
    this.code = code
  }
}

/** A numpy array, which no state dict holds: known to be one, not read. */
class NumpyArray extends PyForeign {
  readonly typeName = 'numpy.ndarray'
}

const CALLS: Readonly<Record<string, PickleCall>> = {
  'collections.OrderedDict': (args, pickle) => dict('collections.OrderedDict', args, pickle),
  'collections.Counter': (args, pickle) => dict('collections.Counter', args, pickle),
  'collections.defaultdict': ([factory, ...args], pickle) => {
    if (factory !== undefined && factory !== null && !(factory instanceof PyGlobal)) {
      pickle.refuse('an allowed name as factory', describeValue(factory))
    }
    return dict('collections.defaultdict', args, pickle)
  },
  'builtins.dict': (args, pickle) => dict('dict', args, pickle),
  'builtins.set': set,
  'builtins.frozenset': set,
  'builtins.list': (args, pickle) => {
    const list = new PyList()
    for (const item of items(args, pickle)) list.items.push(item)
    return list
  },
  'builtins.tuple': (args, pickle) => new PyTuple([...items(args, pickle)]),
  'builtins.bytes': bytes,
  'builtins.bytearray': bytes,
  'builtins.complex': complex,
  '_codecs.encode': encode,
  'argparse.Namespace': record('argparse.Namespace'),
  'types.SimpleNamespace': record('types.SimpleNamespace'),
  'pathlib.PosixPath': path,
  'pathlib.WindowsPath': path,
  'pathlib.PurePosixPath': path,
  'pathlib.PureWindowsPath': path,
  'numpy.dtype': ([code], pickle) =>
    typeof code === 'string' ? new NumpyDtype(code) : pickle.refuse('a numpy type code', describeValue(code)),
  'numpy.core.multiarray._reconstruct': () => new NumpyArray(),
  'numpy.core.multiarray.scalar': scalar,
}

/** Classes that are mentioned (a defaultdict's factory, an array's class) but never called. */
const MENTIONED = ['builtins.int', 'builtins.float', 'builtins.str', 'builtins.bool', 'numpy.ndarray']

const NAMES: ReadonlyMap<string, PyGlobal> = new Map([
  ...Object.entries(CALLS).map(([name, call]): [string, PyGlobal] => [name, new PyGlobal(name, call)]),
  ...MENTIONED.map((name): [string, PyGlobal] => [name, new PyGlobal(name, notCallable(name))]),
])

/** Older and newer homes of the same names. */
const MOVED: readonly (readonly [from: string, to: string])[] = [
  ['__builtin__.', 'builtins.'],
  ['numpy._core.', 'numpy.core.'],
  ['pathlib._local.', 'pathlib.'],
]

/** The allowed name of Python or numpy; undefined when it is not allowed. */
export function pythonName(name: string): PyGlobal | undefined {
  const moved = MOVED.find(([from]) => name.startsWith(from))
  return NAMES.get(moved === undefined ? name : moved[1] + name.slice(moved[0].length))
}

/** Sets the state of numpy's objects; false when `target` is none. */
export function buildNumpy(target: PickleValue, state: PickleValue, pickle: PickleContext): boolean {
  if (target instanceof NumpyArray) return true
  if (!(target instanceof NumpyDtype)) return false
  const order = state instanceof PyTuple ? state.items[1] : undefined
  if (typeof order !== 'string') pickle.refuse('the state of a numpy dtype', describeValue(state))
  target.bigEndian = order === '>'
  return true
}

/** A class that the file may mention but not create. */
export function notCallable(name: string): PickleCall {
  return (_args, pickle) => pickle.refuse(`${name} as a name only`, 'a call of it')
}

function dict(typeName: string, args: readonly PickleValue[], pickle: PickleContext): PyDict {
  const result = new PyDict(typeName)
  const [source] = args
  if (args.length > 1) pickle.refuse(`one argument of ${typeName}`, `${args.length}`)
  if (source instanceof PyDict) {
    pickle.charge(ENTRY_BYTES * source.entries.size)
    for (const [key, value] of source.entries) result.entries.set(key, value)
    return result
  }
  for (const pair of items(args, pickle)) {
    const [key, value] = pair instanceof PyTuple || pair instanceof PyList ? pair.items : []
    if (key === undefined || value === undefined || !isHashable(key)) {
      return pickle.refuse(`pairs of keys and values for ${typeName}`, describeValue(pair))
    }
    result.entries.set(key, value)
  }
  return result
}

function set(args: readonly PickleValue[], pickle: PickleContext): PySet {
  const result = new PySet()
  for (const item of items(args, pickle)) {
    if (!isHashable(item)) return pickle.refuse('set members that can be hashed', describeValue(item))
    result.items.add(item)
  }
  return result
}

/** The items of a collection's one optional argument. Copies are paid for: the argument may be used again and again. */
function items(args: readonly PickleValue[], pickle: PickleContext): Iterable<PickleValue> {
  const [source] = args
  if (source === undefined) return []
  if (source instanceof PyTuple || source instanceof PyList) {
    pickle.charge(ENTRY_BYTES * source.items.length)
    return source.items
  }
  if (source instanceof PySet) {
    pickle.charge(ENTRY_BYTES * source.items.size)
    return source.items
  }
  return pickle.refuse('a list, tuple or set', describeValue(source))
}

function bytes(args: readonly PickleValue[], pickle: PickleContext): PickleValue {
  const [source] = args
  if (source === undefined) return new Uint8Array(0)
  if (source instanceof Uint8Array) return source
  return encode(args, pickle)
}

/** `_codecs.encode(text, 'latin1')`: how protocol 2 spells bytes. */
function encode(args: readonly PickleValue[], pickle: PickleContext): Uint8Array {
  const [text, encoding] = args
  if (typeof text !== 'string' || !(encoding === 'latin1' || encoding === 'latin-1')) {
    return pickle.refuse("a text and 'latin1'", `${describeValue(text)} and ${describeValue(encoding)}`)
  }
  pickle.charge(text.length)
  const result = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0xff) pickle.refuse('a text of latin1 characters', `character code ${code}`)
    result[i] = code
  }
  return result
}

function complex(args: readonly PickleValue[], pickle: PickleContext): PyRecord {
  const [real = 0, imaginary = 0] = args
  if (typeof real !== 'number' || typeof imaginary !== 'number') {
    return pickle.refuse('two numbers of a complex', `${describeValue(real)} and ${describeValue(imaginary)}`)
  }
  const value = new PyRecord('complex')
  value.fields.set('real', real)
  value.fields.set('imag', imaginary)
  return value
}

function record(typeName: string): PickleCall {
  return (args, pickle) => {
    if (args.length > 0) pickle.refuse(`no arguments of ${typeName}`, `${args.length}`)
    return new PyRecord(typeName)
  }
}

/** A path is its parts; which kind it was does not matter here. */
function path(parts: readonly PickleValue[], pickle: PickleContext): string {
  let text = ''
  for (const part of parts) {
    if (typeof part !== 'string') return pickle.refuse('parts of a path', describeValue(part))
    pickle.charge(2 * part.length)
    text += text === '' || text.endsWith('/') ? part : `/${part}`
  }
  return text
}

/** A numpy number from its type and its bytes; other kinds stay a record of their type. */
function scalar(args: readonly PickleValue[], pickle: PickleContext): PickleValue {
  const [dtype, source] = args
  if (!(dtype instanceof NumpyDtype)) return pickle.refuse('a numpy dtype', describeValue(dtype))
  const read = NUMPY_SCALARS.get(dtype.code)
  if (read === undefined) return new PyRecord(`numpy scalar ${dtype.code.slice(0, 20)}`)
  if (!(source instanceof Uint8Array) || source.length !== Number(dtype.code.slice(1))) {
    return pickle.refuse(`the bytes of a numpy ${dtype.code}`, describeValue(source))
  }
  return read(new DataView(source.buffer, source.byteOffset), !dtype.bigEndian)
}

type NumpyScalar = (view: DataView, littleEndian: boolean) => PickleValue

const NUMPY_SCALARS: ReadonlyMap<string, NumpyScalar> = new Map<string, NumpyScalar>([
  ['f4', (view, little) => view.getFloat32(0, little)],
  ['f8', (view, little) => view.getFloat64(0, little)],
  ['i1', (view) => view.getInt8(0)],
  ['i2', (view, little) => view.getInt16(0, little)],
  ['i4', (view, little) => view.getInt32(0, little)],
  ['i8', (view, little) => integer(view.getBigInt64(0, little))],
  ['u1', (view) => view.getUint8(0)],
  ['u2', (view, little) => view.getUint16(0, little)],
  ['u4', (view, little) => view.getUint32(0, little)],
  ['u8', (view, little) => integer(view.getBigUint64(0, little))],
  ['b1', (view) => view.getUint8(0) !== 0],
])

function integer(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value
}
