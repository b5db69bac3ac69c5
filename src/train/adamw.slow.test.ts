import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { engine } from '../../test/support/engine.js'
import { randomOf } from '../../test/support/random.js'
import { encodeModel } from '../onnx/index.js'
import type { Runtime, Session } from '../runtime/index.js'
import type { TensorData } from '../tensor/index.js'
import { AdamW, type ParameterGroup, updateGraph } from './adamw.js'
import { chunksOf, layOutSlab, Slab, scalar, vector } from './slab.js'

/** The engine with another number of threads per session. */
function withThreads(runtime: Runtime, threads: number): Runtime {
  return { ...runtime, createSession: (model, options) => runtime.createSession(model, { ...options, threads }) }
}

describe('updating in place changes no bit', () => {
  const STEPS = 100
  // Several chunks, the last one short; a second group that starts in the middle of a chunk.
  const wide = layOutSlab([
    { key: 'a', shape: [700_001], group: 0 },
    { key: 'b', shape: [37, 11], group: 1 },
  ])
  const groups: readonly ParameterGroup[] = [
    { learningRate: 1e-3, weightDecay: 1e-2 },
    { learningRate: 1e-2, weightDecay: 0 },
  ]

  function randomSlab(seed: number, size: number): Slab {
    const random = randomOf(seed)
    const slab = new Slab(wide)
    for (const { data } of slab.views.values()) {
      for (let i = 0; i < data.length; i++) data[i] = (random.int(-1_000_000, 1_000_000) / 1_000_000) * size
    }
    return slab
  }

  /** The same steps with outputs that the engine allocates, copied back afterwards. */
  async function applyCopying(update: Session, step: number, w: Slab, m: Slab, v: Slab, g: Slab): Promise<void> {
    for (const [index, { start, end }] of wide.groups.entries()) {
      const { learningRate, weightDecay } = groups[index]!
      const settings = {
        scale: scalar(0.5),
        keep: scalar(1 - learningRate * weightDecay),
        step_size: scalar(learningRate / (1 - 0.9 ** step)),
        root_correction: scalar(Math.sqrt(1 - 0.999 ** step)),
      }
      for (const [from, to] of chunksOf(start, end)) {
        const feeds = Object.fromEntries(
          Object.entries({ w, m, v, g }).map(([name, slab]) => [name, vector(slab, from, to)]),
        )
        const next = await update.run({ ...feeds, ...settings })
        const keep = (slab: Slab, data: TensorData | undefined): void => slab.data.set(data!.data as Float32Array, from)
        keep(w, next['w_next'])
        keep(m, next['m_next'])
        keep(v, next['v_next'])
      }
    }
  }

  test(`${STEPS} steps, on one and on two threads`, async () => {
    const results: Buffer[] = []
    for (const threads of [1, 2]) {
      const runtime = withThreads(await engine(), threads)
      const optimizer = await AdamW.create(runtime, wide)
      const options = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
      const update = await runtime.createSession(encodeModel(updateGraph(options)).bytes)
      const [inPlace, copied] = [randomSlab(1, 1), randomSlab(1, 1)]
      const [m, v] = [new Slab(wide), new Slab(wide)]
      const gradients = randomSlab(2, 0.1)
      for (let step = 1; step <= STEPS; step++) {
        // Other gradients in every step, without making 700,000 of them.
        gradients.data[(step * 7919) % 700_000] = step / 50 - 1
        await optimizer.apply(inPlace, gradients, groups, 0.5)
        await applyCopying(update, step, copied, m, v, gradients)
      }
      for (const slab of [inPlace, optimizer.firstMoment, optimizer.secondMoment, copied, m, v]) {
        results.push(Buffer.from(slab.data.buffer, slab.data.byteOffset, slab.data.byteLength))
      }
      await Promise.all([optimizer.dispose(), update.dispose()])
    }
    results.forEach((bytes, i) => {
      assert.ok(bytes.equals(results[i % 3]!), `result ${i}`)
    })
    assert.ok(!results[0]!.equals(Buffer.from(randomSlab(1, 1).data.buffer)))
  })
})
