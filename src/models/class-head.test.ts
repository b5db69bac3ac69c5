import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { initialWeights } from '../nn/index.js'
import type { TensorData } from '../tensor/index.js'
import { findModel, type LoadedModel, withClasses } from './index.js'

const report = { layout: 'training', matched: 0, missing: [], unexpected: [], misshaped: [], left: [] } as const

function loadedModel(name: string, classNames: readonly string[]): LoadedModel {
  const model = findModel(name)
  const network = model.create(classNames.length)
  return { model, network, weights: initialWeights(network, 3), classNames, report, notes: [] }
}

function row(weights: ReadonlyMap<string, TensorData>, key: string, index: number): readonly number[] {
  const { shape, data } = weights.get(key)!
  const size = data.length / shape[0]!
  return Array.from(data.subarray(index * size, (index + 1) * size) as Float32Array)
}

describe('withClasses', () => {
  test('the same classes in the same order change nothing', () => {
    const loaded = loadedModel('rtdetr-small', ['cat', 'dog'])
    assert.equal(withClasses(loaded, ['cat', 'dog'], 'x'), loaded)
  })

  test('another order moves the rows with their names, in every head', () => {
    const loaded = loadedModel('rtdetr-small', ['cat', 'dog', 'cow'])
    const { weights, notes } = withClasses(loaded, ['dog', 'cow', 'cat'], 'x.safetensors')
    for (const key of loaded.model.classHead) {
      for (const [to, from] of [1, 2, 0].entries()) {
        assert.deepEqual(row(weights, key, to), row(loaded.weights, key, from), `${key}, row ${to}`)
      }
    }
    assert.deepEqual(notes, [
      'x.safetensors knows 3 classes, this data set has 3; rows of its class head go with their names',
    ])
    const body = 'backbone.conv1.conv1_1.conv.weight'
    assert.equal(weights.get(body), loaded.weights.get(body))
  })

  test('as many classes with other names begin anew; what stands for no object stays', () => {
    const loaded = loadedModel('detr-r50', ['cat', 'dog'])
    const { weights, notes, network } = withClasses(loaded, ['dog', 'horse'], 'x')
    const [key, head] = ['class_embed.weight', loaded.weights]
    assert.deepEqual(row(weights, key, 0), row(head, key, 1))
    assert.notDeepEqual(row(weights, key, 1), row(head, key, 0))
    assert.notDeepEqual(row(weights, key, 1), row(head, key, 1))
    assert.deepEqual(row(weights, key, 2), row(head, key, 2))
    assert.deepEqual(weights.get(key)!.shape, [3, 256])
    assert.ok(network !== loaded.network)
    assert.deepEqual(notes, ['x knows 2 classes, this data set has 2; anew in its class head: horse'])
  })

  test('many unknown names are told in part', () => {
    const names = Array.from({ length: 9 }, (_, i) => `kind ${i}`)
    const { notes } = withClasses(loadedModel('rtdetr-small', ['cat']), names, 'x')
    assert.match(notes[0]!, /anew in its class head: kind 0, kind 1, kind 2, kind 3, kind 4 and 4 more$/)
  })
})
