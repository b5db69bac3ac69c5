/** @file Numbers with a shape: element types, host tensors, seeded random numbers, error classes. */
export * from './dtype.js'
export * from './errors.js'
export * from './float16.js'
export * from './option-names.js'
export * from './random.js'
export * from './tensor-data.js'
