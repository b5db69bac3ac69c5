import { contract } from './contract.test.suite.js'
import { createOnnxruntimeNodeRuntime } from './ort.onnxruntime-node.node.js'

contract('node', () => createOnnxruntimeNodeRuntime({ threads: 2 }))
