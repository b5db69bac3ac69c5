/** @file What each family of models is trained with: criterion, recipe, augmentation, and which parameters decay. */
import {
  dropSmall,
  either,
  horizontalFlip,
  iouCrop,
  photometric,
  type ResizeRule,
  resizeShortest,
  stretch,
  type Transform,
  zoomOut,
} from '../data/index.js'
import type { Parameter } from '../graph/index.js'
import type { Criterion } from '../models/criterion.js'
import { detrCriterion } from '../models/detr/criterion.js'
import type { ModelFamily } from '../models/index.js'
import { rtdetrCriterion } from '../models/rtdetr/criterion.js'
import { type Recipe, type RecipeFacts, sizeText, type TrainingSettings } from './recipe.js'

/** A family as its trainer sees it. */
export interface TrainingFamily {
  readonly criterion: Criterion
  readonly recipe: Recipe
  /** Whether weight decay acts on a parameter. */
  readonly decays: (parameter: Parameter) => boolean
  /** What happens to photos; `plain` at the end of a run. */
  readonly augmentation: (settings: TrainingSettings, plain: boolean) => Transform[]
}

const FROM_NOTHING = 'nothing is pretrained'
const ofBackbone = (rate: number): string => `learning rate of the backbone ${rate}`

/** DETR (supplement A.4): AdamW, a drop to a tenth; from scratch higher rates and many more steps. */
const detrRecipe: Recipe = ({ trainImages, pretrained, resize, queries }) => {
  const learningRate = pretrained ? 1e-4 : 3e-4
  const backboneLearningRate = pretrained ? 1e-5 : learningRate
  return {
    settings: {
      batchSize: trainImages >= 32 ? 8 : Math.max(1, Math.min(4, trainImages)),
      learningRate,
      backboneLearningRate,
      weightDecay: 1e-4,
      clipNorm: 0.1,
      decay: { kind: 'step', at: 0.8 },
      resize,
      queries,
      plainFrom: 1,
      freeze: pretrained ? ['backbone.conv1.', 'backbone.layer1.'] : [],
      wantedSteps: pretrained ? 3000 : 20_000,
      emaShare: 1 / 40,
    },
    reasons: {
      learningRate: pretrained
        ? `learning rate ${learningRate}: the weights know something already`
        : `learning rate ${learningRate}: ${FROM_NOTHING}, and a DETR that starts from nothing learns slowly`,
      backboneLearningRate: ofBackbone(backboneLearningRate),
      ...(pretrained ? { freeze: "the backbone's stem and first stage stay as they are" } : {}),
      resize: `photos at ${sizeText(resize)}: the model's input`,
    },
  }
}

/** RT-DETR (§5.1); from scratch higher rates, milder crops, and a size that the smallest objects survive. */
const rtdetrRecipe: Recipe = (facts) => {
  const { trainImages, pretrained, mostObjects } = facts
  const batchSize = trainImages >= 16 ? 4 : Math.max(1, Math.min(4, trainImages))
  const learningRate = pretrained ? 1e-4 : 5e-4
  const backboneLearningRate = pretrained ? 1e-5 : learningRate
  const { resize, reason } = pretrained
    ? { resize: facts.resize, reason: "the weights' own input" }
    : sizeForObjects(facts)
  // Twice as many as any photo has objects, where that is not too many to be fast.
  const enough = [100, facts.queries, 300].sort((a, b) => a - b).find((count) => count >= 2 * mostObjects) ?? 300
  // Queries are the best of the encoder's tokens, of which a small input has few.
  const places = tokensOf(facts.askedResize ?? resize)
  const queries = pretrained ? facts.queries : Math.min(enough, places)
  const found = mostObjects > queries ? `, fewer than the ${mostObjects} objects of some photo` : ''
  const queryReason =
    queries < enough
      ? `${queries} queries: as many places as such an input has${found}`
      : `${queries} queries: ${found === '' ? `at most ${mostObjects} objects in a photo` : `the most that are chosen${found}`}`
  return {
    settings: {
      batchSize,
      learningRate,
      backboneLearningRate,
      weightDecay: 1e-4,
      clipNorm: 0.1,
      decay: { kind: 'cosine', from: 0.6, last: 0.02 },
      resize,
      queries,
      plainFrom: 0.9,
      freeze: [],
      wantedSteps: pretrained ? 4000 : stepsFromNothing(trainImages / batchSize),
      emaShare: 1 / 20,
    },
    reasons: {
      learningRate: `learning rate ${learningRate}: ${pretrained ? 'the weights know something already' : FROM_NOTHING}`,
      backboneLearningRate: ofBackbone(backboneLearningRate),
      resize: `photos at ${sizeText(resize)}: ${reason}`,
      queries: queryReason,
    },
  }
}

/**
 * Steps of a run from nothing: forty looks at every photo, but no fewer than small sets need and no more than a night on two
 * cores holds. 250 photos of blood cells reach AP 0.58 in 900 steps and gain 0.02 in the next thousand.
 */
function stepsFromNothing(stepsPerEpoch: number): number {
  return Math.round(Math.min(12_000, Math.max(3000, 40 * stepsPerEpoch)))
}

/** Sides of stretched photos are multiples of this, pixels: the coarsest level's stride. */
export const INPUT_STRIDE = 32
/** Pixels that all but the smallest objects shall have on a side. */
const SMALLEST_SIDE = 12
/** Root of the area of the smallest and the largest input that is chosen by itself. */
const AREA_BOUNDS = [288, 640] as const

/** Pixels of the three levels of features, from which queries are selected. */
function tokensOf(rule: ResizeRule): number {
  const [height, width] = rule.kind === 'stretch' ? [rule.height, rule.width] : [rule.shortest, rule.longest]
  return [8, 16, 32].reduce((sum, stride) => sum + Math.ceil(height / stride) * Math.ceil(width / stride), 0)
}

/** A rule whose shorter side is the multiple of the stride next to `side`, in the given proportions (width by height) where it stretches. */
export function withShorterSide(rule: ResizeRule, aspect: number, side: number): ResizeRule {
  if (rule.kind === 'pad') {
    return { ...rule, shortest: side, longest: Math.round((side * rule.longest) / rule.shortest) }
  }
  const multiple = (length: number): number => Math.max(1, Math.round(length / INPUT_STRIDE)) * INPUT_STRIDE
  const shorter = multiple(side)
  const longer = multiple(side * Math.max(aspect, 1 / aspect))
  return { ...rule, ...(aspect >= 1 ? { height: shorter, width: longer } : { height: longer, width: shorter }) }
}

/** An input of the photos' proportions, large enough for small objects. */
function sizeForObjects({ imageAspect, smallestObject }: RecipeFacts): { resize: ResizeRule; reason: string } {
  const wanted = SMALLEST_SIDE / Math.max(1e-3, smallestObject)
  const root = Math.min(AREA_BOUNDS[1], Math.max(AREA_BOUNDS[0], wanted))
  const side = (length: number): number => Math.max(2, Math.round(length / INPUT_STRIDE)) * INPUT_STRIDE
  const [height, width] = [side(root / Math.sqrt(imageAspect)), side(root * Math.sqrt(imageAspect))]
  const smallest = (smallestObject * Math.sqrt(height * width)).toFixed(0)
  const reason = `the photos' proportions; small objects are ${smallest} pixels wide`
  return { resize: { kind: 'stretch', height, width }, reason }
}

/** The last transform of a recipe: what detection does to a photo. */
function finalResize(rule: ResizeRule): Transform {
  return rule.kind === 'stretch'
    ? stretch({ sizes: [{ height: rule.height, width: rule.width }] })
    : resizeShortest({ shortest: [rule.shortest], longest: rule.longest })
}

const mirrored = (flip: boolean): Transform[] => (flip ? [horizontalFlip()] : [])

/** Milder than RT-DETR's own, which lets small objects vanish where photos are few and small. */
const CUT: readonly Transform[] = [
  zoomOut({ probability: 0.25, factor: [1, 1.5] }),
  either(0.5, [iouCrop({ scale: [0.6, 1], overlaps: [0.3, 0.5, 0.7, 0.9] })]),
]

/** By family: the only place that knows them all. */
export const trainingFamilies: Readonly<Record<ModelFamily, TrainingFamily>> = {
  detr: {
    criterion: detrCriterion,
    recipe: detrRecipe,
    decays: () => true,
    augmentation: ({ resize, flip }) => [photometric(), ...mirrored(flip), finalResize(resize)],
  },
  rtdetr: {
    criterion: rtdetrCriterion,
    recipe: rtdetrRecipe,
    decays: ({ shape }) => shape.length > 1,
    augmentation: ({ resize, flip, crop }, plain) =>
      plain
        ? [...mirrored(flip), finalResize(resize)]
        : [photometric(), ...(crop ? CUT : []), dropSmall(), ...mirrored(flip), finalResize(resize), dropSmall()],
  },
}
