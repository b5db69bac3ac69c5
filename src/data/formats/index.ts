/** @file Detection data sets: their form in memory, faults and figures; free of files. */
export * from './dataset.js'
export type { DatasetProblem, ProblemKind, Severity } from './problems.js'
export * from './statistics.js'
