/** @file How a model is trained on a data set: every choice with its reason, so that it can be printed and overruled. */
import type { Schedule } from './schedule.js'
import { stepSchedule, withWarmUp } from './schedule.js'

/** The settings of a run. */
export interface TrainingSettings {
  readonly epochs: number
  readonly batchSize: number
  readonly learningRate: number
  /** Of the backbone. */
  readonly backboneLearningRate: number
  readonly weightDecay: number
  readonly clipNorm: number
  readonly warmUpSteps: number
  /** Share of the run after which the rate drops to a tenth. */
  readonly dropAt: number
  readonly emaDecay: number
  readonly emaRampSteps: number
  readonly seed: number
  /** Shorter and longer side of the photos, pixels. */
  readonly shortest: number
  readonly longest: number
}

/** What decides the settings. */
export interface RecipeFacts {
  readonly trainImages: number
  /** Whether the backbone starts from trained weights. */
  readonly pretrained: boolean
  readonly shortest: number
  readonly longest: number
}

/** Settings for a data set, and a sentence of reason for each that depends on it. */
export function chooseSettings(
  facts: RecipeFacts,
  overrides: Partial<TrainingSettings> = {},
): { settings: TrainingSettings; reasons: readonly string[] } {
  const { trainImages, pretrained, shortest, longest } = facts
  const batchSize = overrides.batchSize ?? (trainImages >= 32 ? 8 : Math.max(1, Math.min(4, trainImages)))
  const stepsPerEpoch = Math.max(1, Math.floor(trainImages / batchSize))
  const wantedSteps = pretrained ? 3000 : 20_000
  const epochs = overrides.epochs ?? Math.ceil(wantedSteps / stepsPerEpoch)
  const total = epochs * stepsPerEpoch
  // The average's horizon, 1 / (1 − decay) steps, is to be about a fortieth of the run.
  const emaDecay = Math.min(0.9997, Math.max(0.9, 1 - 40 / total))
  const learningRate = pretrained ? 1e-4 : 3e-4
  const settings: TrainingSettings = {
    epochs,
    batchSize,
    learningRate,
    backboneLearningRate: pretrained ? 1e-5 : learningRate,
    weightDecay: 1e-4,
    clipNorm: 0.1,
    warmUpSteps: Math.min(200, Math.ceil(total / 20)),
    dropAt: 0.8,
    emaDecay,
    emaRampSteps: Math.min(500, Math.ceil(total / 20)),
    seed: 0,
    shortest,
    longest,
    ...overrides,
  }
  const start = pretrained ? 'trained weights need less' : 'a DETR that starts from nothing learns slowly'
  return {
    settings,
    reasons: [
      `batch ${settings.batchSize}: ${trainImages} training photos`,
      `${settings.epochs} epochs: about ${wantedSteps} steps of ${stepsPerEpoch} an epoch, ${start}`,
      `learning rate ${settings.learningRate}${pretrained ? `, backbone ${settings.backboneLearningRate}` : ' everywhere: nothing is pretrained'}`,
      `photos at ${settings.shortest} to ${settings.longest} pixels: the model's input`,
      `averaged weights with decay ${settings.emaDecay.toFixed(4)}: a fortieth of the run`,
    ],
  }
}

/** The factor of the learning rate over the run. */
export function scheduleOf({ warmUpSteps, dropAt }: TrainingSettings, totalSteps: number): Schedule {
  return withWarmUp(stepSchedule(Math.floor(dropAt * totalSteps)), warmUpSteps)
}
