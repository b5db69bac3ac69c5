/** @file Tests only: what every engine must do, as one suite. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  ConfigError,
  createArray,
  type DType,
  DtypeError,
  fromNumbers,
  isBigInt,
  RuntimeError,
  ShapeError,
  type TensorData,
  tensorData,
  toNumbers,
  zeros,
} from '../tensor/index.js'
import type { Runtime, Session, SessionOptions } from './session.js'
import { type Port, type TinyModel, tinyOnnx } from './tiny-onnx.test.fixture.js'

/** The sum of two vectors of any, but equal, length. */
export const ADD: Uint8Array = tinyOnnx({
  inputs: [
    ['a', 'float32', ['n']],
    ['b', 'float32', ['n']],
  ],
  outputs: [['sum', 'float32', ['n']]],
  steps: [['Add', ['a', 'b'], ['sum'], 'decoder.layers.0.add']],
})

/** A float32 vector. */
export function vector(...values: number[]): TensorData<'float32'> {
  return fromNumbers('float32', [values.length], values)
}

/** Registers the suite for one engine; not every engine's messages name the node that failed. */
export function contract(name: string, make: () => Promise<Runtime>, namesNodes = true): void {
  describe(`engine ${name}`, () => {
    it('says what it is', async () => {
      const runtime = await make()
      assert.equal(runtime.name, name)
      assert.match(runtime.version, /^\d+\.\d+\.\d+$/)
      assert.ok(runtime.providers.includes('cpu'))
      assert.ok(Number.isInteger(runtime.threads) && runtime.threads >= 1)
    })
    shapes(make)
    memory(make)
    types(make)
    wrongFeeds(make)
    wrongModels(make, namesNodes)
    lives(make)
  })
}

function shapes(make: () => Promise<Runtime>): void {
  it('describes inputs and outputs', async () => {
    await withSession(make, identity('float32', ['batch', 3, 'w']), {}, async (session) => {
      assert.deepEqual(session.inputs, [{ name: 'x', dtype: 'float32', shape: ['batch', 3, 'w'] }])
      assert.deepEqual(session.outputs, [{ name: 'y', dtype: 'float32', shape: ['batch', 3, 'w'] }])
    })
  })

  it('runs with static and with dynamic output shapes', async () => {
    for (const shape of [
      [2, 3],
      ['h', 'w'],
      ['h', 3],
    ]) {
      await withSession(make, identity('float32', shape), {}, async (session) => {
        const x = fromNumbers('float32', [2, 3], [1, 2, 3, 4, 5, 6])
        const { y } = await session.run({ x })
        assert.deepEqual(y?.shape, [2, 3])
        assert.deepEqual(toNumbers(y!), [1, 2, 3, 4, 5, 6])
        assert.notEqual(y!.data.buffer, x.data.buffer)
      })
    }
  })

  it('returns outputs whose shape depends on the data', async () => {
    const model: TinyModel = {
      inputs: [['x', 'float32', ['n']]],
      outputs: [['indices', 'int64', [1, 'found']]],
      steps: [['NonZero', ['x'], ['indices'], 'nonzero']],
    }
    await withSession(make, model, {}, async (session) => {
      const first = await session.run({ x: vector(0, 5, 0, 7) })
      assert.deepEqual(first['indices']?.shape, [1, 2])
      assert.deepEqual(toNumbers(first['indices']!), [1, 3])
      const none = await session.run({ x: vector(0, 0) })
      assert.deepEqual(none['indices']?.shape, [1, 0])
    })
  })

  it('handles scalars and tensors without elements', async () => {
    await withSession(make, identity('float32', []), {}, async (session) => {
      const { y } = await session.run({ x: fromNumbers('float32', [], [42]) })
      assert.deepEqual(y?.shape, [])
      assert.deepEqual(toNumbers(y!), [42])
    })
    for (const shape of [
      [0, 4],
      ['n', 4],
    ]) {
      await withSession(make, identity('float32', shape), {}, async (session) => {
        const { y } = await session.run({ x: zeros('float32', [0, 4]) })
        assert.deepEqual(y?.shape, [0, 4])
        assert.equal(y!.data.length, 0)
      })
    }
  })

  it('believes the run, not a file that declares another output shape', async () => {
    const model: TinyModel = {
      inputs: [['x', 'float32', ['n']]],
      outputs: [['y', 'float32', [7]]],
      steps: [['Relu', ['x'], ['y'], 'relu']],
    }
    await withSession(make, model, {}, async (session) => {
      const runs = Array.from({ length: 4 }, () => session.run({ x: vector(-1, 2) }))
      for (const { y } of await Promise.all(runs)) assert.deepEqual(toNumbers(y!), [0, 2])
      assert.deepEqual(toNumbers((await session.run({ x: vector(3) }))['y']!), [3])
    })
  })

  it('fixes free dimensions', async () => {
    await withSession(make, identity('float32', ['batch', 2]), { freeDimensions: { batch: 1 } }, async (session) => {
      assert.deepEqual(session.inputs[0]?.shape, [1, 2])
      assert.deepEqual(toNumbers((await session.run({ x: fromNumbers('float32', [1, 2], [3, 4]) }))['y']!), [3, 4])
      await assert.rejects(session.run({ x: zeros('float32', [2, 2]) }), ShapeError)
    })
  })

  it('computes only the outputs that are asked for', async () => {
    const model: TinyModel = {
      inputs: [['x', 'float32', [2]]],
      outputs: [
        ['negative', 'float32', [2]],
        ['absolute', 'float32', [2]],
      ],
      steps: [
        ['Neg', ['x'], ['negative'], 'neg'],
        ['Abs', ['x'], ['absolute'], 'abs'],
      ],
    }
    await withSession(make, model, {}, async (session) => {
      const some = await session.run({ x: vector(1, -2) }, { outputs: ['absolute'] })
      assert.deepEqual(Object.keys(some), ['absolute'])
      assert.deepEqual(toNumbers(some['absolute']!), [1, 2])
      assert.deepEqual(Object.keys(await session.run({ x: vector(1, -2) })), ['negative', 'absolute'])
      await assert.rejects(session.run({ x: vector(1, 2) }, { outputs: ['absolut'] }), /did you mean 'absolute'/)
      await assert.rejects(
        session.run({ x: vector(1, 2) }, { outputs: ['absolute'], into: { negative: vector(0, 0) } }),
        ConfigError,
      )
    })
  })
}

function memory(make: () => Promise<Runtime>): void {
  it('writes outputs in place', async () => {
    await withSession(make, ADD, {}, async (session) => {
      const sum = vector(9, 9, 9)
      const result = await session.run({ a: vector(1, 2, 3), b: vector(10, 20, 30) }, { into: { sum } })
      assert.equal(result['sum'], sum)
      assert.deepEqual(toNumbers(sum), [11, 22, 33])
    })
  })

  it('updates a buffer that is both input and output', async () => {
    await withSession(make, ADD, {}, async (session) => {
      const total = vector(0, 0)
      for (let i = 0; i < 5; i++) await session.run({ a: total, b: vector(1, 2) }, { into: { sum: total } })
      assert.deepEqual(toNumbers(total), [5, 10])
    })
  })

  it('reads and writes SharedArrayBuffers', async () => {
    await withSession(make, ADD, {}, async (session) => {
      const shared = (values: number[]): TensorData<'float32'> => {
        const data = new Float32Array(new SharedArrayBuffer(values.length * 4))
        data.set(values)
        return tensorData('float32', [values.length], data)
      }
      const sum = shared([0, 0])
      await session.run({ a: shared([1, 2]), b: shared([3, 4]) }, { into: { sum } })
      assert.deepEqual(toNumbers(sum), [4, 6])
      const free = await session.run({ a: sum, b: vector(1, 1) })
      assert.deepEqual(toNumbers(free['sum']!), [5, 7])
    })
  })

  it('reads and writes views inside larger buffers, and nothing around them', async () => {
    await withSession(make, ADD, {}, async (session) => {
      const whole = Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8])
      const view = (from: number): TensorData<'float32'> => tensorData('float32', [2], whole.subarray(from, from + 2))
      await session.run({ a: view(1), b: view(3) }, { into: { sum: view(5) } })
      assert.deepEqual([...whole], [1, 2, 3, 4, 5, 6, 8, 8])
    })
  })

  it('takes weights from external data', async () => {
    const model: TinyModel = {
      inputs: [['x', 'float32', [2]]],
      outputs: [['y', 'float32', [2]]],
      steps: [['Add', ['x', 'w'], ['y'], 'add']],
      weights: [{ name: 'w', dims: [2], external: { location: 'weights.bin', offset: 4, length: 8 } }],
    }
    const data = new Uint8Array(Float32Array.from([0, 10, 20]).buffer)
    await withSession(make, model, { externalData: [{ path: 'weights.bin', data }] }, async (session) => {
      data.fill(0)
      assert.deepEqual(toNumbers((await session.run({ x: vector(1, 2) }))['y']!), [11, 22])
    })
    const runtime = await make()
    await assert.rejects(runtime.createSession(tinyOnnx(model)), RuntimeError)
  })

  it('leaves feeds alone and does not confuse runs that overlap', async () => {
    await withSession(make, ADD, {}, async (session) => {
      const runs = Array.from({ length: 40 }, async (_, i) => {
        const a = vector(i, i + 1)
        const { sum } = await session.run({ a, b: vector(100, 200) })
        assert.deepEqual(toNumbers(sum!), [i + 100, i + 201])
        assert.deepEqual(toNumbers(a), [i, i + 1])
      })
      await Promise.all(runs)
    })
  })
}

function types(make: () => Promise<Runtime>): void {
  const cases: readonly (readonly [Port[1] & DType, number[]])[] = [
    ['float32', [0.5, -1]],
    ['float64', [0.1, -1e300]],
    ['int64', [-5, 2 ** 53]],
    ['int32', [-5, 2 ** 31 - 1]],
    ['uint8', [0, 255]],
    ['int8', [-128, 127]],
    ['bool', [1, 0]],
    ['float16', [0x3c00, 0xfbff]],
  ]
  for (const [dtype, values] of cases) {
    it(`carries ${dtype}`, async () => {
      const data = createArray(dtype, 2)
      values.forEach((value, i) => {
        ;(data as { [index: number]: number | bigint })[i] = isBigInt(dtype) ? BigInt(value) : value
      })
      const x = tensorData(dtype, [2], data)
      for (const shape of [[2], ['n']]) {
        await withSession(make, identity(dtype, shape), {}, async (session) => {
          const { y } = await session.run({ x })
          assert.equal(y?.dtype, dtype)
          assert.deepEqual(y?.data, data)
          const into = zeros(dtype, [2])
          await session.run({ x }, { into: { y: into } })
          assert.deepEqual(into.data, data)
        })
      }
    })
  }
}

function wrongFeeds(make: () => Promise<Runtime>): void {
  it('refuses feeds that do not fit, naming the input', async () => {
    await withSession(make, ADD, {}, async (session) => {
      const good = vector(1, 2)
      const cases: readonly (readonly [Record<string, unknown>, new (...args: never[]) => Error, RegExp])[] = [
        [{ a: good }, ShapeError, /^input b: .* got none\. The graph's inputs are a, b\.$/],
        [{ a: good, b: good, c: good }, ShapeError, /^input c: expected one of a, b/],
        [{ a: good, B: good }, ShapeError, /^input b/],
        [{ a: good, b: fromNumbers('float64', [2], [1, 2]) }, DtypeError, /^input b: expected float32, got float64/],
        [
          { a: good, b: { dtype: 'float32', shape: [2], data: new Int32Array(2) } },
          DtypeError,
          /^input b: .*Int32Array/,
        ],
        [{ a: good, b: { dtype: 'float32', shape: [2], data: [1, 2] } }, DtypeError, /^input b: .*Array/],
        [
          { a: good, b: fromNumbers('float32', [1, 2], [1, 2]) },
          ShapeError,
          /^input b: expected shape \[n\], got \[1, 2\]/,
        ],
        [
          { a: good, b: { dtype: 'float32', shape: [3], data: new Float32Array(2) } },
          ShapeError,
          /^input b: .*3 elements/,
        ],
        [{ a: good, b: { dtype: 'float32', shape: [-2], data: new Float32Array(2) } }, ShapeError, /^input b/],
        [{ a: good, b: { dtype: 'float32', shape: [1.5], data: new Float32Array(2) } }, ShapeError, /^input b/],
      ]
      for (const [feeds, kind, message] of cases) {
        await assert.rejects(session.run(feeds as never), (error: Error) => {
          assert.ok(error instanceof kind, `${error.name}: ${error.message}`)
          assert.match(error.message, message)
          return true
        })
      }
      assert.deepEqual(toNumbers((await session.run({ a: good, b: good }))['sum']!), [2, 4])
    })
  })

  it('refuses buffers that were transferred or may shrink', async () => {
    await withSession(make, ADD, {}, async (session) => {
      const gone = vector(1, 2)
      structuredClone(gone.data.buffer, { transfer: [gone.data.buffer as ArrayBuffer] })
      await assert.rejects(session.run({ a: gone, b: vector(1, 2) }), /^ShapeError: input a: .*transferred/)
      const Resizable = ArrayBuffer as unknown as new (bytes: number, options: { maxByteLength: number }) => ArrayBuffer
      const data = new Float32Array(new Resizable(8, { maxByteLength: 64 }), 0, 2)
      await assert.rejects(session.run({ a: { dtype: 'float32', shape: [2], data }, b: vector(1, 2) }), /resizable/)
    })
  })

  it('refuses fixed dimensions and buffers of other shapes', async () => {
    await withSession(make, identity('float32', ['n', 3]), {}, async (session) => {
      await assert.rejects(
        session.run({ x: zeros('float32', [2, 4]) }),
        /input x: expected shape \[n, 3\], got \[2, 4\]/,
      )
      const x = zeros('float32', [2, 3])
      await assert.rejects(session.run({ x }, { into: { y: zeros('float32', [2, 4]) } }), /output y: expected shape/)
      await assert.rejects(session.run({ x }, { into: { y: zeros('int32', [2, 3]) } }), DtypeError)
      await assert.rejects(session.run({ x }, { into: { z: zeros('float32', [2, 3]) } }), ConfigError)
      // Its rank fits the graph, its size not the run.
      await assert.rejects(session.run({ x }, { into: { y: zeros('float32', [5, 3]) } }), RuntimeError)
    })
  })
}

function wrongModels(make: () => Promise<Runtime>, namesNodes: boolean): void {
  it('names the module path of the node that fails', async () => {
    await withSession(make, ADD, {}, async (session) => {
      await assert.rejects(session.run({ a: vector(1, 2), b: vector(1, 2, 3) }), (error: RuntimeError) => {
        assert.ok(error instanceof RuntimeError)
        assert.equal(error.path, namesNodes ? 'decoder.layers.0.add' : 'model')
        assert.doesNotMatch(error.message, /\.(cc|h):\d+/)
        return true
      })
      assert.deepEqual(toNumbers((await session.run({ a: vector(1), b: vector(2) }))['sum']!), [3])
    })
  })

  it('refuses bytes that are no model', async () => {
    const runtime = await make()
    const garbage = Uint8Array.from({ length: 500 }, (_, i) => (i * 73 + 11) & 255)
    for (const bytes of [new Uint8Array(0), garbage, ADD.subarray(0, ADD.length - 25), new Uint8Array(1000)]) {
      await assert.rejects(runtime.createSession(bytes, { label: 'broken.onnx' }), (error: RuntimeError) => {
        assert.ok(error instanceof RuntimeError, String(error))
        assert.equal(error.path, 'broken.onnx')
        return true
      })
    }
    await assert.rejects(runtime.createSession(tinyOnnx(UNKNOWN_OPERATOR)), (error: RuntimeError) => {
      assert.equal(error.path, namesNodes ? 'encoder.mystery' : 'model')
      return error instanceof RuntimeError
    })
  })

  it('refuses options that mean nothing', async () => {
    const runtime = await make()
    await assert.rejects(runtime.createSession(ADD, { providers: ['abacus'] }), /ConfigError: providers: .*'abacus'/)
    await assert.rejects(runtime.createSession(ADD, { threads: 0 }), ConfigError)
    await assert.rejects(runtime.createSession(ADD, { freeDimensions: { n: -1 } }), /freeDimensions\.n/)
    const session = await runtime.createSession(ADD, { providers: ['cpu'], threads: 1, graphOptimization: 'none' })
    assert.deepEqual(toNumbers((await session.run({ a: vector(1), b: vector(2) }))['sum']!), [3])
    await session.dispose()
  })
}

function lives(make: () => Promise<Runtime>): void {
  it('disposes once, after runs in flight, and runs no more', async () => {
    const session = await (await make()).createSession(ADD, { label: 'adder' })
    const runs = Array.from({ length: 8 }, () => session.run({ a: vector(1), b: vector(2) }))
    const disposal = session.dispose()
    for (const { sum } of await Promise.all(runs)) assert.deepEqual(toNumbers(sum!), [3])
    await disposal
    await session.dispose()
    await assert.rejects(session.run({ a: vector(1), b: vector(2) }), /^RuntimeError: adder: .*disposed/)
  })

  it('keeps sessions apart', async () => {
    const runtime = await make()
    const sessions = await Promise.all(Array.from({ length: 4 }, () => runtime.createSession(ADD)))
    await sessions[0]!.dispose()
    for (const session of sessions.slice(1)) {
      assert.deepEqual(toNumbers((await session.run({ a: vector(1), b: vector(2) }))['sum']!), [3])
      await session.dispose()
    }
  })
}

const UNKNOWN_OPERATOR: TinyModel = {
  inputs: [['x', 'float32', [1]]],
  outputs: [['y', 'float32', [1]]],
  steps: [['NoSuchOperator', ['x'], ['y'], 'encoder.mystery']],
}

function identity(dtype: Port[1], shape: Port[2]): TinyModel {
  return {
    inputs: [['x', dtype, shape]],
    outputs: [['y', dtype, shape]],
    steps: [['Identity', ['x'], ['y'], 'identity']],
  }
}

async function withSession(
  make: () => Promise<Runtime>,
  model: TinyModel | Uint8Array,
  options: SessionOptions,
  work: (session: Session) => Promise<void>,
): Promise<void> {
  const runtime = await make()
  const session = await runtime.createSession(model instanceof Uint8Array ? model : tinyOnnx(model), options)
  try {
    await work(session)
  } finally {
    await session.dispose()
  }
}
