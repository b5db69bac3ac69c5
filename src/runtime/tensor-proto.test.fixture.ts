/** @file Tests only: reads the ONNX operator tests of the shared data folder, where it is present. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { dtypeOfCode } from '../ops/index.js'
import { createArray, fromBytes, isBigInt, sizeOfShape, type TensorData, tensorData } from '../tensor/index.js'

/** An operator test: a model, its inputs in the order of the graph, and what its outputs should be. */
export interface OperatorCase {
  readonly name: string
  readonly model: Uint8Array
  readonly inputs: readonly TensorData[]
  readonly outputs: readonly TensorData[]
}

const FOLDER = join(process.env['DETRS_DATA'] ?? join('..', 'shared', 'data'), 'formats', 'onnx-node')

/** Why the tests over operator cases are skipped; false when they are not. */
export const skipReason: string | false = existsSync(FOLDER) ? false : `no folder ${FOLDER}`

/** Names of all operator tests. */
export function operatorNames(): string[] {
  return readdirSync(FOLDER).filter((name) => existsSync(join(FOLDER, name, 'model.onnx')))
}

/** One operator test; undefined when it uses values that are no tensors of numbers. */
export function readOperatorCase(name: string): OperatorCase | undefined {
  const data = join(FOLDER, name, 'test_data_set_0')
  const read = (kind: string): (TensorData | undefined)[] => {
    const count = readdirSync(data).filter((file) => file.startsWith(`${kind}_`)).length
    return Array.from({ length: count }, (_, i) => readTensor(readFileSync(join(data, `${kind}_${i}.pb`))))
  }
  const [inputs, outputs] = [read('input'), read('output')]
  if ([...inputs, ...outputs].some((tensor) => tensor === undefined)) return undefined
  return {
    name,
    model: readFileSync(join(FOLDER, name, 'model.onnx')),
    inputs: inputs as TensorData[],
    outputs: outputs as TensorData[],
  }
}

/** Field numbers of TensorProto. */
const DIMS = 1
const DATA_TYPE = 2
const FLOATS = 4
const INTS = 5
const INT64S = 7
const RAW = 9
const DOUBLES = 10

function readTensor(bytes: Uint8Array): TensorData | undefined {
  const shape: number[] = []
  let code = 0
  let raw: Uint8Array | undefined
  const varints: bigint[] = []
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return BigInt.asIntN(64, value)
    }
  }
  while (at < bytes.length) {
    const key = Number(varint())
    const [field, wire] = [key >> 3, key & 7]
    if (wire === 0) {
      const value = varint()
      if (field === DIMS) shape.push(Number(value))
      else if (field === DATA_TYPE) code = Number(value)
      else varints.push(value)
    } else if (wire === 2) {
      const length = Number(varint())
      const end = at + length
      if (field === DIMS) while (at < end) shape.push(Number(varint()))
      else if (field === INTS || field === INT64S) while (at < end) varints.push(varint())
      else if (field === RAW || field === FLOATS || field === DOUBLES) raw = bytes.slice(at, end)
      at = end
    } else {
      return undefined
    }
  }
  const dtype = dtypeOfCode(code)
  if (dtype === undefined) return undefined
  if (raw !== undefined) return fromBytes(dtype, shape, raw)
  if (varints.length !== sizeOfShape(shape)) return undefined
  const data = createArray(dtype, varints.length)
  varints.forEach((value, i) => {
    ;(data as { [index: number]: number | bigint })[i] = isBigInt(dtype) ? value : Number(value)
  })
  return tensorData(dtype, shape, data)
}
