import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { trainingFamilies, withShorterSide } from './families.js'
import { chooseSettings, type RecipeFacts, scheduleOf } from './recipe.js'

/** 250 photos of blood cells. */
const cells: RecipeFacts = {
  trainImages: 250,
  pretrained: false,
  resize: { kind: 'stretch', height: 256, width: 320 },
  queries: 100,
  wholeImages: false,
  mostObjects: 30,
  imageAspect: 4 / 3,
  smallestObject: 0.078,
}
const { rtdetr, detr } = trainingFamilies

describe('settings follow from the data', () => {
  test('size and queries of RT-DETR: proportions of the photos, pixels of small objects, most objects', () => {
    const chosen = (facts: Partial<RecipeFacts>) => chooseSettings(rtdetr.recipe, { ...cells, ...facts }).settings
    assert.deepEqual(chosen({}).resize, { kind: 'stretch', height: 256, width: 320 })
    assert.deepEqual(chosen({ imageAspect: 3 / 4 }).resize, { kind: 'stretch', height: 320, width: 256 })
    // Objects of a fortieth of the photo are given twelve pixels.
    assert.deepEqual(chosen({ imageAspect: 1, smallestObject: 1 / 40 }).resize, {
      kind: 'stretch',
      height: 480,
      width: 480,
    })
    assert.deepEqual(chosen({ imageAspect: 1, smallestObject: 1e-6 }).resize, {
      kind: 'stretch',
      height: 640,
      width: 640,
    })
    assert.deepEqual(
      [30, 50, 56, 115, 900].map((mostObjects) => chosen({ mostObjects }).queries),
      [100, 100, 300, 300, 300],
    )
    assert.equal(chosen({ queries: 200, mostObjects: 56 }).queries, 200)
  })

  test('no more queries than the input that was asked for has places, and it is told', () => {
    const asked = { kind: 'stretch', height: 96, width: 96 } as const
    const { settings, reasons } = chooseSettings(
      rtdetr.recipe,
      { ...cells, askedResize: asked, mostObjects: 60 },
      { resize: asked },
    )
    assert.equal(settings.queries, 12 * 12 + 6 * 6 + 3 * 3)
    assert.ok(reasons.includes('189 queries: as many places as such an input has'), reasons.join('\n'))
    const crowded = chooseSettings(rtdetr.recipe, { ...cells, mostObjects: 400 }).reasons
    assert.ok(crowded.includes('300 queries: the most that are chosen, fewer than the 400 objects of some photo'))
  })

  test('a shorter side that is asked for keeps the proportions', () => {
    const stretched = { kind: 'stretch', height: 256, width: 320 } as const
    assert.deepEqual(withShorterSide(stretched, 90 / 200, 96), { kind: 'stretch', height: 224, width: 96 })
    assert.deepEqual(withShorterSide(stretched, 4 / 3, 95), { kind: 'stretch', height: 96, width: 128 })
    const padded = { kind: 'pad', shortest: 800, longest: 1333 } as const
    assert.deepEqual(withShorterSide(padded, 2, 400), { kind: 'pad', shortest: 400, longest: 667 })
  })

  test('the length of a run from nothing follows the photos: forty looks at each, between 3,000 and 12,000 steps', () => {
    const epochs = (trainImages: number) => chooseSettings(rtdetr.recipe, { ...cells, trainImages }).settings.epochs
    assert.deepEqual([250, 400, 800, 1200, 4000, 100_000].map(epochs), [49, 40, 40, 40, 12, 1])
  })

  test('weights that were trained before keep their input and queries, and get the papers’ rates', () => {
    const pretrained = {
      ...cells,
      pretrained: true,
      queries: 300,
      resize: { kind: 'stretch', height: 640, width: 640 },
    } as const
    const { settings } = chooseSettings(rtdetr.recipe, pretrained)
    assert.deepEqual([settings.resize, settings.queries], [pretrained.resize, 300])
    assert.deepEqual([settings.learningRate, settings.backboneLearningRate], [1e-4, 1e-5])
    assert.deepEqual(chooseSettings(detr.recipe, pretrained).settings.freeze, ['backbone.conv1.', 'backbone.layer1.'])
    assert.deepEqual(chooseSettings(detr.recipe, cells).settings.freeze, [])
  })

  test('what is asked for holds, and is said to be asked for', () => {
    const { settings, reasons } = chooseSettings(rtdetr.recipe, cells, {
      epochs: 3,
      batchSize: 2,
      accumulate: 4,
      queries: 50,
      flip: false,
      freeze: ['backbone.'],
    })
    assert.deepEqual([settings.epochs, settings.batchSize, settings.accumulate, settings.queries], [3, 2, 4, 50])
    assert.ok(reasons.includes('batch 2 × 4: 250 training photos'), reasons.join('\n'))
    assert.ok(reasons.includes('3 epochs of 31 steps, as asked for'))
    for (const asked of ['50 queries', 'photos are not mirrored', 'backbone. stay as they are']) {
      assert.ok(reasons.includes(`${asked}: as asked for`), reasons.join('\n'))
    }
    assert.ok(!reasons.some((reason) => reason.includes('at most 30 objects')))
  })

  test('the moving average looks back over a share of the run, whatever its length', () => {
    for (const epochs of [10, 100]) {
      const { settings } = chooseSettings(rtdetr.recipe, cells, { epochs })
      assert.ok(Math.abs(1 / (1 - settings.emaDecay) - (epochs * 62) / 20) < 0.1)
    }
  })
})

test('the learning rate rises, stays, and falls: at once for DETR, along a cosine for RT-DETR', () => {
  const of = (family: typeof detr) => {
    const { settings } = chooseSettings(family.recipe, cells, { epochs: 100, warmUpSteps: 10 })
    const factor = scheduleOf(settings, 1000)
    return [0, 9, 500, 799, 801, 999].map((step) => Number(factor(step).toFixed(2)))
  }
  assert.deepEqual(of(detr), [0.1, 1, 1, 1, 0.1, 0.1])
  assert.deepEqual(of(rtdetr), [0.1, 1, 1, 0.51, 0.51, 0.02])
})

test('photos are mirrored and cut unless that is ruled out, and left plain at the end', () => {
  const kinds = (family: typeof detr, overrides: object, plain = false): string[] => {
    const { settings } = chooseSettings(family.recipe, cells, overrides)
    return family.augmentation(settings, plain).map(({ kind }) => kind)
  }
  assert.deepEqual(kinds(rtdetr, {}), [
    'photometric',
    'zoom-out',
    'either',
    'drop-small',
    'horizontal-flip',
    'stretch',
    'drop-small',
  ])
  assert.deepEqual(kinds(rtdetr, { flip: false, crop: false }), ['photometric', 'drop-small', 'stretch', 'drop-small'])
  assert.deepEqual(kinds(rtdetr, {}, true), ['horizontal-flip', 'stretch'])
  const undecided = { flip: undefined, seed: undefined, batchSize: undefined, epochs: undefined }
  assert.deepEqual(chooseSettings(rtdetr.recipe, cells, undecided), chooseSettings(rtdetr.recipe, cells))
  const { settings, reasons } = chooseSettings(rtdetr.recipe, { ...cells, wholeImages: true })
  assert.deepEqual([settings.flip, settings.crop], [false, false])
  assert.ok(reasons.includes('photos are neither mirrored nor cut: the model looks at whole ones'))
})
