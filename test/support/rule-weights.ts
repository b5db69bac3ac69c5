/** @file A model's weights from the rule, under its own keys. */
import type { DetectionModel, LoadedModel, Network } from '../../src/models/index.js'
import { parametersOf } from '../../src/nn/index.js'
import type { TensorData } from '../../src/tensor/index.js'
import { ruleStateDict } from './rule.js'

/** Weights of the rule by our keys, generated under the official ones. */
export function ruleWeights(model: DetectionModel, network: Network, seed: number): Map<string, TensorData> {
  const official = model.layouts[0]!
  const parameters = parametersOf(network)
  const shapes = new Map(parameters.map(({ key, shape }) => [official.keysOf(key)[0]!, shape]))
  const stateDict = ruleStateDict(shapes, seed)
  return new Map(parameters.map(({ key }) => [key, stateDict.get(official.keysOf(key)[0]!)!]))
}

/** A model filled by the rule, as if a file had been loaded. */
export function loadByRule(model: DetectionModel, seed = 1): LoadedModel {
  const { classNames } = model
  const network = model.create(classNames.length)
  const report = { layout: 'rule', matched: 0, missing: [], unexpected: [], misshaped: [], left: [] }
  return { model, network, weights: ruleWeights(model, network, seed), classNames, report, notes: [] }
}
