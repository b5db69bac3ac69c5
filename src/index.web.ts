/** @file detrs in the browser: the core and the WebAssembly or WebGPU engine. */
export * from './index.js'
export * from './runtime/index.web.js'
