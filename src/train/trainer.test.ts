/** @file The loop around the step: in which order things are saved, and what a stop in the middle of an epoch costs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RunPosition } from './state.js'
import type { StepResult, TrainingBatch, TrainingStep } from './step.js'
import { type EpochSummary, type TrainerHooks, type TrainingEnd, train } from './trainer.js'

const START: RunPosition = {
  epoch: 0,
  batch: 0,
  step: 0,
  bestMetric: -1,
  evaluationsWithoutGain: 0,
  options: '{}',
}
const BATCHES = 4

/** A step whose loss is a number that no other step has, and awkward to add up. */
function lossOf(epoch: number, batch: number): number {
  return 1 / (3 + epoch * BATCHES + batch)
}

/** Trains three epochs of four batches without any network. */
async function trained(
  from: RunPosition,
  hooks: TrainerHooks,
): Promise<{ end: TrainingEnd; position: RunPosition; told: string[]; rows: EpochSummary[] }> {
  const told: string[] = []
  const rows: EpochSummary[] = []
  let next = { epoch: 0, batch: 0 }
  const step = {
    run: async (): Promise<StepResult> => {
      const loss = lossOf(next.epoch, next.batch)
      const told: Partial<StepResult> = { loss, terms: new Map([['loss_ce', loss / 3]]), gradientNorm: 7 * loss }
      return told as StepResult
    },
  } as unknown as TrainingStep
  const { end, position } = await train(
    {
      step,
      source: {
        batchesPerEpoch: BATCHES,
        batches: async function* (epoch, first) {
          for (let batch = first; batch < BATCHES; batch++) {
            next = { epoch, batch }
            yield undefined as unknown as TrainingBatch
          }
        },
      },
      epochs: 3,
      groups: () => [{ learningRate: 1, weightDecay: 0 }],
      evaluate: async () => ({ AP: next.epoch }),
      hooks: {
        ...hooks,
        onModelSave: async (at) => {
          told.push(`save ${at.step}`)
        },
        onFitEpochEnd: (summary) => {
          rows.push(summary)
          told.push(`row ${summary.epoch}`)
          return hooks.onFitEpochEnd?.(summary)
        },
      },
    },
    from,
  )
  return { end, position, told, rows }
}

const stopAt = (step: number): TrainerHooks => ({
  onBatchEnd: (_, position) => (position.step === step ? 'stop' : undefined),
})

test('the row of an epoch is written before the state that takes it for granted', async () => {
  const { told, end } = await trained(START, {})
  assert.deepEqual(told, ['row 1', 'save 4', 'row 2', 'save 8', 'row 3', 'save 12'])
  assert.equal(end, 'finished')
})

test('stopped anywhere and gone on with, the rows are those of a run that was not, to the last bit', async () => {
  const whole = await trained(START, {})
  for (let step = 1; step < 12; step++) {
    const first = await trained(START, stopAt(step))
    assert.equal(first.end, 'stopped')
    assert.equal(first.position.step, step)
    assert.equal(first.told.at(-1), `save ${step}`)
    // What a state keeps goes through JSON.
    const second = await trained(JSON.parse(JSON.stringify(first.position)), {})
    assert.deepEqual([...first.rows, ...second.rows], whole.rows, `stopped after ${step}`)
    assert.equal(JSON.stringify(second.position), JSON.stringify(whole.position))
  }
})

test('stopped twice in one epoch', async () => {
  const whole = await trained(START, {})
  const first = await trained(START, stopAt(5))
  const second = await trained(first.position, stopAt(7))
  const third = await trained(second.position, {})
  assert.deepEqual([...first.rows, ...second.rows, ...third.rows], whole.rows)
})

test('a stop that comes with the last step, or after its evaluation, finds a run that is finished', async () => {
  assert.equal((await trained(START, stopAt(12))).end, 'finished')
  const late = await trained(START, { onFitEpochEnd: ({ epoch }) => (epoch === 3 ? 'stop' : undefined) })
  assert.equal(late.end, 'finished')
  const early = await trained(START, { onFitEpochEnd: () => 'stop' })
  assert.deepEqual([early.end, early.told], ['stopped', ['row 1', 'save 4']])
})

test('a stop before the first step of an epoch changes nothing', async () => {
  const { end, position } = await trained(START, { onEpochStart: (epoch) => (epoch === 1 ? 'stop' : undefined) })
  assert.equal(end, 'stopped')
  assert.deepEqual([position.epoch, position.batch, position.sums], [1, 0, undefined])
  const never = await trained(START, { onTrainStart: () => 'stop' })
  assert.deepEqual([never.end, never.told], ['stopped', []])
})
