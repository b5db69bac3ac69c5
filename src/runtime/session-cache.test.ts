import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Session } from './session.js'
import { type CostedSession, SessionCache } from './session-cache.js'

class FakeSession implements Session {
  readonly inputs = []
  readonly outputs = []
  disposed = false
  async run(): Promise<Record<string, never>> {
    assert.equal(this.disposed, false, 'run after dispose')
    return {}
  }
  async dispose(): Promise<void> {
    this.disposed = true
  }
}

/** Sessions by key, as the cache asked for them. */
function maker(): {
  sessions: Map<string, FakeSession>
  make: (key: string, bytes: number) => () => Promise<CostedSession>
} {
  const sessions = new Map<string, FakeSession>()
  return {
    sessions,
    make: (key, bytes) => async () => {
      const session = new FakeSession()
      sessions.set(key, session)
      return { session, bytes }
    },
  }
}

const run = async (session: Session): Promise<void> => void (await session.run({}))

it('creates a session once and keeps it', async () => {
  const { make } = maker()
  const cache = new SessionCache(100)
  let created = 0
  const create = async (): Promise<CostedSession> => {
    created++
    return make('a', 10)()
  }
  await Promise.all([cache.use('a', create, run), cache.use('a', create, run), cache.use('a', create, run)])
  await cache.use('a', create, run)
  assert.equal(created, 1)
  assert.equal(cache.bytes, 10)
})

it('disposes of the least recently used session when the bound is exceeded', async () => {
  const { sessions, make } = maker()
  const cache = new SessionCache(25)
  for (const key of ['a', 'b', 'a', 'c']) await cache.use(key, make(key, 10), run)
  assert.deepEqual(cache.keys, ['a', 'c'])
  assert.equal(cache.bytes, 20)
  assert.deepEqual(
    ['a', 'b', 'c'].map((key) => sessions.get(key)!.disposed),
    [false, true, false],
  )
})

it('never disposes of a session in use, even above the bound', async () => {
  const { sessions, make } = maker()
  const cache = new SessionCache(15)
  await cache.use('a', make('a', 10), async (a) => {
    await cache.use('b', make('b', 10), async (b) => {
      assert.equal(cache.bytes, 20)
      await run(a)
      await run(b)
    })
    assert.deepEqual(cache.keys, ['a'])
    await run(a)
  })
  assert.equal(sessions.get('b')!.disposed, true)
})

it('keeps no session that is larger than the bound once it is idle', async () => {
  const { sessions, make } = maker()
  const cache = new SessionCache(5)
  await cache.use('a', make('a', 10), run)
  assert.deepEqual([cache.keys, cache.bytes, sessions.get('a')!.disposed], [[], 0, true])
})

it('forgets a creation that failed', async () => {
  const { make } = maker()
  const cache = new SessionCache(100)
  const failing = (): Promise<CostedSession> => Promise.reject(new Error('no memory'))
  await assert.rejects(cache.use('a', failing, run), /no memory/)
  assert.deepEqual([cache.keys, cache.bytes], [[], 0])
  await cache.use('a', make('a', 10), run)
  assert.deepEqual(cache.keys, ['a'])
})

it('survives work that fails', async () => {
  const { make } = maker()
  const cache = new SessionCache(100)
  const fail = (): Promise<void> => Promise.reject(new Error('run failed'))
  await assert.rejects(cache.use('a', make('a', 10), fail), /run failed/)
  await cache.clear()
  assert.deepEqual([cache.keys, cache.bytes], [[], 0])
})

it('clears what is idle', async () => {
  const { sessions, make } = maker()
  const cache = new SessionCache(100)
  await cache.use('free', make('free', 0), run)
  await cache.use('held', make('held', 10), async () => {
    await cache.clear()
    assert.deepEqual(cache.keys, ['held'])
  })
  assert.equal(sessions.get('free')!.disposed, true)
  assert.equal(sessions.get('held')!.disposed, false)
})

it('stays within its bound under random use', async () => {
  const { make } = maker()
  const cache = new SessionCache(50)
  let seed = 1
  const random = (below: number): number => {
    seed = (seed * 48271) % 2147483647
    return seed % below
  }
  const uses = Array.from({ length: 400 }, async () => {
    for (let i = 0; i < random(40); i++) await null
    const key = `${random(12)}`
    await cache.use(key, make(key, 5 + Number(key)), async (session) => {
      for (let i = 0; i < random(10); i++) await null
      await run(session)
    })
  })
  await Promise.all(uses)
  assert.ok(cache.bytes <= 50, `${cache.bytes}`)
  assert.equal(
    cache.bytes,
    cache.keys.reduce((sum, key) => sum + 5 + Number(key), 0),
  )
})
