/** @file The pickle opcodes that weight files use, and the names of those that are refused. */
import type { PickleMachine } from './pickle-machine.js'
import { describeValue, type PickleValue, PyDict, PyGlobal, PyList, PySet, PyTuple } from './pickle-values.js'

type Opcode = (machine: PickleMachine) => void

const MAX_PROTOCOL = 5
/** LONG4 could declare a number of gigabytes; 1024 bytes are 2,466 decimal digits. */
const MAX_LONG_BYTES = 1024
const MAX_NAME_BYTES = 1024

/** What each allowed opcode does, by its byte. */
export const OPCODES: ReadonlyMap<number, Opcode> = new Map<number, Opcode>([
  // Framing
  [0x80, proto],
  [0x95, frame],
  // Constants and numbers
  [0x4e, (m) => m.push(null)], // NONE
  [0x88, (m) => m.push(true)], // NEWTRUE
  [0x89, (m) => m.push(false)], // NEWFALSE
  [0x4a, (m) => m.push(m.reader.i32('pickled int'))], // BININT
  [0x4b, (m) => m.push(m.reader.u8('pickled int'))], // BININT1
  [0x4d, (m) => m.push(m.reader.u16('pickled int'))], // BININT2
  [0x8a, (m) => long(m, m.reader.u8('pickled int'))], // LONG1
  [0x8b, (m) => long(m, m.reader.i32('pickled int'))], // LONG4
  [0x47, (m) => m.push(m.reader.f64BigEndian('pickled float'))], // BINFLOAT
  // Strings and bytes
  [0x58, (m) => m.push(m.text(m.reader.u32('string length')))], // BINUNICODE
  [0x8c, (m) => m.push(m.text(m.reader.u8('string length')))], // SHORT_BINUNICODE
  [0x8d, (m) => m.push(m.text(m.reader.u64('string length')))], // BINUNICODE8
  [0x54, (m) => m.push(m.text(m.reader.u32('string length')))], // BINSTRING (Python 2)
  [0x55, (m) => m.push(m.text(m.reader.u8('string length')))], // SHORT_BINSTRING (Python 2)
  [0x42, (m) => bytes(m, m.reader.u32('bytes length'))], // BINBYTES
  [0x43, (m) => bytes(m, m.reader.u8('bytes length'))], // SHORT_BINBYTES
  [0x8e, (m) => bytes(m, m.reader.u64('bytes length'))], // BINBYTES8
  [0x96, (m) => bytes(m, m.reader.u64('bytes length'))], // BYTEARRAY8
  // Collections
  [0x29, (m) => m.push(new PyTuple([]))], // EMPTY_TUPLE
  [0x85, (m) => tuple(m, m.popMany(1))], // TUPLE1
  [0x86, (m) => tuple(m, m.popMany(2))], // TUPLE2
  [0x87, (m) => tuple(m, m.popMany(3))], // TUPLE3
  [0x74, (m) => tuple(m, m.popMark())], // TUPLE
  [0x5d, (m) => m.pushObject(new PyList())], // EMPTY_LIST
  [0x7d, (m) => m.pushObject(new PyDict())], // EMPTY_DICT
  [0x8f, (m) => m.pushObject(new PySet())], // EMPTY_SET
  [0x91, frozenSet],
  [0x61, append],
  [0x65, appends],
  [0x90, addItems],
  [0x73, setItem],
  [0x75, setItems],
  // Stack and memo
  [0x28, (m) => m.mark()], // MARK
  [0x30, (m) => void m.pop()], // POP
  [0x31, (m) => void m.popMark()], // POP_MARK
  [0x71, (m) => m.remember(m.reader.u8('memo index'))], // BINPUT
  [0x72, (m) => m.remember(m.reader.u32('memo index'))], // LONG_BINPUT
  [0x94, (m) => m.rememberNext()], // MEMOIZE
  [0x68, (m) => m.recall(m.reader.u8('memo index'))], // BINGET
  [0x6a, (m) => m.recall(m.reader.u32('memo index'))], // LONG_BINGET
  // Names and objects
  [0x63, global],
  [0x93, stackGlobal],
  [0x52, reduce],
  [0x81, reduce], // NEWOBJ: creating an object of an allowed class is the same inert call
  [0x62, build],
  [0x51, (m) => m.push(m.rules.persistent(m.pop(), m))], // BINPERSID
])

/** Opcodes that exist but are refused: text forms of protocol 0, and ways to objects that weight files never take. */
export const REFUSED_OPCODES: ReadonlyMap<number, string> = new Map([
  [0x32, 'DUP'],
  [0x46, 'FLOAT'],
  [0x49, 'INT'],
  [0x4c, 'LONG'],
  [0x50, 'PERSID'],
  [0x53, 'STRING'],
  [0x56, 'UNICODE'],
  [0x64, 'DICT'],
  [0x67, 'GET'],
  [0x69, 'INST'],
  [0x6c, 'LIST'],
  [0x6f, 'OBJ'],
  [0x70, 'PUT'],
  [0x82, 'EXT1'],
  [0x83, 'EXT2'],
  [0x84, 'EXT4'],
  [0x92, 'NEWOBJ_EX'],
  [0x97, 'NEXT_BUFFER'],
  [0x98, 'READONLY_BUFFER'],
])

function proto(m: PickleMachine): void {
  const version = m.reader.u8('pickle protocol')
  if (version > MAX_PROTOCOL) m.refuse(`pickle protocol ${MAX_PROTOCOL} or older`, `${version}`)
}

function frame(m: PickleMachine): void {
  const length = m.reader.u64('pickle frame length')
  if (length > m.reader.remaining)
    m.refuse(`a frame of ${length} bytes`, `the end of the data after ${m.reader.remaining}`)
}

function long(m: PickleMachine, length: number): void {
  if (length < 0 || length > MAX_LONG_BYTES) m.refuse(`an int of at most ${MAX_LONG_BYTES} bytes`, `${length}`)
  m.charge(length)
  m.push(decodeLong(m.reader.take(length, 'pickled int')))
}

/** Little-endian two's complement. */
function decodeLong(littleEndian: Uint8Array): number | bigint {
  if (littleEndian.length === 0) return 0
  let digits = '0x'
  for (let i = littleEndian.length - 1; i >= 0; i--) digits += littleEndian[i]!.toString(16).padStart(2, '0')
  const value = BigInt.asIntN(8 * littleEndian.length, BigInt(digits))
  return Number.isSafeInteger(Number(value)) ? Number(value) : value
}

function bytes(m: PickleMachine, length: number): void {
  const view = m.reader.take(length, 'pickled bytes')
  m.charge(length)
  m.push(view.slice())
}

function tuple(m: PickleMachine, items: PickleValue[]): void {
  m.pushObject(new PyTuple(items))
}

function frozenSet(m: PickleMachine): void {
  const items = m.popMark()
  m.pushObject(new PySet())
  m.add(m.top(), items)
}

function append(m: PickleMachine): void {
  const item = m.pop()
  m.append(m.top(), [item])
}

function appends(m: PickleMachine): void {
  const items = m.popMark()
  m.append(m.top(), items)
}

function addItems(m: PickleMachine): void {
  const items = m.popMark()
  m.add(m.top(), items)
}

function setItem(m: PickleMachine): void {
  const pair = m.popMany(2)
  m.setItems(m.top(), pair)
}

function setItems(m: PickleMachine): void {
  const pairs = m.popMark()
  m.setItems(m.top(), pairs)
}

function global(m: PickleMachine): void {
  const module = line(m)
  m.pushGlobal(module, line(m))
}

function stackGlobal(m: PickleMachine): void {
  const [module, name] = m.popMany(2)
  if (typeof module !== 'string' || typeof name !== 'string') {
    m.refuse('a module and a name', `${describeValue(module)} and ${describeValue(name)}`)
  }
  m.pushGlobal(module, name)
}

function line(m: PickleMachine): string {
  const rest = m.reader.bytes.subarray(m.reader.position, m.reader.position + MAX_NAME_BYTES)
  const length = rest.indexOf(0x0a)
  if (length < 0) m.refuse(`a name of at most ${MAX_NAME_BYTES} bytes that ends in a newline`, 'none')
  const text = m.text(length)
  m.reader.take(1, 'newline')
  return text
}

function reduce(m: PickleMachine): void {
  const [callee, args] = m.popMany(2)
  if (!(callee instanceof PyGlobal)) m.refuse('an allowed name to call', describeValue(callee))
  if (!(args instanceof PyTuple)) m.refuse(`a tuple of arguments for ${callee.name}`, describeValue(args))
  m.call(callee, args)
}

function build(m: PickleMachine): void {
  const state = m.pop()
  m.build(m.top(), state)
}
