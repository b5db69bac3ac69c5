/**
 * @file The names of PyTorch that a weight file may mention. Rebuild functions become tensors that are checked but not
 * yet read; nothing else of torch is known. Source: torch/_utils.py and torch/_weights_only_unpickler.py (2.10).
 */
import { notCallable, pythonName } from './pickle-names.js'
import {
  describeValue,
  type PickleCall,
  type PickleContext,
  type PickleValue,
  PyDict,
  PyGlobal,
  PyRecord,
  PyTuple,
} from './pickle-values.js'
import { TORCH_TYPES, TorchDtype } from './pytorch-dtypes.js'
import { TorchTensor, UnreadableTensor } from './pytorch-tensor.js'

const REBUILD: Readonly<Record<string, PickleCall>> = {
  'torch._utils._rebuild_tensor': (args, pickle) => tensor(args, 4, pickle),
  'torch._utils._rebuild_tensor_v2': (args, pickle) => tensor(args, 6, pickle),
  'torch._utils._rebuild_tensor_v3': (args, pickle) => {
    const dtype = args[6]
    if (!(dtype instanceof TorchDtype)) return pickle.refuse('an element type of a tensor', describeValue(dtype))
    return tensor(args, 7, pickle, dtype)
  },
  'torch._utils._rebuild_parameter': parameter,
  'torch._utils._rebuild_parameter_with_state': parameter,
  'torch._utils._rebuild_qtensor': () => new UnreadableTensor('quantized tensor'),
  'torch._utils._rebuild_sparse_tensor': () => new UnreadableTensor('sparse tensor'),
  'torch._utils._rebuild_nested_tensor': () => new UnreadableTensor('nested tensor'),
  'torch._utils._rebuild_meta_tensor_no_storage': () => new UnreadableTensor('tensor without data (device meta)'),
  'torch._utils._rebuild_wrapper_subclass': () => new UnreadableTensor('tensor subclass without storage'),
}

const CALLS: Readonly<Record<string, PickleCall>> = {
  ...REBUILD,
  'torch._tensor._rebuild_from_type_v2': rebuildFromType,
  'torch.Size': ([dims], pickle) =>
    dims instanceof PyTuple ? dims : pickle.refuse('the dimensions of a torch.Size', describeValue(dims)),
  'torch.device': (args) => device(args),
  'torch.serialization._get_layout': ([name]) => {
    const layout = new PyRecord('torch.layout')
    layout.fields.set('name', name ?? null)
    return layout
  },
  'torch.torch_version.TorchVersion': ([version], pickle) =>
    typeof version === 'string' ? version : pickle.refuse('a version string', describeValue(version)),
}

/** Named as the class of a rebuilt tensor, or as the scheme of a quantized one. */
const MENTIONED = [
  'torch.Tensor',
  'torch.nn.parameter.Parameter',
  'torch.nn.parameter.Buffer',
  'torch.per_tensor_affine',
  'torch.per_tensor_symmetric',
  'torch.per_channel_affine',
  'torch.per_channel_symmetric',
  'torch.per_channel_affine_float_qparams',
]

const NAMES: ReadonlyMap<string, PyGlobal> = new Map([
  ...Object.entries(CALLS).map(([name, call]): [string, PyGlobal] => [name, new PyGlobal(name, call)]),
  ...MENTIONED.map((name): [string, PyGlobal] => [name, new PyGlobal(name, notCallable(name))]),
])

/** The allowed name of torch, Python or numpy; undefined when it is not allowed. */
export function checkpointName(name: string): PickleValue | undefined {
  return NAMES.get(name) ?? TORCH_TYPES.get(name) ?? pythonName(name)
}

/** `(storage, offset, shape, stride[, requires_grad, hooks][, dtype][, metadata])`; `fixed` arguments, then metadata. */
function tensor(args: readonly PickleValue[], fixed: number, pickle: PickleContext, dtype?: TorchDtype): PickleValue {
  const [storage, offset, shape, stride] = args
  if (storage === undefined || offset === undefined || shape === undefined || stride === undefined) {
    return pickle.refuse('storage, offset, shape and strides of a tensor', `${args.length} arguments`)
  }
  if (args.length < fixed || args.length > fixed + 1) {
    return pickle.refuse(`${fixed} arguments of a tensor`, `${args.length}`)
  }
  const result = new TorchTensor(pickle, { storage, offset, shape, stride, ...(dtype === undefined ? {} : { dtype }) })
  // metadata: {'conj': True} and {'neg': True} mark values that are to be conjugated or negated when read.
  const metadata = args[fixed]
  const lazy = metadata instanceof PyDict && [...metadata.entries.values()].some((value) => value !== false)
  return lazy ? new UnreadableTensor('conjugated or negated view') : result
}

function parameter(args: readonly PickleValue[], pickle: PickleContext): PickleValue {
  const [data] = args
  if (data instanceof TorchTensor || data instanceof UnreadableTensor) return data
  return pickle.refuse('a tensor as parameter', describeValue(data))
}

/** `(function, type, arguments, state)`: a tensor with attributes of its own, which are of no use here. */
function rebuildFromType(args: readonly PickleValue[], pickle: PickleContext): PickleValue {
  const [callee, , inner] = args
  // Only the functions above: a rebuild of a rebuild could nest without end.
  if (!(callee instanceof PyGlobal) || !Object.hasOwn(REBUILD, callee.name) || !(inner instanceof PyTuple)) {
    return pickle.refuse('a rebuild function and its arguments', `${describeValue(callee)}, ${describeValue(inner)}`)
  }
  return callee.call(inner.items, pickle)
}

function device(args: readonly PickleValue[]): PyRecord {
  const value = new PyRecord('torch.device')
  const [type = null, index = null] = args
  value.fields.set('type', type)
  value.fields.set('index', index)
  return value
}
