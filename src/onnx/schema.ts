/** @file Field numbers of the ONNX messages that detrs reads and writes (onnx.proto, IR version 8). */

export const Model = {
  irVersion: 1,
  producerName: 2,
  producerVersion: 3,
  graph: 7,
  opsetImport: 8,
  metadata: 14,
} as const
export const OperatorSet = { domain: 1, version: 2 } as const
export const Entry = { key: 1, value: 2 } as const
export const GraphField = { node: 1, name: 2, initializer: 5, input: 11, output: 12, sparseInitializer: 15 } as const
export const NodeField = { input: 1, output: 2, name: 3, opType: 4, attribute: 5, domain: 7 } as const
export const AttributeField = {
  name: 1,
  float: 2,
  int: 3,
  string: 4,
  tensor: 5,
  floats: 7,
  ints: 8,
  strings: 9,
  type: 20,
} as const
export const AttributeType = { float: 1, int: 2, string: 3, tensor: 4, floats: 6, ints: 7, strings: 8 } as const
export const TensorField = {
  dims: 1,
  dataType: 2,
  floatData: 4,
  int32Data: 5,
  int64Data: 7,
  name: 8,
  rawData: 9,
  doubleData: 10,
  uint64Data: 11,
  externalData: 13,
  dataLocation: 14,
} as const
export const ValueInfoField = { name: 1, type: 2 } as const
export const TypeField = { tensor: 1 } as const
export const TensorTypeField = { elementType: 1, shape: 2 } as const
export const ShapeField = { dim: 1 } as const
export const DimField = { value: 1, name: 2 } as const

/** Opset that detrs writes. */
export const OPSET = 18
/** Version of the file format that detrs writes: the one that came with opset 18. */
export const IR_VERSION = 8
