/** @file Making a detector by name: options that mean nothing are refused, and what they name is used. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { DEFAULT_DETECTOR } from '../models/index.js'
import { type LoadDetectorOptions, loadDetector } from './load.node.js'

const page = fileURLToPath(new URL('../../../examples/pages/working-paper.jpg', import.meta.url))

async function refused(options: unknown, message: string | RegExp, weights = DEFAULT_DETECTOR): Promise<void> {
  const refusal = { name: 'ConfigError', message }
  await assert.rejects(loadDetector(weights, options as LoadDetectorOptions), refusal)
}

describe('loadDetector', () => {
  test('takes providers, and refuses those that the machine lacks', async () => {
    await using detector = await loadDetector(DEFAULT_DETECTOR, { providers: ['cpu'], workers: 1 })
    const [found] = await detector.detect([page])
    assert.ok(found!.detections.some(({ label }) => label === 'Text'))
    await refused(
      { providers: ['abacus'] },
      /^providers: expected execution providers among cpu.*, got 'abacus'\. For others see detrs doctor\.$/,
    )
    await refused({ providers: 'cpu' }, "providers: expected a list of names, got 'cpu'.")
  })

  test('refuses options that do not exist or mean nothing', async () => {
    await refused({ provider: ['cpu'] }, /^loadDetector: .* got 'provider'\. Did you mean providers\?$/)
    await refused({ treshold: 1 }, /^loadDetector: .* got 'treshold'\./)
    await refused(null, 'loadDetector: expected an object of options, got null.')
    await refused({ engine: 'foo' }, "engine: expected one of ffi, node, web, got 'foo'.")
    await refused({ classNames: 'Text' }, "classNames: expected a list of names, got 'Text'.")
    await refused({ architecture: 3 }, /^architecture: /)
    await refused({ workers: 0 }, /workers: expected an integer/)
    for (const options of [{ workers: undefined, threads: undefined, cache: undefined, engine: undefined }]) {
      await (await loadDetector(DEFAULT_DETECTOR, options)).dispose()
    }
  })

  test('refuses what is no name', async () => {
    const expected = 'the name of a model, such as rtdetr-page, or the path of a weight file'
    await (loadDetector as () => Promise<unknown>)().then(
      () => assert.fail('loaded'),
      (error: Error) => assert.equal(error.message, `weights: expected ${expected}, got undefined.`),
    )
    await refused({}, `weights: expected ${expected}, got ''.`, '')
    await refused({}, `weights: expected ${expected}, got an empty object.`, {} as never)
  })

  test('gives other names to as many classes, and refuses another number: their head was never trained', async () => {
    const head =
      /^classNames: expected as many names as rtdetr-page has classes, got 2\. .*detrs train --weights rtdetr-page/
    await refused({ classNames: ['cat', 'dog'] }, head)
    await refused({ classNames: [] }, /^classNames: /)
    const classNames = Array.from({ length: 11 }, (_, i) => `part ${i}`)
    await using detector = await loadDetector(DEFAULT_DETECTOR, { classNames })
    const [found] = await detector.detect([page])
    assert.ok(found!.detections.length > 0)
    assert.ok(found!.detections.every(({ label }) => classNames.includes(label)))
  })
})
