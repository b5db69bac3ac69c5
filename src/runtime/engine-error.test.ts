import assert from 'node:assert/strict'
import { it } from 'node:test'
import { engineError, failingNode, readableMessage } from './engine-error.js'

/** Messages of ONNX Runtime 1.30 as they came, with the node and the text that should be left of them. */
const MESSAGES: readonly (readonly [string, string | undefined, string])[] = [
  [
    "Non-zero status code returned while running FusedConv node. Name:'backbone.layer1.0.conv1' Status Message: Input channels C is not equal to kernel channels * group. C: 2 kernel channels: 3 group: 1",
    'backbone.layer1.0.conv1',
    'Input channels C is not equal to kernel channels * group. C: 2 kernel channels: 3 group: 1',
  ],
  [
    "Non-zero status code returned while running Conv node. Name:'backbone.conv1_nchwc' Status Message: Input channels",
    'backbone.conv1',
    'Input channels',
  ],
  [
    "Non-zero status code returned while running Add node. Name:'layer.add' Status Message: /onnxruntime_src/onnxruntime/core/providers/cpu/math/element_wise_ops.h:563 void onnxruntime::BroadcastIterator::Init(ptrdiff_t, ptrdiff_t) axis == 1 || axis == largest was false. Attempting to broadcast an axis by a dimension other than 1. 3 by 4\n",
    'layer.add',
    'Attempting to broadcast an axis by a dimension other than 1. 3 by 4',
  ],
  [
    "Non-zero status code returned while running Relu node. Name:'relu' Status Message: C:\\src\\onnxruntime\\core\\framework\\op_kernel.cc:83 virtual OrtValue* onnxruntime::OpKernelContext::OutputMLValue(int, const onnxruntime::TensorShape&) [ONNXRuntimeError] : 2 : INVALID_ARGUMENT : The output OrtValue has shape {7,7}.",
    'relu',
    'The output OrtValue has shape {7,7}',
  ],
  [
    "Non-zero status code returned while running MatMul node. Name:'head.linear' Status Message: matmul_helper.h:59 Compute MatMul dimension mismatch",
    'head.linear',
    'Compute MatMul dimension mismatch',
  ],
  [
    'This is an invalid model. In Node, ("layer.addy", Addy, "", -1) : ("a": tensor(float),) -> ("c": tensor(float),) , Error No Op registered for Addy with domain_version of 18',
    'layer.addy',
    'This is an invalid model. In Node, ("layer.addy", Addy, "", -1) : ("a": tensor(float),) -> ("c": tensor(float),) , Error No Op registered for Addy with domain_version of 18',
  ],
  [
    'Type Error: Type parameter (T) of Optype (Add) bound to different types (tensor(float) and tensor(int64) in node (layer.add).',
    'layer.add',
    'Type Error: Type parameter (T) of Optype (Add) bound to different types (tensor(float) and tensor(int64) in node (layer.add)',
  ],
  [
    'Node (layer.mm) Op (MatMul) [ShapeInferenceError] Incompatible dimensions for matrix multiplication',
    'layer.mm',
    'Node (layer.mm) Op (MatMul) [ShapeInferenceError] Incompatible dimensions for matrix multiplication',
  ],
  [
    "[ONNXRuntimeError] : 9 : NOT_IMPLEMENTED : Could not find an implementation for Sin(22) node with name 'layer.sin'",
    'layer.sin',
    "Could not find an implementation for Sin(22) node with name 'layer.sin'",
  ],
  [
    'failed to call OrtRun(). ERROR_CODE: 1, ERROR_MESSAGE: /mnt/x/onnxruntime/core/providers/cpu/math/element_wise_ops.h:563 void onnxruntime::BroadcastIterator::Init(ptrdiff_t, ptrdiff_t) axis == 1 || axis == largest was false. Attempting to broadcast',
    undefined,
    'Attempting to broadcast',
  ],
  [
    'Failed to load model because protobuf parsing failed.',
    undefined,
    'Failed to load model because protobuf parsing failed',
  ],
]

it('finds the node in messages of ONNX Runtime', () => {
  for (const [message, node] of MESSAGES) assert.equal(failingNode(message), node, message)
})

it('leaves the part of a message that a person can use', () => {
  for (const [message, , text] of MESSAGES) assert.equal(readableMessage(message), text)
})

it('falls back to the label where no node is named', () => {
  const cause = new Error('Failed to load model because protobuf parsing failed.')
  const error = engineError('model.onnx', 'a model that ONNX Runtime can load', cause)
  assert.equal(error.path, 'model.onnx')
  assert.equal(error.cause, cause)
  assert.equal(
    error.message,
    'model.onnx: expected a model that ONNX Runtime can load, got ONNX Runtime\'s error "Failed to load model because protobuf parsing failed".',
  )
})

it('reads no more of a message than a person would', () => {
  for (const piece of [
    'a.cc:1 ',
    'x(',
    'Node (',
    '/',
    'a/',
    "node with name '",
    '[ONNXRuntimeError] : 1 : ',
    ' was false. ',
  ]) {
    const error = engineError('model', 'a model', new Error(piece.repeat(1_000_000)))
    assert.ok(error.message.length < 4000)
  }
})
