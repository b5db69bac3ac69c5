/** @file How a model is trained on a data set: every choice with its reason, so that it can be printed and overruled. */
import type { ResizeRule } from '../data/index.js'
import type { Schedule } from './schedule.js'
import { cosineSchedule, stepSchedule, withWarmUp } from './schedule.js'

/** The settings of a run. */
export interface TrainingSettings {
  readonly epochs: number
  readonly batchSize: number
  /** Batches whose gradients make one step together. */
  readonly accumulate: number
  readonly learningRate: number
  /** Of the backbone. */
  readonly backboneLearningRate: number
  readonly weightDecay: number
  readonly clipNorm: number
  readonly warmUpSteps: number
  readonly decay: LearningRateDecay
  readonly emaDecay: number
  readonly emaRampSteps: number
  readonly seed: number
  readonly resize: ResizeRule
  /** Queries of the network. */
  readonly queries: number
  /** Share of the run after which photos are no longer distorted, so that it ends on what detection will see. */
  readonly plainFrom: number
  /** Whether photos may be mirrored: not where left and right differ, as in text. */
  readonly flip: boolean
  /** Whether photos may be cut and put into larger ones: not where an object's place in the photo says what it is. */
  readonly crop: boolean
  /** Evaluations without a gain after which the run ends; 0 for never. */
  readonly patience: number
  /** Parameters whose keys begin with one of these stay as they are. */
  readonly freeze: readonly string[]
}

/** How the learning rate falls; shares are of the whole run. */
export type LearningRateDecay =
  /** To a tenth at once. */
  | { readonly kind: 'step'; readonly at: number }
  /** Half a cosine from a share of the run on, down to `last` of the rate. */
  | { readonly kind: 'cosine'; readonly from: number; readonly last: number }

/** What a data set and the start of a run say about its settings. */
export interface RecipeFacts {
  readonly trainImages: number
  /** Whether training starts from weights that were trained before. */
  readonly pretrained: boolean
  /** The model's own input and queries. */
  readonly resize: ResizeRule
  /** The input that was asked for, which goes before any choice. */
  readonly askedResize?: ResizeRule | undefined
  readonly queries: number
  /** Whether photos must be neither mirrored nor cut. */
  readonly wholeImages: boolean
  /** Most objects of one photo. */
  readonly mostObjects: number
  /** Width by height of the middle photo. */
  readonly imageAspect: number
  /** Root of the share of a photo that all but the smallest twentieth of objects cover at least. */
  readonly smallestObject: number
}

/** What a family's recipe says where nothing else is asked for, and why. */
export type Recipe = (facts: RecipeFacts) => {
  readonly settings: RecipeChoice
  readonly reasons: Partial<Readonly<Record<keyof RecipeChoice, string>>>
}

/** Settings that a recipe chooses; the rest follows from the length of the run. */
export type RecipeChoice = Pick<
  TrainingSettings,
  | 'batchSize'
  | 'learningRate'
  | 'backboneLearningRate'
  | 'weightDecay'
  | 'clipNorm'
  | 'decay'
  | 'resize'
  | 'queries'
  | 'plainFrom'
  | 'freeze'
> & {
  /** Steps that a run of this kind wants. */
  readonly wantedSteps: number
  /** The moving average looks back over this share of the run. */
  readonly emaShare: number
}

/** Settings that are asked for; the recipe chooses the others. */
export type SettingOverrides = { readonly [Name in keyof TrainingSettings]?: TrainingSettings[Name] | undefined }

/** Settings for a data set, and a sentence of reason for each that depends on it. */
export function chooseSettings(
  recipe: Recipe,
  facts: RecipeFacts,
  overrides: SettingOverrides = {},
): { settings: TrainingSettings; reasons: readonly string[] } {
  const { settings: choice, reasons } = recipe(facts)
  const { wantedSteps, emaShare, ...chosen } = choice
  const batchSize = overrides.batchSize ?? chosen.batchSize
  const accumulate = overrides.accumulate ?? 1
  const stepsPerEpoch = Math.max(1, Math.floor(facts.trainImages / (batchSize * accumulate)))
  const epochs = overrides.epochs ?? Math.ceil(wantedSteps / stepsPerEpoch)
  const total = epochs * stepsPerEpoch
  const emaDecay = Math.min(0.9999, Math.max(0.9, 1 - 1 / (emaShare * total)))
  const given = Object.entries(overrides).filter(([, value]) => value !== undefined)
  const settings: TrainingSettings = {
    ...chosen,
    epochs,
    batchSize,
    accumulate,
    warmUpSteps: Math.min(200, Math.ceil(total / 20)),
    emaDecay,
    emaRampSteps: Math.min(500, Math.ceil(total / 20)),
    seed: 0,
    flip: !facts.wholeImages,
    crop: !facts.wholeImages,
    patience: 0,
    ...(Object.fromEntries(given) as Partial<TrainingSettings>),
  }
  const length =
    overrides.epochs === undefined
      ? `${settings.epochs} epochs of ${stepsPerEpoch} steps: about ${wantedSteps} steps in all`
      : `${settings.epochs} epochs of ${stepsPerEpoch} steps, as asked for`
  const asked = (Object.keys(WORDS) as Worded[]).filter((name) => overrides[name] !== undefined)
  return {
    settings,
    reasons: [
      `batch ${batchSize}${accumulate > 1 ? ` × ${accumulate}` : ''}: ${facts.trainImages} training photos`,
      length,
      ...Object.entries(reasons)
        .filter(([name]) => !asked.includes(name as Worded))
        .map(([, reason]) => reason),
      ...asked.map((name) => `${inWords(name, settings)}: as asked for`),
      ...(facts.wholeImages ? ['photos are neither mirrored nor cut: the model looks at whole ones'] : []),
      `averaged weights with decay ${settings.emaDecay.toFixed(4)}: a horizon of ${Math.round(100 * emaShare)} % of the run`,
    ],
  }
}

/** How settings that may be asked for are told. */
const WORDS = {
  learningRate: (rate: number) => `learning rate ${rate}`,
  backboneLearningRate: (rate: number) => `learning rate of the backbone ${rate}`,
  resize: (rule: ResizeRule) => `photos at ${sizeText(rule)}`,
  queries: (count: number) => `${count} queries`,
  freeze: (beginnings: readonly string[]) => `${beginnings.join(', ')} stay as they are`,
  flip: (may: boolean) => (may ? 'photos are mirrored' : 'photos are not mirrored'),
  crop: (may: boolean) => (may ? 'photos are cut' : 'photos are not cut'),
  patience: (evaluations: number) => `an end after ${evaluations} evaluations without a gain`,
  seed: (seed: number) => `seed ${seed}`,
} as const

type Worded = keyof typeof WORDS

function inWords<Name extends Worded>(name: Name, settings: TrainingSettings): string {
  return (WORDS[name] as (value: TrainingSettings[Name]) => string)(settings[name])
}

/** A resize rule in words. */
export function sizeText(rule: ResizeRule): string {
  return rule.kind === 'stretch' ? `${rule.width}×${rule.height} pixels` : `${rule.shortest} to ${rule.longest} pixels`
}

/** The factor of the learning rate over the run. */
export function scheduleOf({ warmUpSteps, decay }: TrainingSettings, totalSteps: number): Schedule {
  const falling =
    decay.kind === 'step'
      ? stepSchedule(Math.floor(decay.at * totalSteps))
      : cosineSchedule(totalSteps, Math.floor(decay.from * totalSteps), decay.last)
  return withWarmUp(falling, warmUpSteps)
}
