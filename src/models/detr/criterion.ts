/** @file What DETR is trained with (arXiv:2005.12872, §3.1 and supplement A.4): its matching cost and its losses. */
import { boxGiou, boxL1, crossEntropyNoObject } from '../../losses/index.js'
import { softmaxMatching } from '../../matching/index.js'
import type { Criterion } from '../criterion.js'

/** Class 1, L1 5, GIoU 2, in the matching as in the loss; 0.1 for queries without an object. */
export const detrCriterion: Criterion = {
  matching: softmaxMatching,
  losses: [crossEntropyNoObject(1, 0.1), boxL1(5), boxGiou(2)],
}
