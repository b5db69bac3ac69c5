/** @file Tests only: ONNX messages put together by hand, valid or not. */
import type { Dim } from '../graph/index.js'
import { onnxTypeCode } from '../ops/index.js'
import type { DType } from '../tensor/index.js'
import {
  AttributeField,
  DimField,
  GraphField,
  Model,
  NodeField,
  OperatorSet,
  ShapeField,
  TensorField,
  TensorTypeField,
  TypeField,
  ValueInfoField,
} from './schema.js'
import { WireWriter } from './wire.js'

/** Writes the fields of a message. */
export type Build = (writer: WireWriter) => void

/** A message's bytes. */
export function message(build: Build): Uint8Array {
  const writer = new WireWriter()
  build(writer)
  return writer.finish()
}

/** An input or output: name, type, sizes; no sizes at all where the rank is not declared. */
export function value(name: string, dtype: DType | number = 'float32', shape: readonly Dim[] | 'unknown' = [2]): Build {
  return (info) => {
    info.text(ValueInfoField.name, name)
    info.message(ValueInfoField.type, (type) =>
      type.message(TypeField.tensor, (tensor) => {
        tensor.int(TensorTypeField.elementType, typeof dtype === 'number' ? dtype : onnxTypeCode(dtype))
        if (shape === 'unknown') return
        tensor.message(TensorTypeField.shape, (dims) => {
          for (const dim of shape) {
            dims.message(ShapeField.dim, (each) =>
              typeof dim === 'number' ? each.int(DimField.value, dim) : each.text(DimField.name, dim),
            )
          }
        })
      }),
    )
  }
}

/** An attribute whose message `build` writes after its name. */
export function attribute(name: string, build: Build): Build {
  return (writer) =>
    writer.message(NodeField.attribute, (inner) => {
      inner.text(AttributeField.name, name)
      build(inner)
    })
}

/** A node. */
export function node(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  more: readonly Build[] = [],
): Build {
  return (writer) => {
    for (const input of inputs) writer.text(NodeField.input, input)
    for (const output of outputs) writer.text(NodeField.output, output)
    writer.text(NodeField.opType, op)
    for (const build of more) build(writer)
  }
}

/** A tensor message: name, type, sizes; `build` writes its data. */
export function tensor(name: string, dtype: DType | number, shape: readonly number[], build: Build): Build {
  return (writer) => {
    writer.ints(TensorField.dims, shape)
    writer.int(TensorField.dataType, typeof dtype === 'number' ? dtype : onnxTypeCode(dtype))
    writer.text(TensorField.name, name)
    build(writer)
  }
}

/** The parts of a model; what is not given is x: float32[2] to y through one Relu, in opset 18. */
export interface Parts {
  readonly nodes?: readonly Build[]
  readonly inputs?: readonly Build[]
  readonly outputs?: readonly Build[]
  readonly initializers?: readonly Build[]
  readonly opsets?: readonly (readonly [domain: string, version: number])[]
  /** More fields of the graph. */
  readonly graph?: Build
  /** More fields of the model. */
  readonly model?: Build
}

/** A model's bytes. */
export function model(parts: Parts = {}): Uint8Array {
  return message((writer) => {
    for (const [domain, version] of parts.opsets ?? [['', 18]]) {
      writer.message(Model.opsetImport, (set) => {
        set.text(OperatorSet.domain, domain)
        set.int(OperatorSet.version, version)
      })
    }
    writer.message(Model.graph, (graph) => {
      for (const build of parts.nodes ?? [node('Relu', ['x'], ['y'])]) graph.message(GraphField.node, build)
      graph.text(GraphField.name, 'hand-made')
      for (const build of parts.initializers ?? []) graph.message(GraphField.initializer, build)
      for (const build of parts.inputs ?? [value('x')]) graph.message(GraphField.input, build)
      for (const build of parts.outputs ?? [value('y')]) graph.message(GraphField.output, build)
      parts.graph?.(graph)
    })
    parts.model?.(writer)
  })
}
