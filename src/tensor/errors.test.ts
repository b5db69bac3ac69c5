/** @file Error sentences and suggestions. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as errors from './errors.js'

const { DetrsError, nearestNames, ShapeError } = errors

test('an error says where, what was expected, what came and what to do next', () => {
  const cause = new Error('below')
  const parts = { where: 'backbone.conv1 (Conv)', expected: 'input with 3 channels', got: '[1, 4, 8, 8]' }
  const short = new ShapeError(parts)
  assert.equal(short.message, 'backbone.conv1 (Conv): expected input with 3 channels, got [1, 4, 8, 8].')
  assert.equal(Object.hasOwn(short, 'cause'), false)
  const long = new ShapeError({ ...parts, next: 'Check the image.', cause })
  assert.equal(
    long.message,
    'backbone.conv1 (Conv): expected input with 3 channels, got [1, 4, 8, 8]. Check the image.',
  )
  assert.deepEqual([long.name, long.code, long.path, long.cause], ['ShapeError', 'SHAPE', parts.where, cause])
  assert.match(String(long.stack), /^ShapeError: backbone/)
})

test('every class has a name and a code of its own and is a DetrsError', () => {
  const classes = Object.values(errors).filter(
    (value): value is typeof ShapeError => typeof value === 'function' && value.prototype instanceof DetrsError,
  )
  assert.ok(classes.length >= 10)
  const made = classes.map((Class) => new Class({ where: 'here', expected: 'a', got: 'b' }))
  for (const [i, error] of made.entries()) {
    assert.ok(error instanceof Error)
    assert.equal(error.name, classes[i]!.name)
    // As in a bundle, where classes have short names.
    const Short = class a extends (classes[i]!) {}
    assert.equal(new Short({ where: 'here', expected: 'a', got: 'b' }).name, classes[i]!.name)
    assert.match(error.code, /^[A-Z]+(_[A-Z]+)*$/)
  }
  assert.equal(new Set(made.map((error) => error.code)).size, made.length)
})

test('the nearest names come first, and far ones are not suggested', () => {
  const models = ['detr-r50', 'detr-r101', 'detr-r50-dc5', 'rtdetr-r50', 'dino-r50']
  assert.deepEqual(nearestNames('detr-r51', models), ['detr-r50', 'detr-r101', 'rtdetr-r50'])
  assert.deepEqual(nearestNames('DETR-R50', models, 1), ['detr-r50'])
  assert.deepEqual(nearestNames('tomato', models), [])
  assert.deepEqual(nearestNames('foo', ['bar', 'far', 'fool']), ['fool'])
  assert.deepEqual(nearestNames('', ['a']), [])
  assert.deepEqual(nearestNames('a', []), [])
})

test('a name of a million letters is compared with nothing', () => {
  assert.deepEqual(nearestNames('x'.repeat(1e6), ['x'.repeat(20)]), [])
})
