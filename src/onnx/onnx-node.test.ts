/**
 * @file ONNX's own operator tests (the `onnx-node` folder of the test data): every model whose operators detrs knows is
 * decoded, encoded, run and compared with the recorded outputs.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { assertClose, runModel } from '../../test/support/engine.js'
import { formatTensor, type Graph, printGraph, type Tensor, type TensorType } from '../graph/index.js'
import { dtypeOfCode } from '../ops/index.js'
import { OnnxFormatError, type TensorData } from '../tensor/index.js'
import { decodeModel } from './decode.js'
import { decodeTensor } from './decode-tensor.js'
import { encodeModel } from './encode.js'
import { DimField, GraphField, Model, ShapeField, TensorTypeField, TypeField, ValueInfoField } from './schema.js'
import { asText, type WireField, WireReader } from './wire.js'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const folder = join(process.env['DETRS_DATA'] ?? join(root, '../shared/data'), 'formats/onnx-node')

/** Models of known operators that are refused, and the words with which that is said. */
const REFUSALS: readonly (readonly [name: RegExp, message: RegExp])[] = [
  [/^test_cast_FLOAT_to_STRING$/, /expected a numeric element type, got type code 8\./],
  [/^test_cast_STRING_to_FLOAT$/, /input 'input': expected a numeric element type, got type code 8\.$/],
  [/^test_identity_(opt|sequence)$/, /input '.*': expected a tensor, got another type\.$/],
]

/** Models for which ONNX Runtime gives other values than the recorded ones: ours must then be what it makes of the file. */
const DEVIATING: Readonly<Record<string, string>> = {
  test_cast_FLOAT_to_BFLOAT16: 'rounds to the nearest value; the recorded ones are cut off',
  test_resize_downsample_scales_cubic_align_corners: 'aligns the corners of the rounded size, not of the scaled one',
  test_resize_downsample_scales_linear_align_corners: 'aligns the corners of the rounded size, not of the scaled one',
}

interface Case {
  readonly name: string
  readonly bytes: Uint8Array
}

function fieldsOf(bytes: Uint8Array, number: number): readonly WireField[] {
  const reader = new WireReader(bytes, 'test')
  const fields: WireField[] = []
  while (reader.more) fields.push(reader.next())
  return fields.filter((field) => field.number === number)
}

const inner = (bytes: Uint8Array, number: number): Uint8Array =>
  fieldsOf(bytes, number)[0]?.payload ?? new Uint8Array(0)

/** Output types as the file declares them; a size that is missing there is `?`. */
function declaredOutputs(bytes: Uint8Array): ReadonlyMap<string, TensorType> {
  const outputs = fieldsOf(inner(bytes, Model.graph), GraphField.output).map(({ payload }): [string, TensorType] => {
    const tensor = inner(inner(payload, ValueInfoField.type), TypeField.tensor)
    const dims = fieldsOf(inner(tensor, TensorTypeField.shape), ShapeField.dim)
    const shape = dims.map((dim) => Number(fieldsOf(dim.payload, DimField.value)[0]?.value ?? Number.NaN))
    const dtype = dtypeOfCode(Number(fieldsOf(tensor, TensorTypeField.elementType)[0]!.value))!
    return [asText(fieldsOf(payload, ValueInfoField.name)[0]!, 'test'), { dtype, shape }]
  })
  return new Map(outputs)
}

/** Recorded values of the graph's inputs or outputs, in order. */
function recorded(name: string, kind: 'input' | 'output', tensors: readonly Tensor[]): readonly TensorData[] {
  return tensors.map(({ dtype }, i) => {
    const { data } = decodeTensor(readFileSync(join(folder, name, 'test_data_set_0', `${kind}_${i}.pb`)), name)
    // numpy has no bfloat16: its bits are recorded as uint16.
    return dtype === 'bfloat16' && data.dtype === 'uint16' ? { ...data, dtype } : data
  })
}

async function check({ name, bytes }: Case): Promise<void> {
  const { graph, metadata } = decodeModel(bytes, name)
  const expected = recorded(name, 'output', [...graph.outputs.values()])
  const declared = declaredOutputs(bytes)
  assert.deepEqual([...graph.outputs.keys()], [...declared.keys()])
  for (const [i, [output, tensor]] of [...graph.outputs].entries()) {
    const type = declared.get(output)!
    assert.equal(tensor.dtype, type.dtype, `declared type of ${output}`)
    assert.equal(tensor.dtype, expected[i]!.dtype, `real type of ${output}`)
    assert.equal(tensor.shape.length, expected[i]!.shape.length, `rank of ${output}`)
    tensor.shape.forEach((dim, axis) => {
      if (typeof dim === 'string') return
      assert.equal(dim, expected[i]!.shape[axis], `real size of ${output}: ${formatTensor(tensor)}`)
      const size = type.shape[axis]!
      if (!Number.isNaN(size)) assert.equal(dim, size, `declared size of ${output}: ${formatTensor(tensor)}`)
    })
  }
  const encoded = encodeModel(graph, { metadata: Object.fromEntries(metadata) })
  const again = decodeModel(encoded.bytes, name)
  assert.equal(printGraph(again.graph), printGraph(graph))
  const feeds = feedsOf(graph, recorded(name, 'input', graph.inputs))
  const results = await runModel(encoded.bytes, feeds)
  const originals = DEVIATING[name] === undefined ? undefined : await runModel(bytes, feeds)
  ;[...graph.outputs.keys()].forEach((output, i) => {
    const want = originals?.[output] ?? expected[i]!
    assertClose(results[output], want, `${name}: ${output}`, { relative: 1e-3, absolute: 1e-5 })
  })
}

function feedsOf(graph: Graph, inputs: readonly TensorData[]): Record<string, TensorData> {
  return Object.fromEntries(
    graph.inputs.map(({ source }, i) => [source.kind === 'input' ? source.name : '', inputs[i]!]),
  )
}

test("ONNX's operator tests", { skip: existsSync(folder) ? false : `no ${folder}` }, async (t) => {
  const cases = readdirSync(folder).map((name) => ({ name, bytes: readFileSync(join(folder, name, 'model.onnx')) }))
  const unknown = new Map<string, number>()
  const counts = { passed: 0, deviating: 0, refused: 0, unknown: 0 }
  for (const one of cases) {
    const refusal = refusalOf(one)
    const operator = /expected an operator that detrs knows, got (.*)\.$/.exec(refusal ?? '')?.[1]
    if (operator !== undefined) {
      counts.unknown++
      unknown.set(operator, (unknown.get(operator) ?? 0) + 1)
      continue
    }
    await t.test(one.name, async (sub) => {
      if (refusal !== undefined) {
        const reason = REFUSALS.find(([name, message]) => name.test(one.name) && message.test(refusal))
        assert.ok(reason !== undefined, refusal)
        counts.refused++
        sub.diagnostic(`refused: ${refusal}`)
        return
      }
      await check(one)
      if (DEVIATING[one.name] === undefined) counts.passed++
      else counts.deviating++
    })
  }
  const summary = Object.entries(counts).map(([kind, count]) => `${count} ${kind}`)
  t.diagnostic(`${cases.length} models: ${summary.join(', ')}`)
  t.diagnostic(`operators that detrs does not know: ${[...unknown].map(([op, count]) => `${op} ${count}`).join(', ')}`)
  assert.ok(counts.passed >= 375, `${counts.passed} passed`)
})

/** The message of the error with which a model is refused; undefined when it is decoded. */
function refusalOf({ name, bytes }: Case): string | undefined {
  try {
    decodeModel(bytes, name)
    return undefined
  } catch (error) {
    assert.ok(error instanceof OnnxFormatError, `${name}: ${error}`)
    return error.message
  }
}
