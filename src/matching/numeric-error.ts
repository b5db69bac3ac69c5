/** @file The error of numbers that cannot be computed with. */
import { DetrsError } from '../tensor/index.js'

/** NaN or infinity where numbers are needed, or costs that allow no assignment. */
export class NumericError extends DetrsError {
  readonly code = 'NUMERIC'
}
