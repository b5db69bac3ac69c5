/**
 * @file A small assembler for WebAssembly: an expression is the bytes that compute it, operands first. It knows the
 * instructions that resize-module.ts needs and no others.
 * @see https://webassembly.github.io/spec/core/binary/
 */

/** The bytes of an expression or of statements. */
export type Code = readonly number[]

const I32 = 0x7f
const V128 = 0x7b

/** Instructions whose only operands are values. */
const OPCODES = {
  'i32.lt_u': [0x49],
  'i32.add': [0x6a],
  'i32.sub': [0x6b],
  'i8x16.swizzle': [0xfd, 0x0e],
  'i32x4.splat': [0xfd, 0x11],
  'i8x16.narrow_i16x8_u': [0xfd, 0x66],
  'i16x8.narrow_i32x4_s': [0xfd, 0x85, 0x01],
  'i16x8.extend_low_i8x16_u': [0xfd, 0x89, 0x01],
  'i16x8.extend_high_i8x16_u': [0xfd, 0x8a, 0x01],
  'i32x4.shl': [0xfd, 0xab, 0x01],
  'i32x4.shr_s': [0xfd, 0xac, 0x01],
  'i32x4.add': [0xfd, 0xae, 0x01],
  'i32x4.dot_i16x8_s': [0xfd, 0xba, 0x01],
} as const

const LOADS = {
  'i32.load': [0x28],
  'v128.load': [0xfd, 0x00],
  'v128.load32_splat': [0xfd, 0x09],
  'v128.load64_zero': [0xfd, 0x5d],
} as const
/** No promise of an alignment. */
const UNALIGNED = 0

/** The instruction on its operands. */
export function op(name: keyof typeof OPCODES, ...operands: readonly Code[]): Code {
  return [...operands.flat(), ...OPCODES[name]]
}

/** Reads `offset` bytes behind the address. */
export function load(name: keyof typeof LOADS, address: Code, offset = 0): Code {
  return [...address, ...LOADS[name], UNALIGNED, ...leb128(offset)]
}

/** Writes the 16 bytes of a vector. */
export function store(address: Code, value: Code): Code {
  return [...address, ...value, 0xfd, 0x0b, UNALIGNED, 0]
}

export function i32(value: number): Code {
  return [0x41, ...signedLeb128(value)]
}

/** 16 bytes as they are. */
export function bytes(values: readonly number[]): Code {
  return [0xfd, 0x0c, ...values]
}

/** Picks 16 of the 32 bytes of two vectors. */
export function shuffle(first: Code, second: Code, picks: readonly number[]): Code {
  return [...first, ...second, 0xfd, 0x0d, ...picks]
}

/** A variable of a function, or a parameter. */
export interface Local {
  readonly get: Code
  set(value: Code): Code
}

/** Repeats the body until the condition, computed after it, is 0. */
export function repeatWhile(condition: Code, ...body: readonly Code[]): Code {
  return [0x03, 0x40, ...body.flat(), ...condition, 0x0d, 0, 0x0b]
}

/** The variables of a function by their names; parameters are i32, the others start at 0. */
export interface Variables<Name extends string> {
  readonly parameters: readonly Name[]
  readonly i32: readonly Name[]
  readonly v128: readonly Name[]
}

/** A function without a result. */
export interface WasmFunction {
  readonly name: string
  readonly variables: Variables<string>
  readonly code: Code
}

/** The function `name` of the statements that `write` gives. */
export function defineFunction<const Name extends string>(
  name: string,
  variables: Variables<Name>,
  write: (variables: Readonly<Record<Name, Local>>) => readonly Code[],
): WasmFunction {
  const names = [...variables.parameters, ...variables.i32, ...variables.v128]
  const locals = names.map((key, i): [Name, Local] => [
    key,
    { get: [0x20, ...leb128(i)], set: (value) => [...value, 0x21, ...leb128(i)] },
  ])
  return { name, variables, code: write(Object.fromEntries(locals) as Record<Name, Local>).flat() }
}

/** A module that exports these functions and its `memory` of so many pages of 64 KiB. */
export function assemble(functions: readonly WasmFunction[], pages: number): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ variables }) => [0x60, ...vector(variables.parameters.map(() => [I32])), 0])
  const indices = functions.map((_, i) => leb128(i))
  const exports = functions.map(({ name }, i) => [...nameBytes(name), 0x00, ...indices[i]!])
  const bodies = functions.map(({ variables: { i32, v128 }, code }) => {
    const locals = vector([
      [...leb128(i32.length), I32],
      [...leb128(v128.length), V128],
    ])
    const body = [...locals, ...code, 0x0b]
    return [...leb128(body.length), ...body]
  })
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, types),
    ...section(3, indices),
    ...section(5, [[0x01, ...leb128(pages), ...leb128(pages)]]),
    ...section(7, [[...nameBytes('memory'), 0x02, 0], ...exports]),
    ...section(10, bodies),
  ])
}

function section(id: number, entries: readonly Code[]): Code {
  const content = vector(entries)
  return [id, ...leb128(content.length), ...content]
}

function vector(entries: readonly Code[]): Code {
  return [...leb128(entries.length), ...entries.flat()]
}

function nameBytes(name: string): Code {
  return vector([...new TextEncoder().encode(name)].map((byte) => [byte]))
}

/** Seven bits a byte, lowest first; the top bit says that more follow. */
function leb128(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb128(value >>> 7)]
}

/** The same in two's complement: the rest ends where it is the sign alone. */
function signedLeb128(value: number): Code {
  const low = value & 0x7f
  const rest = value >> 7
  return rest === (low & 0x40 ? -1 : 0) ? [low] : [low | 0x80, ...signedLeb128(rest)]
}
