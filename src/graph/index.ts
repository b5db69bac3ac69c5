/** @file The graph: nodes, symbolic tensors, scopes that name nodes by module path, dimensions, text. */
export * from './dimension.js'
export * from './graph.js'
export * from './print.js'
export * from './tensor.js'
