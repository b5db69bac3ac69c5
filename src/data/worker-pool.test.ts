import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError, DetrsError, FileError, ImageError } from '../tensor/index.js'
import { createWorkerPool, errorOfFault, faultOfError } from './worker-pool.node.js'

/** A worker that does what its requests say. */
const SCRIPT = `
import { parentPort } from 'node:worker_threads'
let running = 0
let most = 0
parentPort.on('message', async ({ id, request }) => {
  running++
  most = Math.max(most, running)
  await new Promise((resolve) => setTimeout(resolve, request.delay ?? 0))
  running--
  if (request.do === 'exit') process.exit(7)
  if (request.do === 'throw') { parentPort.close(); throw new Error('struck by lightning') }
  if (request.do === 'fault') {
    return parentPort.postMessage({ id, fault: { code: 'FILE', path: 'a.jpg', message: 'a.jpg: a sentence.', stack: 'x' } })
  }
  parentPort.postMessage({ id, result: { value: request.value, most } })
})
`

interface Request {
  readonly do?: 'exit' | 'throw' | 'fault'
  readonly delay?: number
  readonly value?: number
}

interface Result {
  readonly value: number
  readonly most: number
}

function pool(size: number, script: string = SCRIPT): ReturnType<typeof createWorkerPool<Request, Result>> {
  return createWorkerPool<Request, Result>(new URL(`data:text/javascript,${encodeURIComponent(script)}`), size)
}

test('requests are answered, each with its own result, and no worker holds more than two', async () => {
  const workers = pool(2)
  const results = await Promise.all(
    Array.from({ length: 30 }, (_, value) => workers.run({ value, delay: (value * 7) % 5 }, `${value}`)),
  )
  assert.deepEqual(
    results.map(({ value }) => value),
    Array.from({ length: 30 }, (_, value) => value),
  )
  assert.ok(results.every(({ most }) => most <= 2))
  await workers.close()
})

test('a worker that exits or throws fails its own requests and is replaced', async () => {
  const workers = pool(1)
  assert.equal((await workers.run({ value: 1 }, 'a')).value, 1)
  const lost = workers.run({ do: 'exit', delay: 5 }, 'b.jpg')
  const neighbour = workers.run({ value: 2, delay: 5000 }, 'c.jpg')
  const later = workers.run({ value: 3 }, 'd.jpg')
  const stopped = (name: string) => (error: unknown) => {
    assert.ok(error instanceof ImageError)
    assert.equal(
      error.message,
      `${name}: expected the image worker to answer, got a worker thread that stopped (exit code 7).`,
    )
    return true
  }
  await Promise.all([
    assert.rejects(lost, stopped('b.jpg')),
    assert.rejects(neighbour, stopped('c.jpg')),
    later.then(({ value }) => assert.equal(value, 3)),
  ])
  await assert.rejects(workers.run({ do: 'throw' }, 'e.jpg'), /e\.jpg: .*struck by lightning/)
  assert.equal((await workers.run({ value: 4 }, 'f')).value, 4)
  await workers.close()
})

test('a script that cannot start fails every request and hangs none', async () => {
  const workers = pool(2, 'import "./no-such-module.js"')
  const outcomes = await Promise.allSettled(Array.from({ length: 9 }, (_, value) => workers.run({ value }, 'x')))
  assert.ok(outcomes.every(({ status }) => status === 'rejected'))
  await workers.close()
})

test('a fault arrives as an error of its class, with its own sentence', async () => {
  const workers = pool(1)
  await assert.rejects(workers.run({ do: 'fault' }, 'a.jpg'), (error: unknown) => {
    assert.ok(error instanceof FileError)
    assert.equal(error.message, 'a.jpg: a sentence.')
    assert.equal(error.path, 'a.jpg')
    return true
  })
  await workers.close()
  for (const Class of [FileError, ImageError, ConfigError]) {
    const sent = new Class({ where: 'a', expected: 'b', got: 'c', next: 'Do d.' })
    const error = errorOfFault(structuredClone(faultOfError(sent)))
    assert.ok(error instanceof Class && error instanceof DetrsError)
    assert.deepEqual([error.message, error.code, error.path, error.name], [sent.message, sent.code, 'a', sent.name])
  }
  const other = errorOfFault(structuredClone(faultOfError(new RangeError('too far'))))
  assert.equal(other.message, 'too far')
})

test('closing lets running requests finish, fails waiting and later ones, and may happen at any time', async () => {
  const workers = pool(1)
  const running = [workers.run({ value: 1, delay: 30 }, 'a'), workers.run({ value: 2, delay: 30 }, 'b')]
  const waiting = workers.run({ value: 3 }, 'c.jpg')
  const closed = assert.rejects(waiting, /c\.jpg: expected an open worker pool, got a closed one/)
  const again = workers.close()
  await Promise.all([workers.close(), again])
  await closed
  assert.deepEqual(
    (await Promise.all(running)).map(({ value }) => value),
    [1, 2],
  )
  await assert.rejects(workers.run({}, 'd.jpg'), /d\.jpg: expected an open worker pool/)
  await workers.close()
  for (let i = 0; i < 5; i++) await pool(2).close()
})
