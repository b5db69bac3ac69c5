/** @file What RT-DETR is trained with (arXiv:2304.08069, §4.3 and §5.1): matching cost, losses, denoising. */
import { boxGiou, boxL1, varifocal } from '../../losses/index.js'
import { focalMatching } from '../../matching/index.js'
import type { Criterion } from '../criterion.js'

/** Varifocal 1, L1 5, GIoU 2 for every decoder layer, the encoder's selection and the denoised queries. */
export const rtdetrCriterion: Criterion = {
  matching: focalMatching,
  losses: [varifocal(1), boxL1(5), boxGiou(2)],
  denoising: { queries: 100, labelNoise: 0.5, boxNoise: 1 },
}
