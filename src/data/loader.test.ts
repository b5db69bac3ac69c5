import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { png } from '../../test/support/image-files.js'
import { noiseImage } from '../../test/support/noise-image.js'
import { ConfigError, FileError, ImageError } from '../tensor/index.js'
import { encodeImage } from './encode.node.js'
import type { ImageSize } from './image.js'
import {
  createLoader,
  createLoaderOn,
  type LoadableImage,
  type LoadedBatch,
  type Loader,
  type LoaderOptions,
} from './loader.node.js'
import { loadPhoto } from './loader-photo.node.js'
import type { LoaderPosition } from './loader-plan.js'
import { detrAugmentation, horizontalFlip, photometric, resizeShortest, stretch, zoomOut } from './transforms/index.js'
import { createWorkerPool } from './worker-pool.node.js'

const folder = mkdtempSync(join(tmpdir(), 'detrs-loader-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** Sixteen photos: of many sizes, among them one pixel, a grey one, and several without objects. */
const SIZES: readonly ImageSize[] = Array.from({ length: 16 }, (_, i) =>
  i === 5 ? { width: 1, height: 1 } : { width: 20 + ((i * 37) % 61), height: 20 + ((i * 23) % 47) },
)
const images: LoadableImage[] = SIZES.map(({ width, height }, i) => ({
  id: 1000 + i,
  path: join(folder, `${i}.png`),
  width,
  height,
  objects: Array.from({ length: i % 4 }, (_, k) => ({
    label: k,
    box: [k, k, Math.max(k + 1, width - k), Math.max(k + 1, height - k)] as const,
    ...(k === 2 ? { crowd: true } : {}),
  })),
}))

before(async () => {
  for (const [i, { width, height }] of SIZES.entries()) {
    const row = Array.from({ length: width }, (_, x) => (x * 5) & 255)
    const grey = png({ width, height, depth: 8, colourType: 0, rows: Array.from({ length: height }, () => row) })
    writeFileSync(images[i]!.path, i === 6 ? grey : await encodeImage(noiseImage('loader', i, width, height), 'png'))
  }
})

const AUGMENTATION = [
  ...detrAugmentation({ shortest: [40, 48, 56], longest: 90, beforeCrop: [40, 50], crop: [30, 50] }),
  photometric(),
]

const OPTIONS: LoaderOptions = {
  dataset: { images },
  transforms: AUGMENTATION,
  batchSize: 3,
  seed: 9,
  shuffle: true,
  workers: 0,
}

async function collect(loader: Loader, from?: LoaderPosition, untilEpoch?: number): Promise<LoadedBatch[]> {
  const list: LoadedBatch[] = []
  for await (const batch of loader.batches(from, untilEpoch)) list.push(batch)
  await loader.close()
  return list
}

test('transparent pixels show the ground that is named', async () => {
  const path = join(folder, 'transparent.png')
  writeFileSync(path, png({ width: 1, height: 1, depth: 8, colourType: 6, rows: [[0, 0, 0, 0]] }))
  const dataset = { images: [{ id: 1, path, width: 1, height: 1, objects: [] }] }
  for (const [ground, value] of [[undefined, 0] as const, ['white', 255] as const]) {
    const options = { dataset, transforms: [stretch({ sizes: [{ height: 1, width: 1 }] })], batchSize: 1, ground }
    for (const workers of [0, 1]) {
      const [batch] = await collect(createLoader({ ...options, workers }))
      assert.deepEqual([...batch!.images.pixels.data], [value, value, value])
    }
  }
})

test('every photo comes once an epoch, in another order in each, with its targets', async () => {
  const batches = await collect(createLoader(OPTIONS), undefined, 2)
  assert.equal(batches.length, 12)
  const orders = [0, 1].map((epoch) =>
    batches
      .filter(({ position }) => position.epoch === epoch)
      .flatMap(({ photos }) => photos.map(({ index }) => index)),
  )
  for (const order of orders)
    assert.deepEqual(
      order.toSorted((a, b) => a - b),
      [...images.keys()],
    )
  assert.notDeepEqual(orders[0], orders[1])
  assert.notDeepEqual(orders[0], [...images.keys()])
  for (const [i, { position, next, photos, images: pixels }] of batches.entries()) {
    assert.deepEqual(position, { epoch: Math.trunc(i / 6), batch: i % 6 })
    assert.deepEqual(next, { epoch: Math.trunc((i + 1) / 6), batch: (i + 1) % 6 })
    const [count, height, width] = pixels.pixels.shape
    assert.equal(count, photos.length)
    assert.ok(height! % 64 === 0 && width! % 64 === 0)
    for (const [k, { index, id, original, targets }] of photos.entries()) {
      assert.equal(id, 1000 + index)
      assert.deepEqual(original, { height: SIZES[index]!.height, width: SIZES[index]!.width })
      assert.ok(targets.labels.length <= Math.min(index % 4, 2), 'crowds are left out')
      assert.equal(targets.boxes.length, 4 * targets.labels.length)
      assert.ok(targets.boxes.every((value) => value >= 0 && value <= 1))
      const [h, w] = [pixels.sizes.data[2 * k]!, pixels.sizes.data[2 * k + 1]!]
      assert.ok(h <= 90 && w <= 90 && Math.min(h, w) >= 20)
    }
  }
})

test('batches are the same whatever the number of threads, and other ones for another seed or epoch', async () => {
  const expected = await collect(createLoader(OPTIONS), undefined, 2)
  for (const workers of [1, 3]) {
    assert.deepEqual(await collect(createLoader({ ...OPTIONS, workers }), undefined, 2), expected)
  }
  const other = await collect(createLoader({ ...OPTIONS, shuffle: false, seed: 10 }))
  const plain = await collect(createLoader({ ...OPTIONS, shuffle: false }))
  assert.deepEqual(
    other.map(({ photos }) => photos.map(({ index }) => index)),
    plain.map(({ photos }) => photos.map(({ index }) => index)),
  )
  assert.notDeepEqual(other[0]!.images, plain[0]!.images)
  const later = await collect(createLoader({ ...OPTIONS, shuffle: false }), { epoch: 1, batch: 0 })
  assert.notDeepEqual(later[0]!.images, plain[0]!.images)
})

test('decisions are those of the photo, whichever batch it is in', async () => {
  const same = images.map(
    (_, i): LoadableImage => ({ id: i, path: images[8]!.path, objects: [{ label: 0, box: [0, 0, 4, 4] }] }),
  )
  const centres = async (batchSize: number): Promise<Map<number, number>> => {
    const options = { ...OPTIONS, dataset: { images: same }, transforms: [horizontalFlip()], batchSize }
    const photos = (await collect(createLoader(options))).flatMap((batch) => batch.photos)
    return new Map(photos.map(({ index, targets }) => [index, targets.boxes[0]!]))
  }
  const alone = await centres(1)
  assert.equal(new Set(alone.values()).size, 2)
  for (const [index, centre] of await centres(16)) assert.equal(centre, alone.get(index))
})

test('loading goes on in mid-epoch as if it had never stopped, and across epochs', async () => {
  const all = await collect(createLoader(OPTIONS), undefined, 3)
  for (const stop of [0, 5, 9]) {
    const { next } = all[stop]!
    // A position is what a checkpoint holds: plain numbers.
    const from = JSON.parse(JSON.stringify(next)) as LoaderPosition
    assert.deepEqual(
      await collect(createLoader({ ...OPTIONS, workers: stop === 5 ? 2 : 0 }), from, 3),
      all.slice(stop + 1),
    )
  }
  assert.deepEqual(await collect(createLoader(OPTIONS), { epoch: 2, batch: 0 }, 2), [])
})

test('a short last batch is kept or left out, and a part of the data set can be taken', async () => {
  const full = createLoader({ ...OPTIONS, shuffle: false, batchSize: 5, dropLast: true })
  assert.equal(full.batchesPerEpoch, 3)
  const order = async (loader: Loader): Promise<number[][]> =>
    (await collect(loader)).map(({ photos }) => photos.map(({ index }) => index))
  assert.deepEqual(await order(full), [
    [0, 1, 2, 3, 4],
    [5, 6, 7, 8, 9],
    [10, 11, 12, 13, 14],
  ])
  const part = createLoader({ ...OPTIONS, shuffle: false, batchSize: 2, indices: [8, 2, 5] })
  assert.equal(part.batchesPerEpoch, 2)
  assert.deepEqual(await order(part), [[8, 2], [5]])
})

test('without transforms a batch holds the photos themselves; padding is a choice', async () => {
  const loader = createLoader({ ...OPTIONS, transforms: [], shuffle: false, batchSize: 7, padTo: 1, workers: 1 })
  const [batch] = await collect(loader)
  assert.deepEqual(
    [...batch!.images.sizes.data],
    SIZES.slice(0, 7).flatMap(({ height, width }) => [height, width]),
  )
  const [, height, width] = batch!.images.pixels.shape
  assert.deepEqual(
    [height, width],
    [Math.max(...SIZES.slice(0, 7).map((s) => s.height)), Math.max(...SIZES.slice(0, 7).map((s) => s.width))],
  )
  // The grey photo, in three equal channels.
  const from = 6 * height! * width! * 3
  assert.deepEqual([...batch!.images.pixels.data.subarray(from, from + 9)], [0, 0, 0, 5, 5, 5, 10, 10, 10])
  assert.deepEqual(
    [...batch!.photos[3]!.targets.areas],
    [SIZES[3]!.width * SIZES[3]!.height, (SIZES[3]!.width - 2) * (SIZES[3]!.height - 2)],
  )
})

test('transforms may differ between epochs; stretched photos share a size and are not padded, others to multiples of 64', async () => {
  const sizes = [32, 64, 96].map((side) => ({ height: side, width: side }))
  const loader = createLoader({
    ...OPTIONS,
    transforms: (epoch) => (epoch === 0 ? [zoomOut(), stretch({ sizes })] : [resizeShortest({ shortest: [25] })]),
  })
  const shapes = new Set<number>()
  for (const { position, images: pixels } of await collect(loader, undefined, 2)) {
    const [, height, width] = pixels.pixels.shape
    if (position.epoch === 1) {
      assert.ok(pixels.sizes.data.every((side) => side >= 25))
      assert.deepEqual([height! % 64, width! % 64], [0, 0])
    } else {
      assert.ok(pixels.sizes.data.every((side) => side === height && side === width))
      shapes.add(height!)
    }
  }
  assert.ok(shapes.size > 1)
})

test('masks come along where they are asked for', async () => {
  const outlined = images.map((image) => ({
    ...image,
    objects: image.objects.map((object) => ({ ...object, segmentation: [[0, 0, 4, 0, 4, 4]] })),
  }))
  const options = {
    ...OPTIONS,
    dataset: { images: outlined },
    transforms: [horizontalFlip({ probability: 1 })],
    workers: 1,
  }
  const [width] = [SIZES[3]!.width]
  const find = async (masks: boolean): Promise<unknown> =>
    (await collect(createLoader({ ...options, masks, indices: [3] })))[0]!.photos[0]!.targets.masks?.[0]
  assert.deepEqual(await find(true), { polygons: [[width, 0, width - 4, 0, width - 4, 4]] })
  assert.equal(await find(false), undefined)
})

/** The data set with a damaged, a missing and a wrongly labelled photo. */
function damaged(): LoadableImage[] {
  const path = join(folder, 'damaged.png')
  writeFileSync(path, Buffer.from('not a picture'))
  return images.map((image, i) => {
    if (i === 2) return { ...image, path }
    if (i === 7) return { ...image, path: join(folder, 'missing.png') }
    return i === 9 ? { ...image, width: image.height!, height: image.width! } : image
  })
}

test('a photo that cannot be used is an error with its name, or is left out and counted', async () => {
  for (const workers of [0, 2]) {
    const options = { ...OPTIONS, shuffle: false, dataset: { images: damaged() }, workers }
    const failing = createLoader(options)
    const seen: number[] = []
    await assert.rejects(
      async () => {
        for await (const { position } of failing.batches()) seen.push(position.batch)
      },
      (error: unknown) => error instanceof ImageError && /damaged\.png: expected /.test(error.message),
    )
    assert.deepEqual(seen, [])
    await assert.rejects(failing.batches({ epoch: 0, batch: 2 }).next(), (error: unknown) => {
      return (
        error instanceof FileError && /missing\.png: expected a readable file, got no such file/.test(error.message)
      )
    })
    await assert.rejects(
      failing.batches({ epoch: 0, batch: 3 }).next(),
      /9\.png: expected 20×\d+ pixels, as the labels|9\.png: expected \d+×\d+ pixels, as the labels state, got/,
    )
    await failing.close()

    const loader = createLoader({ ...options, unreadable: 'skip' })
    const batches = await collect(loader)
    assert.deepEqual([...loader.skipped.keys()], [2, 7, 9])
    assert.match(loader.skipped.get(7)!, /missing\.png/)
    assert.deepEqual(
      batches.map(({ photos }) => photos.map(({ index }) => index)),
      [[0, 1], [3, 4, 5], [6, 8], [10, 11], [12, 13, 14], [15]],
    )
    // The photos beside them are what they would be without them.
    const whole = await collect(createLoader({ ...OPTIONS, shuffle: false }))
    assert.deepEqual(batches[1], whole[1])
    assert.deepEqual(batches[0]!.photos, whole[0]!.photos.slice(0, 2))
  }
})

test('a batch of which nothing is left is passed over, an epoch of which nothing is left is an error', async () => {
  const broken = {
    ...OPTIONS,
    dataset: { images: damaged() },
    batchSize: 1,
    shuffle: false,
    unreadable: 'skip' as const,
  }
  const some = await collect(createLoader({ ...broken, indices: [2, 3, 7] }), undefined, 2)
  assert.deepEqual(
    some.map(({ position }) => position),
    [
      { epoch: 0, batch: 1 },
      { epoch: 1, batch: 1 },
    ],
  )
  const none = createLoader({ ...broken, indices: [2, 7] })
  await assert.rejects(none.batches().next(), (error: unknown) => {
    return error instanceof ImageError && /none in a whole epoch\. The first: .*damaged\.png/.test(error.message)
  })
})

test('few photos are loaded ahead, and all threads have work while a batch is used', async () => {
  const workers = 2
  let [running, most, started] = [0, 0, 0]
  const loader = createLoaderOn(
    { ...OPTIONS, shuffle: false },
    workers,
    async (request) => {
      started++
      most = Math.max(most, ++running)
      const outcome = await loadPhoto(request)
      running--
      return outcome
    },
    () => Promise.resolve(),
  )
  let used = 0
  for await (const { photos } of loader.batches()) {
    used += photos.length
    assert.ok(started <= used + 3 + 2 * workers, `${started} started, ${used} used`)
    assert.ok(started === 16 || started >= used + 3, `${started} started, ${used} used`)
  }
  assert.equal(started, 16)
  assert.ok(most <= 3 + 2 * workers)
})

test('a thread that dies is an error even where unreadable photos are left out, and hangs nothing', async () => {
  const script = `import { parentPort } from 'node:worker_threads'
    parentPort.on('message', () => process.exit(3))`
  const pool = createWorkerPool<never, never>(new URL(`data:text/javascript,${encodeURIComponent(script)}`), 1)
  const loader = createLoaderOn({ ...OPTIONS, unreadable: 'skip' }, 1, pool.run as never, pool.close)
  await assert.rejects(
    loader.batches().next(),
    /\.png: expected the image worker to answer, got a worker thread that stopped/,
  )
  assert.equal(loader.skipped.size, 0)
  await loader.close()
})

test('a fault that is not the photo’s own is an error as well', async () => {
  const load = (): Promise<never> => Promise.reject(new ConfigError({ where: 'sharp', expected: 'it', got: 'none' }))
  const loader = createLoaderOn({ ...OPTIONS, unreadable: 'skip' }, 1, load, () => Promise.resolve())
  await assert.rejects(loader.batches().next(), ConfigError)
})

test('leaving early and closing at any time end cleanly', async () => {
  const loader = createLoader({ ...OPTIONS, workers: 2 })
  for await (const { position } of loader.batches()) {
    if (position.batch === 1) break
  }
  const again = loader.batches({ epoch: 4, batch: 0 })
  assert.equal((await again.next()).done, false)
  await loader.close()
  await loader.close()
  await assert.rejects(loader.batches().next(), /expected an open worker pool, got a closed one/)
  await createLoader({ ...OPTIONS, workers: 1 }).close()
})

test('senseless options and positions are refused in a sentence', async () => {
  const refused: readonly (readonly [Partial<LoaderOptions>, RegExp])[] = [
    [{ batchSize: 0 }, /createLoader\.batchSize: expected a whole number from 1/],
    [{ seed: -1 }, /createLoader\.seed/],
    [{ seed: 0.5 }, /createLoader\.seed/],
    [{ workers: 257 }, /createLoader\.workers/],
    [{ padTo: 0 }, /createLoader\.padTo/],
    [{ maxPixels: 0 }, /createLoader\.maxPixels/],
    [{ indices: [0, 16] }, /createLoader\.indices\[1\]: expected a whole number from 0 to 15, got 16/],
    [{ indices: [] }, /createLoader\.dataset: expected at least one photo, got 0/],
    [{ dropLast: true, batchSize: 17 }, /at least one batch of 17 photos, got 16/],
    [{ unreadable: 'ignore' as never }, /'fail' or 'skip', got ignore/],
    [{ transforms: [{ kind: 'flip' } as never] }, /createLoader\.transforms\[0\]\.kind/],
  ]
  for (const [change, message] of refused) {
    assert.throws(
      () => createLoader({ ...OPTIONS, ...change }),
      (error: unknown) => error instanceof ConfigError && message.test(error.message),
      `${message}`,
    )
  }
  const loader = createLoader(OPTIONS)
  for (const [from, message] of [
    [{ epoch: 0, batch: 6 }, /batch: expected a number from 0 to 5, got 6\. A saved position fits only/],
    [{ epoch: -1, batch: 0 }, /epoch/],
    [{ epoch: 0, batch: 0.5 }, /batch/],
  ] as const) {
    await assert.rejects(loader.batches(from).next(), (error: unknown) => {
      return error instanceof ConfigError && message.test(error.message)
    })
  }
  const wrong = createLoader({ ...OPTIONS, transforms: () => [{ kind: 'flip' } as never] })
  await assert.rejects(wrong.batches().next(), /transforms\[0\]\.kind/)
})

test('a photo larger than allowed is not decoded, one that would become too large is named', async () => {
  const limited = createLoader({ ...OPTIONS, maxPixels: 10 })
  await assert.rejects(limited.batches().next(), /\.png: expected at most 10 pixels/)
  const sizes = [{ height: 60_000, width: 60_000 }]
  const huge = createLoader({ ...OPTIONS, transforms: [stretch({ sizes })], workers: 1 })
  await assert.rejects(huge.batches().next(), (error: unknown) => {
    return (
      error instanceof ImageError &&
      /\.png: expected a photo that can be augmented.*at most \d+ pixels/.test(error.message)
    )
  })
  await huge.close()
})

test('a loader that nobody closed lets the process end', async () => {
  const script = `
    import { createLoader } from ${JSON.stringify(new URL('./loader.node.js', import.meta.url).href)}
    const loader = createLoader({ dataset: { images: ${JSON.stringify(images)} }, transforms: [], batchSize: 2, workers: 2 })
    for await (const batch of loader.batches()) {
      console.log(batch.photos.length)
      break
    }`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { timeout: 20_000 })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      output += text
    })
  }
  const code = await new Promise((resolve) => child.on('close', resolve))
  assert.deepEqual({ code, output }, { code: 0, output: '2\n' })
})
