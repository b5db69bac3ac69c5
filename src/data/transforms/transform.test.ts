import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from '../../tensor/index.js'
import { dropSmall } from './drop-small.js'
import { either } from './either.js'
import { horizontalFlip, verticalFlip } from './flip.js'
import { iouCrop } from './iou-crop.js'
import { photometric } from './photometric.js'
import { quarterTurn } from './quarter-turn.js'
import { randomCrop } from './random-crop.js'
import { detrAugmentation, rtdetrAugmentation } from './recipes.js'
import { resizeShortest } from './resize-shortest.js'
import { stretch } from './stretch.js'
import { checkTransforms } from './transform.js'
import { zoomOut } from './zoom-out.js'

const ALL = [
  horizontalFlip(),
  verticalFlip(),
  quarterTurn(),
  resizeShortest({ shortest: [480], longest: 800 }),
  resizeShortest({ shortest: [480] }),
  stretch({ sizes: [{ height: 640, width: 320 }] }),
  randomCrop(),
  iouCrop(),
  zoomOut(),
  photometric(),
  photometric({ swapProbability: 0 }),
  dropSmall(),
  either(0.5, [horizontalFlip()], [either(1, [zoomOut()])]),
  ...detrAugmentation(),
  ...rtdetrAugmentation(),
]

test('every transform is plain data that passes the check, also after a trip through a file or a thread', () => {
  checkTransforms(ALL)
  const copy: unknown = JSON.parse(JSON.stringify(ALL))
  checkTransforms(copy)
  assert.deepEqual(copy, ALL)
  assert.deepEqual(structuredClone(ALL), ALL)
})

test('what is no transform is refused with its place', () => {
  const refused: readonly (readonly [unknown, RegExp])[] = [
    [undefined, /^transforms: expected a list of transforms, got undefined/],
    [{}, /^transforms: expected a list of transforms, got \{\}/],
    [[null], /^transforms\[0\]\.kind: expected one of horizontal-flip, .*, got none/],
    [
      [horizontalFlip(), { kind: 'horizontal-flop', probability: 1 }],
      /^transforms\[1\]\.kind: .*Did you mean horizontal-flip\?/,
    ],
    [[{ kind: 'toString' }], /transforms\[0\]\.kind/],
    [[{ kind: 'horizontal-flip' }], /^transforms\[0\]\.probability: expected a number from 0 to 1, got undefined/],
    [[horizontalFlip({ probability: 1.5 })], /probability: expected a number from 0 to 1, got 1\.5/],
    [[horizontalFlip({ probability: Number.NaN })], /probability: expected .*, got NaN/],
    [
      [{ ...horizontalFlip(), p: 1 }],
      /^transforms\[0\]: expected only the fields probability of horizontal-flip, got 'p'/,
    ],
    [[quarterTurn({ quarters: [] })], /quarters: expected a list of at least one value, got \[\]/],
    [[quarterTurn({ quarters: [4] })], /quarters\[0\]: expected a whole number from 0 to 3, got 4/],
    [[resizeShortest({ shortest: [0] })], /shortest\[0\]: expected a whole number from 1/],
    [[resizeShortest({ shortest: [480], longest: 1.5 })], /longest/],
    [[stretch({ sizes: [{ height: 640, width: -1 }] })], /sizes\[0\]\.width/],
    [[{ kind: 'stretch', sizes: [7], perBatch: true }], /sizes\[0\]: expected a height and a width/],
    [[{ kind: 'stretch', sizes: [{ height: 1, width: 1 }], perBatch: 1 }], /perBatch: expected true or false/],
    [[randomCrop({ sides: [600, 384] })], /sides: expected the lower number first, got \[600,384\]/],
    [[{ kind: 'random-crop', sides: [1] }], /sides: expected two numbers/],
    [[iouCrop({ scale: [0.3, 1.1] })], /scale\[1\]/],
    [[iouCrop({ trials: 0 })], /trials/],
    [[zoomOut({ factor: [0.5, 2] })], /factor\[0\]: expected a number from 1 to 100/],
    [[zoomOut({ fill: [0, 0] })], /fill: expected red, green and blue/],
    [[zoomOut({ fill: [0, 0, 256] })], /fill\[2\]/],
    [[photometric({ hue: [-0.6, 0] })], /hue\[0\]/],
    [[photometric({ contrast: [-1, 1] })], /contrast\[0\]: expected a number from 0 up/],
    [[dropSmall({ side: -1 })], /side/],
    [
      [either(0.5, [horizontalFlip()], [verticalFlip({ probability: 2 })])],
      /^transforms\[0\]\.second\[0\]\.probability/,
    ],
  ]
  for (const [value, message] of refused) {
    assert.throws(
      () => checkTransforms(value),
      (error: unknown) => error instanceof ConfigError && message.test(error.message),
      `${JSON.stringify(value)} ${message}`,
    )
  }
  let deep = either(1, [])
  for (let i = 0; i < 50; i++) deep = either(1, [deep])
  assert.throws(() => checkTransforms([deep]), /at most 20 lists inside each other/)
})
