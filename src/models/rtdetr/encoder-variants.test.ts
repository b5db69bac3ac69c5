import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { engine } from '../../../test/support/engine.js'
import { Graph } from '../../graph/index.js'
import { countParameters, defineModule, initialWeights, parametersOf } from '../../nn/index.js'
import { encodeModel } from '../../onnx/index.js'
import { fromNumbers, sizeOfShape, toNumbers } from '../../tensor/index.js'
import { encoderVariants, VariantEncoder } from './encoder-variants.js'
import { RtDetr, rtdetrR50 } from './rtdetr.js'

type Name = keyof typeof encoderVariants
const names = Object.keys(encoderVariants) as Name[]

describe('the encoders of Table 3', () => {
  // Millions, arXiv:2304.08069, Table 3.
  const published: Readonly<Record<Name, number>> = { A: 31, B: 32, C: 32, D: 35, D_S5: 35 }
  for (const name of names) {
    test(`${name} has the published number of parameters within a million`, () => {
      const network = new RtDetr({ ...rtdetrR50, encoder: encoderVariants[name] })
      const counted = parametersOf(network).filter(({ key }) => !/running_(mean|var)$/.test(key))
      const millions = counted.reduce((sum, { shape }) => sum + sizeOfShape(shape), 0) / 1e6
      assert.ok(Math.abs(millions - published[name]) < 1, String(millions))
    })
  }

  test('D_S5 differs from D in arithmetic alone', () => {
    const [d, s5] = (['D', 'D_S5'] as const).map((name) =>
      countParameters(new VariantEncoder([8, 16, 32], encoderVariants[name])),
    )
    assert.equal(d, s5)
  })

  // What changes when one pixel of the coarsest level does, level by level from fine to coarse.
  const reach: Readonly<Record<Name, readonly ('nothing' | 'one' | 'more')[]>> = {
    A: ['nothing', 'nothing', 'one'],
    B: ['nothing', 'nothing', 'more'],
    C: ['more', 'more', 'more'],
    D: ['more', 'more', 'more'],
    D_S5: ['more', 'more', 'more'],
  }
  for (const name of names) {
    test(`${name}: what a pixel of the coarsest level reaches`, async () => {
      const config = { ...encoderVariants[name], hiddenDim: 16, heads: 2, feedforwardDim: 32 }
      const encoder = defineModule(new VariantEncoder([3, 4, 5], config))
      const graph = new Graph(name)
      const sizes = [8, 4, 2]
      const inputs = sizes.map((size, i) => graph.input(`x${i}`, 'float32', [1, 3 + i, size, size]))
      encoder.forward(inputs).forEach((level, i) => {
        assert.deepEqual(level.shape, [1, 16, sizes[i], sizes[i]])
        graph.output(`y${i}`, level)
      })
      const weights = initialWeights(encoder, 1)
      const session = await (await engine()).createSession(encodeModel(graph, { weights }).bytes)
      const run = (changed: number) =>
        session.run(
          Object.fromEntries(
            sizes.map((size, i) => {
              const values = Array.from({ length: (3 + i) * size * size }, (_, k) => Math.sin(k + i))
              if (i === 2) values[0]! += changed
              return [`x${i}`, fromNumbers('float32', [1, 3 + i, size, size], values)]
            }),
          ),
        )
      const [before, after] = [await run(0), await run(1)]
      await session.dispose()
      const found = sizes.map((size, i) => {
        const [a, b] = [before, after].map((results) => toNumbers(results[`y${i}`]!)) as [number[], number[]]
        const places = new Set(a.flatMap((value, k) => (Math.abs(value - b[k]!) > 1e-6 ? [k % (size * size)] : [])))
        return places.size === 0 ? 'nothing' : places.size === 1 ? 'one' : 'more'
      })
      assert.deepEqual(found, reach[name])
    })
  }
})
