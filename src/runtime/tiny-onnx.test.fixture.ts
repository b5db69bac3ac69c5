/** @file Tests only: encodes small ONNX models by hand, so that the runtime's tests depend on nothing but this folder. */

type Field = readonly [number, number | string | Uint8Array | Message]
interface Message extends ReadonlyArray<Field> {}

/** Numbers of the element types in ONNX files. */
export const ONNX_TYPES = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
} as const

/** An input or output: name, element type, shape (strings are symbolic). */
export type Port = readonly [string, keyof typeof ONNX_TYPES, readonly (number | string)[]]

/** One operator: type, inputs, outputs, name, attributes (integers, texts, lists of integers). */
export type Step = readonly [
  string,
  readonly string[],
  readonly string[],
  string,
  Record<string, number | string | number[]>?,
]

/** A stored tensor: float32 or int64 values, or a range of an external file. */
export interface Weight {
  readonly name: string
  readonly dims: readonly number[]
  readonly values?: Float32Array | BigInt64Array
  readonly external?: { readonly location: string; readonly offset: number; readonly length: number }
}

/** Parts of a model. */
export interface TinyModel {
  readonly inputs: readonly Port[]
  readonly outputs: readonly Port[]
  readonly steps: readonly Step[]
  readonly weights?: readonly Weight[]
}

/** The bytes of an ONNX file: IR 8, opset 18. */
export function tinyOnnx(model: TinyModel): Uint8Array {
  return encode([
    [1, 8],
    [7, graphOf(model)],
    [8, [[2, 18]]],
  ])
}

function graphOf(model: TinyModel): Message {
  return [
    ...model.steps.map((step): Field => [1, nodeOf(step)]),
    [2, 'tiny'],
    ...(model.weights ?? []).map((weight): Field => [5, tensorOf(weight)]),
    ...model.inputs.map((port): Field => [11, portOf(port)]),
    ...model.outputs.map((port): Field => [12, portOf(port)]),
  ]
}

function nodeOf([type, inputs, outputs, name, attributes]: Step): Message {
  return [
    ...inputs.map((input): Field => [1, input]),
    ...outputs.map((output): Field => [2, output]),
    [3, name],
    [4, type],
    ...Object.entries(attributes ?? {}).map(([key, value]): Field => [5, attributeOf(key, value)]),
  ]
}

function attributeOf(name: string, value: number | string | number[]): Message {
  if (typeof value === 'number')
    return [
      [1, name],
      [3, value],
      [20, 2],
    ]
  if (typeof value === 'string')
    return [
      [1, name],
      [4, value],
      [20, 3],
    ]
  return [[1, name], ...value.map((item): Field => [8, item]), [20, 7]]
}

function tensorOf({ name, dims, values, external }: Weight): Message {
  const fields: Field[] = dims.map((dim): Field => [1, dim])
  fields.push([2, values instanceof BigInt64Array ? 7 : 1], [8, name])
  if (values !== undefined) fields.push([9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)])
  if (external !== undefined) {
    for (const [key, value] of Object.entries(external))
      fields.push([
        13,
        [
          [1, key],
          [2, String(value)],
        ],
      ])
    fields.push([14, 1])
  }
  return fields
}

function portOf([name, dtype, shape]: Port): Message {
  const dims = shape.map((dim): Field => [1, [typeof dim === 'number' ? [1, dim] : [2, dim]]])
  return [
    [1, name],
    [
      2,
      [
        [
          1,
          [
            [1, ONNX_TYPES[dtype]],
            [2, dims],
          ],
        ],
      ],
    ],
  ]
}

function encode(message: Message): Uint8Array {
  const parts = message.map(([field, value]): Uint8Array => {
    if (typeof value === 'number') return Uint8Array.from([...varint(field * 8), ...varint(value)])
    const body =
      typeof value === 'string'
        ? new TextEncoder().encode(value)
        : value instanceof Uint8Array
          ? value
          : encode(value as Message)
    return concat([Uint8Array.from([...varint(field * 8 + 2), ...varint(body.length)]), body])
  })
  return concat(parts)
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128)
    rest >>= 7n
  }
  bytes.push(Number(rest))
  return bytes
}
