/**
 * @file What a pickle can hold once read: plain data and inert records. Nothing here has behaviour of Python's; an
 * object of a known class is its name and its fields.
 */

/** A Python value. Integers are numbers up to 2^53 and bigints above; bytes are Uint8Array. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PyTuple
  | PyList
  | PyDict
  | PySet
  | PyRecord
  | PyGlobal
  | PyForeign

/** A tuple (or torch.Size). */
export class PyTuple {
  readonly items: readonly PickleValue[]

  constructor(items: readonly PickleValue[]) {
    this.items = items
  }
}

/** A list; it may contain itself. */
export class PyList {
  readonly items: PickleValue[] = []
}

/** A dict or one of its subclasses; keys keep their order. */
export class PyDict {
  readonly typeName: string
  readonly entries: Map<PickleValue, PickleValue> = new Map()

  constructor(typeName = 'dict') {
    this.typeName = typeName
  }

  /** The value of a string key. */
  get(key: string): PickleValue | undefined {
    return this.entries.get(key)
  }
}

/** A set or frozenset. */
export class PySet {
  readonly items: Set<PickleValue> = new Set()
}

/** An object of an allowed class, e.g. argparse.Namespace, as its fields. */
export class PyRecord {
  readonly typeName: string
  readonly fields: Map<string, PickleValue> = new Map()

  constructor(typeName: string) {
    this.typeName = typeName
  }
}

/** A value of another library (a tensor, a storage): what it is, is known to the library's own reader. */
export abstract class PyForeign {
  abstract readonly typeName: string
}

/** What calling an allowed class or function stands for. It must be a pure function of its arguments. */
export type PickleCall = (args: readonly PickleValue[], pickle: PickleContext) => PickleValue

/** An allowed class or function, by its name. */
export class PyGlobal {
  readonly name: string
  readonly call: PickleCall

  constructor(name: string, call: PickleCall) {
    this.name = name
    this.call = call
  }
}

/** What a call of an allowed name may use: refusing, and paying for memory. */
export interface PickleContext {
  /** @throws CheckpointError always, with the pickle's file and position. */
  refuse(expected: string, got: string): never
  /** Counts memory that the value takes. @throws CheckpointError above the limit. */
  charge(bytes: number): void
}

/** A value's type in Python's words, for error messages. */
export function describeValue(value: PickleValue | undefined): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'None'
  if (typeof value === 'boolean') return 'a bool'
  if (typeof value === 'number') return Number.isInteger(value) ? `the number ${value}` : 'a float'
  if (typeof value === 'bigint') return 'a large int'
  if (typeof value === 'string') return `the string ${JSON.stringify(value.slice(0, 60))}`
  if (value instanceof Uint8Array) return 'bytes'
  if (value instanceof PyTuple) return `a tuple of ${value.items.length}`
  if (value instanceof PyList) return `a list of ${value.items.length}`
  if (value instanceof PySet) return 'a set'
  if (value instanceof PyGlobal) return `the name ${value.name}`
  return `a ${value.typeName}`
}

/** True where Python could use the value as a dict key or set member. */
export function isHashable(value: PickleValue): boolean {
  return !(value instanceof PyList || value instanceof PyDict || value instanceof PySet)
}
