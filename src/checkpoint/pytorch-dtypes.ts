/** @file PyTorch's element types: names, sizes, storage classes, and which of them JavaScript can hold. */
import { bytesPerElement, type DType } from '../tensor/index.js'
import { PyForeign } from './pickle-values.js'

/** An element type of PyTorch; `dtype` is undefined where no host tensor can hold it. */
export class TorchDtype extends PyForeign {
  readonly typeName = 'torch.dtype'
  /** Without the `torch.`, e.g. `float32`. */
  readonly name: string
  /** Bytes of one element. */
  readonly size: number
  readonly dtype: DType | undefined

  constructor(name: string, size: number, dtype?: DType) {
    super()
    this.name = name
    this.size = size
    this.dtype = dtype
  }
}

/** A storage class, as the type of a storage: `torch.FloatStorage`, `torch.storage.UntypedStorage`. */
export class TorchStorageType extends PyForeign {
  readonly typeName = 'storage class'
  readonly dtype: TorchDtype
  /** UntypedStorage: its elements are bytes, of no known width. */
  readonly untyped: boolean

  constructor(dtype: TorchDtype, untyped = false) {
    super()
    this.dtype = dtype
    this.untyped = untyped
  }
}

const HELD: readonly DType[] = [
  'float32',
  'float64',
  'float16',
  'bfloat16',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'bool',
]

const NOT_HELD: readonly (readonly [name: string, size: number])[] = [
  ['complex32', 4],
  ['complex64', 8],
  ['complex128', 16],
  ['qint8', 1],
  ['quint8', 1],
  ['qint32', 4],
  ['quint4x2', 1],
  ['quint2x4', 1],
  ['float8_e4m3fn', 1],
  ['float8_e4m3fnuz', 1],
  ['float8_e5m2', 1],
  ['float8_e5m2fnuz', 1],
  ['float8_e8m0fnu', 1],
  ['float4_e2m1fn_x2', 1],
]

const ALIASES: readonly (readonly [alias: string, name: string])[] = [
  ['float', 'float32'],
  ['double', 'float64'],
  ['half', 'float16'],
  ['long', 'int64'],
  ['int', 'int32'],
  ['short', 'int16'],
]

const BY_NAME = new Map<string, TorchDtype>([
  ...HELD.map((name): [string, TorchDtype] => [name, new TorchDtype(name, bytesPerElement(name), name)]),
  ...NOT_HELD.map(([name, size]): [string, TorchDtype] => [name, new TorchDtype(name, size)]),
])
for (const [alias, name] of ALIASES) BY_NAME.set(alias, BY_NAME.get(name)!)

const STORAGE_CLASSES: readonly (readonly [name: string, dtype: string])[] = [
  ['FloatStorage', 'float32'],
  ['DoubleStorage', 'float64'],
  ['HalfStorage', 'float16'],
  ['BFloat16Storage', 'bfloat16'],
  ['CharStorage', 'int8'],
  ['ByteStorage', 'uint8'],
  ['ShortStorage', 'int16'],
  ['IntStorage', 'int32'],
  ['LongStorage', 'int64'],
  ['BoolStorage', 'bool'],
  ['ComplexFloatStorage', 'complex64'],
  ['ComplexDoubleStorage', 'complex128'],
  ['QInt8Storage', 'qint8'],
  ['QUInt8Storage', 'quint8'],
  ['QInt32Storage', 'qint32'],
  ['QUInt4x2Storage', 'quint4x2'],
  ['QUInt2x4Storage', 'quint2x4'],
]

const UNTYPED_NAMES = ['torch.storage.UntypedStorage', 'torch.UntypedStorage', 'torch.storage._UntypedStorage']

/** Element types and storage classes by their dotted Python names. */
export const TORCH_TYPES: ReadonlyMap<string, PyForeign> = new Map<string, PyForeign>([
  ...Array.from(BY_NAME, ([name, dtype]): [string, PyForeign] => [`torch.${name}`, dtype]),
  ...STORAGE_CLASSES.flatMap(([name, dtype]): [string, PyForeign][] => {
    const type = new TorchStorageType(BY_NAME.get(dtype)!)
    return [
      [`torch.${name}`, type],
      [`torch.cuda.${name}`, type],
    ]
  }),
  ...UNTYPED_NAMES.map((name): [string, PyForeign] => [name, new TorchStorageType(BY_NAME.get('uint8')!, true)]),
])
