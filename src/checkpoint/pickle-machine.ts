/** @file The state of a pickle being read: stack, marks, memo, and what may be done with them. */
import { CheckpointError } from '../tensor/index.js'
import { ByteReader } from './byte-reader.js'
import { decodeUtf8 } from './file-bytes.js'
import {
  describeValue,
  isHashable,
  type PickleContext,
  type PickleValue,
  PyDict,
  type PyGlobal,
  PyList,
  PyRecord,
  PySet,
  type PyTuple,
} from './pickle-values.js'

/** The names and the outside objects that a pickle may refer to. */
export interface PickleRules {
  /** The allowed class or function of this dotted name; undefined refuses the pickle. */
  global(name: string): PickleValue | undefined
  /** The object that a persistent id stands for. */
  persistent(id: PickleValue, pickle: PickleContext): PickleValue
  /** Sets an object's state. False refuses it; dicts and records are handled before. */
  build?(target: PickleValue, state: PickleValue, pickle: PickleContext): boolean
}

/** Memory that the values of one pickle may take, counted roughly, bytes. */
export const MAX_PICKLE_MEMORY: number = 64 * 2 ** 20
const MAX_MARKS = 10_000

/** Stack, marks and memo of one pickle; the opcodes (pickle-opcodes.ts) work on it. */
export class PickleMachine implements PickleContext {
  readonly reader: ByteReader
  readonly rules: PickleRules
  readonly #start: number
  readonly #stack: PickleValue[] = []
  readonly #marks: number[] = []
  readonly #memo = new Map<number, PickleValue>()
  #memory = 0

  constructor(bytes: Uint8Array, where: string, rules: PickleRules, start: number) {
    this.reader = new ByteReader(bytes, where, start)
    this.rules = rules
    this.#start = start
  }

  refuse(expected: string, got: string): never {
    throw new CheckpointError({
      where: `${this.reader.where}: pickle, byte ${this.reader.position - this.#start}`,
      expected,
      got,
    })
  }

  charge(bytes: number): void {
    this.#memory += bytes
    if (this.#memory > MAX_PICKLE_MEMORY) this.refuse(`at most ${MAX_PICKLE_MEMORY} bytes of pickled values`, 'more')
  }

  push(value: PickleValue): void {
    this.charge(VALUE_BYTES)
    this.#stack.push(value)
  }

  /** Pushes a new object, whose memory counts. */
  pushObject(value: PickleValue): void {
    this.charge(OBJECT_BYTES)
    this.push(value)
  }

  pop(): PickleValue {
    this.#checkDepth(1)
    return this.#stack.pop()!
  }

  top(): PickleValue {
    this.#checkDepth(1)
    return this.#stack.at(-1)!
  }

  /** The last `count` values, taken off the stack. */
  popMany(count: number): PickleValue[] {
    this.#checkDepth(count)
    return this.#stack.splice(this.#stack.length - count, count)
  }

  mark(): void {
    if (this.#marks.length === MAX_MARKS) this.refuse(`at most ${MAX_MARKS} open marks`, 'more')
    this.#marks.push(this.#stack.length)
  }

  /** The values above the last mark, taken off the stack with it. */
  popMark(): PickleValue[] {
    const height = this.#marks.pop()
    if (height === undefined) this.refuse('a mark on the stack', 'none')
    return this.#stack.splice(height)
  }

  remember(index: number): void {
    this.charge(MEMO_BYTES)
    this.#memo.set(index, this.top())
  }

  /** MEMOIZE: the next index is the number of entries so far. */
  rememberNext(): void {
    this.remember(this.#memo.size)
  }

  recall(index: number): void {
    const value = this.#memo.get(index)
    if (value === undefined) this.refuse(`a remembered value ${index}`, 'none')
    this.push(value)
  }

  /** Text of `length` bytes, counted twice: JavaScript strings may take two bytes per character. */
  text(length: number): string {
    const bytes = this.reader.take(length, 'pickled string')
    this.charge(2 * length)
    try {
      return decodeUtf8(bytes)
    } catch {
      return this.refuse('a string in UTF-8', 'other bytes')
    }
  }

  append(target: PickleValue, items: readonly PickleValue[]): void {
    if (!(target instanceof PyList)) this.refuse('a list to append to', describeValue(target))
    this.charge(VALUE_BYTES * items.length)
    for (const item of items) target.items.push(item)
  }

  add(target: PickleValue, items: readonly PickleValue[]): void {
    if (!(target instanceof PySet)) this.refuse('a set to add to', describeValue(target))
    this.charge(ENTRY_BYTES * items.length)
    for (const item of items) target.items.add(this.#hashable(item))
  }

  setItems(target: PickleValue, flat: readonly PickleValue[]): void {
    if (!(target instanceof PyDict)) this.refuse('a dict to set items of', describeValue(target))
    if (flat.length % 2 !== 0) this.refuse('pairs of keys and values', `${flat.length} values`)
    this.charge(ENTRY_BYTES * flat.length)
    for (let i = 0; i < flat.length; i += 2) target.entries.set(this.#hashable(flat[i]!), flat[i + 1]!)
  }

  /** GLOBAL and STACK_GLOBAL: a name becomes what the rules say it stands for. */
  pushGlobal(module: string, name: string): void {
    const value = this.rules.global(`${module}.${name}`)
    if (value === undefined) {
      throw new CheckpointError({
        where: `${this.reader.where}: pickle, byte ${this.reader.position - this.#start}`,
        expected: 'only names that weight files need; nothing in a file is ever executed',
        got: `the Python name ${JSON.stringify(`${module}.${name}`.slice(0, 200))}`,
        next: 'If you trust the file, load it in Python and save only its state dict.',
      })
    }
    this.push(value)
  }

  /** REDUCE and NEWOBJ: calling an allowed name. */
  call(callee: PyGlobal, args: PyTuple): void {
    this.pushObject(callee.call(args.items, this))
  }

  /** BUILD: fields for a record; attributes of dicts (an OrderedDict's `_metadata`) are of no use here. */
  build(target: PickleValue, state: PickleValue): void {
    if (target instanceof PyDict) {
      if (!(state instanceof PyDict)) this.refuse('a dict of attributes', describeValue(state))
    } else if (target instanceof PyRecord) {
      if (!(state instanceof PyDict)) this.refuse(`a dict of fields for ${target.typeName}`, describeValue(state))
      this.charge(ENTRY_BYTES * state.entries.size)
      for (const [key, value] of state.entries) {
        if (typeof key !== 'string') this.refuse('field names', describeValue(key))
        target.fields.set(key, value)
      }
    } else if (!this.rules.build?.(target, state, this)) {
      this.refuse('an object whose state can be set', describeValue(target))
    }
  }

  /** STOP: the one value left. */
  result(): PickleValue {
    if (this.#marks.length > 0 || this.#stack.length !== 1) {
      this.refuse('one value at the end', `${this.#stack.length} values and ${this.#marks.length} open marks`)
    }
    return this.#stack[0]!
  }

  #hashable(value: PickleValue): PickleValue {
    if (!isHashable(value)) this.refuse('a key that can be hashed', describeValue(value))
    return value
  }

  /** Values below the last mark belong to what was begun before it. */
  #checkDepth(count: number): void {
    const available = this.#stack.length - (this.#marks.at(-1) ?? 0)
    if (available < count) this.refuse(`${count} values on the stack`, `${available}`)
  }
}

const VALUE_BYTES = 16
const MEMO_BYTES = 48
const ENTRY_BYTES = 48
/** Rough size of an object with its collection. */
const OBJECT_BYTES = 200
