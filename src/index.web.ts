/** @file detrs in the browser: the core, the WebAssembly or WebGPU engine, images as pages have them. */
export * from './detect/index.web.js'
export * from './index.js'
export * from './runtime/index.web.js'
