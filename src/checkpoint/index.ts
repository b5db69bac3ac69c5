/** @file State dicts in files: safetensors, and PyTorch files without executing them. */
export * from './crc32.js'
export * from './layout.js'
export * from './match.js'
export * from './read.js'
export * from './safetensors.js'
export * from './state-dict.js'
