import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'

interface Outcome {
  readonly code: number | null
  readonly signal: string | null
  readonly output: string
}

/** Preamble of the child processes: an engine, and a session whose run takes about `count` × 2 ms. */
const PREAMBLE = `
  import { Worker, isMainThread, parentPort } from 'node:worker_threads'
  import { createFfiRuntime } from '${new URL('./ort.ffi.node.js', import.meta.url)}'
  import { longRun, longRunFeeds, isAllOnes } from '${new URL('./long-run.test.fixture.js', import.meta.url)}'
  const start = async (count) => {
    const runtime = await createFfiRuntime({ threads: 2 })
    const session = await runtime.createSession(longRun(count))
    return { session, run: () => session.run(longRunFeeds()) }
  }
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
`

/** Runs a module in a child process. A crash shows as a signal or another exit code. */
function child(code: string, env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const file = `data:text/javascript,${encodeURIComponent(PREAMBLE + code)}`
    const process_ = spawn(
      process.execPath,
      ['--expose-gc', '--input-type=module', '-e', `await import(${JSON.stringify(file)})`],
      {
        env: { ...process.env, ...env },
        timeout: 60_000,
      },
    )
    let output = ''
    process_.stdout.on('data', (chunk) => {
      output += chunk
    })
    process_.stderr.on('data', (chunk) => {
      output += chunk
    })
    process_.on('close', (exitCode, signal) => resolve({ code: exitCode, signal, output }))
  })
}

async function passes(code: string, env: Readonly<Record<string, string>> = {}): Promise<void> {
  const { code: exitCode, signal, output } = await child(code, env)
  assert.deepEqual({ exitCode, signal }, { exitCode: 0, signal: null }, output)
  assert.match(output, /all well/)
}

// A run of 20,000 products would take a minute: these also show that the end of the process does not wait for it.
it('exits in the middle of a run with the code that was asked for', async () => {
  const { code, signal, output } = await child(`
    const { run } = await start(20000)
    run()
    await pause(200)
    process.exit(7)
  `)
  assert.deepEqual({ code, signal }, { code: 7, signal: null }, output)
})

it('exits in the middle of session creation', async () => {
  const { code, signal, output } = await child(`
    const runtime = await createFfiRuntime({ threads: 2 })
    runtime.createSession(longRun(20000))
    await pause(20)
    process.exit(6)
  `)
  assert.deepEqual({ code, signal }, { code: 6, signal: null }, output)
})

it('ends with code 1 on an uncaught exception in the middle of a run', async () => {
  const { code, signal, output } = await child(`
    const { run } = await start(20000)
    run()
    setTimeout(() => { throw new Error('nobody caught this') }, 200)
  `)
  assert.deepEqual({ code, signal }, { code: 1, signal: null }, output)
  assert.match(output, /nobody caught this/)
})

it('ends by itself once runs and sessions are done', async () => {
  await passes(`
    const { session, run } = await start(100)
    const running = run()
    await pause(5)
    const disposal = session.dispose()
    if (!isAllOnes(await running)) process.exit(3)
    await disposal
    console.log('all well')
  `)
})

/** A worker that runs once and reports, then does what its name says. */
const WORKER = `
  const workerUrl = new URL('data:text/javascript,' + encodeURIComponent(PREAMBLE_TEXT + \`
    const { session, run } = await start(100)
    parentPort.postMessage(isAllOnes(await run()))
    MODE
  \`))
`

function withWorker(mode: string, code: string): string {
  const definition = WORKER.replace('PREAMBLE_TEXT', () => JSON.stringify(PREAMBLE)).replace('MODE', () => mode)
  return `${definition}
    const once = (worker, event) => new Promise((resolve) => worker.once(event, resolve))
    const check = (right) => { if (!right) { console.log('wrong values'); process.exit(3) } }
    ${code}
  `
}

it('outlives workers that were the only ones to load the engine', async () => {
  await passes(
    withWorker(
      'await session.dispose()',
      `
      for (let i = 0; i < 3; i++) {
        const worker = new Worker(workerUrl)
        check(await once(worker, 'message'))
        await once(worker, 'exit')
        globalThis.gc()
        await pause(50)
      }
      console.log('all well')
    `,
    ),
  )
})

it('outlives workers that are terminated, or exit, in the middle of a run', async () => {
  for (const mode of ['run(); run(); parentPort.postMessage(true)', 'run(); setTimeout(() => process.exit(5), 20)']) {
    await passes(
      withWorker(
        mode,
        `
        const { run } = await start(50)
        for (let i = 0; i < 3; i++) {
          const worker = new Worker(workerUrl)
          check(await once(worker, 'message'))
          await pause(20)
          check(await Promise.all([run(), worker.terminate()]).then(([result]) => isAllOnes(result)))
          globalThis.gc()
        }
        check(isAllOnes(await run()))
        console.log('all well')
      `,
      ),
    )
  }
})

it('serves the main thread and several workers at once', async () => {
  await passes(
    withWorker(
      'for (let i = 0; i < 5; i++) if (!isAllOnes(await run())) throw new Error("wrong"); await session.dispose()',
      `
      const workers = Array.from({ length: 3 }, () => new Worker(workerUrl))
      const { run } = await start(50)
      const own = (async () => { for (let i = 0; i < 10; i++) check(isAllOnes(await run())) })()
      const codes = await Promise.all(workers.map((worker) => once(worker, 'exit')))
      await own
      check(codes.every((code) => code === 0))
      console.log('all well')
    `,
    ),
  )
})

it('shares a process with onnxruntime-node', async () => {
  await passes(`
    const { createOnnxruntimeNodeRuntime } = await import('${new URL('./ort.onnxruntime-node.node.js', import.meta.url)}')
    const { run } = await start(20)
    const other = await createOnnxruntimeNodeRuntime({ threads: 2 })
    const session = await other.createSession(longRun(20))
    const results = await Promise.all([run(), session.run(longRunFeeds()), run()])
    if (!results.every(isAllOnes)) process.exit(3)
    await session.dispose()
    console.log('all well')
  `)
})

it('falls back to what is installed, and says what is not', async () => {
  await passes(`
    const { register } = await import('node:module')
    const hide = (names) => register('data:text/javascript,' + encodeURIComponent(
      'export const resolve = (name, context, next) => { if (' + JSON.stringify(names) +
      '.includes(name)) throw new Error("Cannot find package " + name); return next(name, context) }'))
    const { createNodeRuntime } = await import('${new URL('./create-runtime.node.js', import.meta.url)}')
    const expect = (right, what) => { if (!right) { console.log(what); process.exit(3) } }
    hide(['koffi'])
    const first = await createNodeRuntime()
    expect(first.runtime.name === 'node' && /npm install koffi/.test(first.fallbackReason), first)
    hide(['koffi', 'onnxruntime-node'])
    const second = await createNodeRuntime({ threads: 1 })
    expect(second.runtime.name === 'web' && /npm install onnxruntime-node/.test(second.fallbackReason), second)
    const session = await second.runtime.createSession(longRun(1))
    expect(isAllOnes(await session.run(longRunFeeds())), 'values')
    hide(['onnxruntime-web'])
    const none = await createNodeRuntime({ engine: 'web' }).catch((error) => error)
    expect(none.code === 'CONFIG' && /npm install onnxruntime-web/.test(none.message), none)
    console.log('all well')
  `)
})

it('falls back where another library was opened with koffi before, whose stack setting can then not be changed', async () => {
  await passes(`
    const koffi = (await import('${import.meta.resolve('koffi')}')).default
    koffi.load(process.platform === 'win32' ? 'kernel32.dll' : null)
    const { createNodeRuntime } = await import('${new URL('./create-runtime.node.js', import.meta.url)}')
    const { runtime, fallbackReason } = await createNodeRuntime()
    console.log(runtime.name, fallbackReason)
    if (runtime.name !== 'node' || !/stack/.test(fallbackReason)) process.exit(3)
    console.log('all well')
  `)
})

it('keeps ONNX Runtime from sending telemetry, in workers too', { skip: process.platform !== 'linux' }, async () => {
  const home = mkdtempSync(join(tmpdir(), 'detrs-'))
  try {
    // These would keep it quiet by themselves.
    const env = {
      HOME: home,
      XDG_CACHE_HOME: join(home, 'cache'),
      CI: '',
      GITHUB_ACTIONS: '',
      ORT_DISABLE_TELEMETRY: '',
    }
    await passes(
      withWorker(
        'await pause(300)',
        `const worker = new Worker(workerUrl); await once(worker, 'exit'); console.log('all well')`,
      ),
      env,
    )
    assert.deepEqual(readdirSync(home), [])
  } finally {
    rmSync(home, { recursive: true })
  }
})
