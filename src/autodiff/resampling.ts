/** @file Gradients of operators that read images between pixels. */
import type { ResamplingOp } from '../ops/index.js'
import type { Rules } from './rule.js'

/** Rules of src/ops/resampling.ts. */
export const resamplingRules: Rules<ResamplingOp> = {
  GridSample: { none: 'deformable attention, which needs it, is not built yet' },
  Resize: { none: 'the feature pyramid, which needs it, is not built yet' },
}
