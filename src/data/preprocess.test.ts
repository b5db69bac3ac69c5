import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ConfigError, FileError, ImageError } from '../tensor/index.js'
import { encodeImage } from './encode.node.js'
import type { RgbImage } from './image.js'
import { prepareImage } from './prepare.node.js'
import { createPreprocessor, type PreprocessJob } from './preprocess.node.js'

const folder = mkdtempSync(join(tmpdir(), 'detrs-preprocess-'))
const paths: string[] = []
let files: Uint8Array[]

function picture(width: number, height: number): RgbImage {
  return { width, height, data: Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 31) & 255) }
}

before(async () => {
  // Of very different sizes, so that they finish in another order than they start.
  const sizes = [300, 20, 200, 10, 150, 33, 64, 5]
  files = await Promise.all(sizes.map((side) => encodeImage(picture(side * 2, side), 'png')))
  files.forEach((file, i) => {
    paths.push(join(folder, `${i}.png`))
    writeFileSync(paths[i]!, file)
  })
})
after(() => rmSync(folder, { recursive: true, force: true }))

const rule = { kind: 'pad' as const, shortest: 40, longest: 70 }

test('a worker gives what the calling thread would, from paths and from bytes', async () => {
  const preprocessor = createPreprocessor({ workers: 1 })
  for (const way of [rule, { ...rule, shortest: 31 }, { kind: 'stretch' as const, width: 21, height: 34 }]) {
    const expected = await prepareImage(files[0]!, way)
    assert.deepEqual(expected.original, { width: 600, height: 300 })
    assert.deepEqual(await preprocessor.load(paths[0]!, 'photo', way), expected)
    // A view into a larger buffer, which stays as it is.
    const larger = new Uint8Array(files[0]!.length + 10)
    larger.set(files[0]!, 5)
    assert.deepEqual(await preprocessor.load(larger.subarray(5, -5), 'photo', way), expected)
    assert.equal(larger.buffer.byteLength, files[0]!.length + 10)
  }
  await preprocessor.close()
})

test('many images come in the order of the jobs, few are started ahead, and a broken one stops nothing', async () => {
  const preprocessor = createPreprocessor({ workers: 2 })
  let handedOut = 0
  let consumed = 0
  let mostAhead = 0
  async function* jobs(): AsyncGenerator<PreprocessJob & { readonly number: number }> {
    for (let number = 0; number < 24; number++) {
      handedOut++
      mostAhead = Math.max(mostAhead, handedOut - consumed)
      const source = number === 7 ? join(folder, 'missing.png') : number === 9 ? new Uint8Array(3) : paths[number % 8]!
      yield { source, where: `photo ${number}`, rule, number }
    }
  }
  const outcomes = []
  for await (const outcome of preprocessor.loadAll(jobs())) {
    consumed++
    outcomes.push(outcome)
  }
  assert.deepEqual(
    outcomes.map(({ job }) => job.number),
    Array.from({ length: 24 }, (_, i) => i),
  )
  assert.ok(mostAhead <= 5, `${mostAhead} ahead`)
  for (const { job, image, error } of outcomes) {
    if (job.number === 7) assert.ok(error instanceof FileError && /^photo 7: .*no such file/.test(error.message))
    else if (job.number === 9) assert.ok(error instanceof ImageError && error.message.startsWith('photo 9: '))
    else assert.deepEqual(image?.resized, (await prepareImage(job.source as string, rule)).resized)
  }
  await preprocessor.close()
})

test('leaving the loop early leaves nothing behind', async () => {
  const preprocessor = createPreprocessor({ workers: 1 })
  const jobs = Array.from({ length: 100 }, () => ({ source: paths[1]!, where: 'photo', rule }))
  for await (const { image } of preprocessor.loadAll(jobs)) {
    assert.equal(image?.resized.height, 35)
    break
  }
  await preprocessor.close()
})

test('limits and senseless sizes are refused', async () => {
  const preprocessor = createPreprocessor({ workers: 1, maxPixels: 300 })
  await assert.rejects(preprocessor.load(paths[0]!, 'photo', rule), /photo: expected at most 300 pixels/)
  await assert.rejects(
    preprocessor.load(paths[3]!, 'photo', { ...rule, shortest: 0 }),
    (error: unknown) => error instanceof ImageError && /^photo: .*shortest: expected an integer/.test(error.message),
  )
  await assert.rejects(
    preprocessor.load(paths[3]!, 'photo', { kind: 'stretch', width: 1e6, height: 1e6 }),
    (error: unknown) => error instanceof ImageError && /^photo: .*at most 178956970 pixels/.test(error.message),
  )
  await preprocessor.close()
  for (const options of [{ workers: 0 }, { workers: 1.5 }, { maxPixels: -1 }]) {
    assert.throws(() => createPreprocessor(options), ConfigError)
  }
})

/** Runs a script in a process of its own and gives its exit code and output, or fails after ten seconds. */
function run(script: string): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script])
    let output = ''
    child.stdout.on('data', (text) => {
      output += text
    })
    child.stderr.on('data', (text) => {
      output += text
    })
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`the process did not end; it wrote ${output}`))
    }, 10_000)
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve({ code, output })
    })
  })
}

const MODULE = JSON.stringify(new URL('./preprocess.node.js', import.meta.url).href)

test('an idle preprocessor that nobody closed lets the process end, a busy one does not', async () => {
  const script = `
    import { createPreprocessor } from ${MODULE}
    const preprocessor = createPreprocessor({ workers: 2 })
    preprocessor.load(${JSON.stringify(paths[0])}, 'photo', { kind: 'pad', shortest: 40, longest: 70 }).then(() => console.log('loaded'))`
  assert.deepEqual(await run(script), { code: 0, output: 'loaded\n' })
  const idle = `import { createPreprocessor } from ${MODULE}
    createPreprocessor()`
  assert.deepEqual(await run(idle), { code: 0, output: '' })
})
