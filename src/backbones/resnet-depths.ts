/** @file How many blocks the four stages of a ResNet have (arXiv:1512.03385, Table 1). */

/** Number of layers that names a ResNet. */
export type ResNetDepth = 18 | 34 | 50 | 101

export const BLOCKS_OF_STAGES: Readonly<Record<ResNetDepth, readonly [number, number, number, number]>> = {
  18: [2, 2, 2, 2],
  34: [3, 4, 6, 3],
  50: [3, 4, 6, 3],
  101: [3, 4, 23, 3],
}
