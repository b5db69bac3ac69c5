/**
 * @file A whole training step (forward, matching, losses, backward, clipping, AdamW) against PyTorch with the same model, both
 * taking turns in one run. DETR with its stem and first stage frozen; RT-DETR with denoising queries and everything
 * trained, norms included. `npm run bench:step [ROUNDS [detr | rtdetr | a model]]`
 */
import { spawnSync } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { boxesOf } from '../src/boxes/index.js'
import type { Parameter } from '../src/graph/index.js'
import { denoisingSize } from '../src/matching/index.js'
import { type DetectionModel, detrModel, detrR50, findModel, type Network } from '../src/models/index.js'
import { initialWeights, parametersOf } from '../src/nn/index.js'
import { countMacs } from '../src/passes/index.js'
import { createFfiRuntime } from '../src/runtime/index.node.js'
import { trainingFamilies } from '../src/train/families.js'
import { buildJointGraph } from '../src/train/joint-graph.js'
import { layOutSlab } from '../src/train/slab.js'
import { type StepTimes, type TrainingBatch, TrainingStep } from '../src/train/step.js'
import { findPython } from '../test/support/python.js'
import { ruleImageBytes } from '../test/support/rule.js'
import { median, requireIdleMachine } from './idle.js'
import { EagerPyTorch } from './python.js'

interface Case {
  /** As reference/step_speed.py names it. */
  readonly name: string
  readonly model: DetectionModel
  readonly batch: number
  readonly height: number
  readonly width: number
  /** On both sides; 0 unless said. */
  readonly dropout?: number
  /** Parameters that are not trained. */
  readonly frozen?: RegExp
}

/** Seconds to wait for an idle machine when both sides are warm. */
const PATIENCE = 300
const ROUNDS = Number(process.argv[2] ?? 9)
const [WARM_UP, THREADS, OBJECTS] = [2, 2, 7]
const FROZEN = /^backbone\.(conv1|layer1)\./

function detr(depth: 18 | 50, dropout = 0): DetectionModel {
  return detrModel('detr', `DETR, ResNet-${depth}`, { ...detrR50, dropout, backbone: { depth } })
}

const CASES: readonly Case[] = [
  {
    name: 'detr-r50',
    model: detr(50),
    batch: 2,
    height: 480,
    width: 640,
    frozen: FROZEN,
  },
  {
    name: 'detr-r18',
    model: detr(18),
    batch: 8,
    height: 320,
    width: 320,
    frozen: FROZEN,
  },
  {
    name: 'detr-r18',
    model: detr(18, 0.1),
    dropout: 0.1,
    batch: 8,
    height: 320,
    width: 320,
    frozen: FROZEN,
  },
  { name: 'rtdetr-r18', model: findModel('rtdetr-r18'), batch: 2, height: 640, width: 640 },
  { name: 'rtdetr-r50', model: findModel('rtdetr-r50'), batch: 2, height: 640, width: 640 },
  { name: 'rtdetr-small', model: findModel('rtdetr-small'), batch: 4, height: 256, width: 320 },
]

function batchOf({ batch, height, width }: Case): TrainingBatch {
  const images = new Uint8Array(batch * height * width * 3)
  for (let i = 0; i < batch; i++) images.set(ruleImageBytes(i + 1, height, width), i * height * width * 3)
  const boxes = Float32Array.from({ length: 4 * OBJECTS }, (_, i) => 0.2 + ((i * 37) % 40) / 100)
  const labels = Int32Array.from({ length: OBJECTS }, (_, i) => i + 1)
  const sizes = Int32Array.from({ length: 2 * batch }, (_, i) => (i % 2 === 0 ? height : width))
  return {
    images: { dtype: 'uint8', shape: [batch, height, width, 3], data: images },
    sizes: { dtype: 'int32', shape: [batch, 2], data: sizes },
    targets: Array.from({ length: batch }, () => ({ labels, boxes: boxesOf('cxcywh', boxes) })),
  }
}

function trainedOf(network: Network, frozen: RegExp | undefined): Parameter[] {
  return parametersOf(network).filter(({ role, key }) => role === 'weight' && frozen?.test(key) !== true)
}

async function createStep({ model, frozen }: Case): Promise<TrainingStep> {
  const network = model.create()
  const trained = trainedOf(network, frozen)
  return TrainingStep.create({
    runtime: await createFfiRuntime({ threads: THREADS }),
    model,
    network,
    criterion: trainingFamilies[model.family].criterion,
    trained,
    layout: layOutSlab(trained.map(({ key, shape }) => ({ key, shape, group: key.startsWith('backbone.') ? 0 : 1 }))),
    weights: initialWeights(network, 0),
    clipNorm: 0.1,
  })
}

/** Multiply-adds of forward and backward pass, denoising included. */
function stepMacs({ model, batch, height, width, frozen }: Case): number {
  const network = model.create()
  const trained = trainedOf(network, frozen)
  const { criterion } = trainingFamilies[model.family]
  const denoising = denoisingSize([], criterion.denoising)
  return countMacs(buildJointGraph(model, network, criterion, trained, { batch, height, width, denoising }).graph)
}

const python = findPython()
const only = process.argv[3]
const chosen = CASES.flatMap(({ name }, i) =>
  only === undefined || name.startsWith(only) || only === `#${i}` ? [i] : [],
)
// One process per case: the peak of memory is a process's, and the engine keeps what it had.
if (chosen.length > 1) {
  for (const i of chosen) {
    const { status } = spawnSync(process.execPath, [process.argv[1]!, String(ROUNDS), `#${i}`], { stdio: 'inherit' })
    if (status !== 0) process.exit(status ?? 1)
  }
  process.exit(0)
}
for (const i of chosen) {
  const one = CASES[i]!
  const step = await createStep(one)
  const batch = batchOf(one)
  const groups = [1e-5, 1e-4].map((learningRate) => ({ learningRate, weightDecay: 1e-4 }))
  const ours = async (): Promise<{ time: number; milliseconds: StepTimes }> => {
    const start = performance.now()
    const { milliseconds } = await step.run(batch, groups)
    return { time: performance.now() - start, milliseconds }
  }
  const { dropout = 0 } = one
  const words = [
    '--model',
    one.name,
    '--dropout',
    dropout,
    '--height',
    one.height,
    '--width',
    one.width,
    '--batch',
    one.batch,
  ]
  const eager =
    python === undefined
      ? undefined
      : await EagerPyTorch.start(python, [...words, '--objects', OBJECTS].map(String), 'step_speed.py')
  const [mine, theirs]: [number[], number[]] = [[], []]
  const parts: StepTimes[] = []
  let theirPeak = 0
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    if (round === 0) await requireIdleMachine(PATIENCE)
    const { time, milliseconds } = await ours()
    // Idle threads of the side before spin for a while.
    await delay(300)
    const [other, peak] = (await eager?.answer()) ?? []
    await delay(300)
    if (round < 0) continue
    mine.push(time)
    parts.push(milliseconds)
    if (other !== undefined) theirs.push(other)
    theirPeak = peak ?? 0
  }
  eager?.stop()
  const ourPeak = process.resourceUsage().maxRSS / 1024
  console.log(
    `${one.name}, ${one.height}×${one.width}, batch ${one.batch}, ${THREADS} threads, dropout ${dropout}, ${ROUNDS} rounds`,
  )
  const gigaflops = (2 * stepMacs(one)) / 1e9
  console.log(`  detrs          ${median(mine).toFixed(0)} ms, peak ${ourPeak.toFixed(0)} MB`)
  const part = (name: keyof StepTimes): string => `${name} ${median(parts.map((times) => times[name])).toFixed(0)} ms`
  const rate = gigaflops / (median(mine) / 1000)
  console.log(
    `    ${gigaflops.toFixed(0)} GFLOP in convolutions and matrix products, ${rate.toFixed(0)} GFLOP/s over all`,
  )
  console.log(`    ${(['forward', 'matching', 'backward', 'update'] as const).map(part).join(', ')}`)
  if (eager !== undefined) {
    const [speed, memory] = [median(theirs) / median(mine), ourPeak / theirPeak]
    console.log(`  PyTorch eager  ${median(theirs).toFixed(0)} ms, peak ${theirPeak.toFixed(0)} MB`)
    console.log(`  detrs is ${speed.toFixed(2)} times as fast and takes ${memory.toFixed(2)} times the memory`)
  }
  await step.dispose()
}
process.exit(0)
