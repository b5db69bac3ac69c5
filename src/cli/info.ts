/** @file `detrs info`: size, input convention and layers of a model. */
import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { checkpointOf, readWholeFile } from '../checkpoint/index.node.js'
import { findWeights, namesWeightFile } from '../detect/index.node.js'
import {
  type DetectionModel,
  findModel,
  type LoadedModel,
  loadModel,
  measureModel,
  measuringSize,
  type Network,
  type PublishedFigures,
} from '../models/index.js'
import { parametersOf } from '../nn/index.js'
import { ConfigError } from '../tensor/index.js'
import { flag, operands, textOption } from './arguments.js'
import { cacheEnvironment } from './cache-environment.js'
import { type Command, PACKAGE_LICENCE } from './command.js'
import { printable } from './plain-text.js'
import { formatTable, grouped } from './table.js'

export const command: Command = {
  usage: 'NAME|FILE [--size HEIGHTxWIDTH] [--json]',
  description: 'Shows what a model is made of: parameters, multiply-adds, input convention, layers, weights.',
  options: { size: { type: 'string' }, architecture: { type: 'string' }, json: { type: 'boolean' } },
  optionHelp: {
    size: 'input size for which multiply-adds are counted; 800x1066, or what the model stretches to, unless said',
    architecture: 'architecture of a weight file that does not tell it',
    json: 'one JSON object instead of text',
  },
  run: async (input, terminal) => {
    const [name] = operands(input, 'info', ['the name of one model or weight file']) as [string]
    const size = textOption(input, 'size')
    const asked = size === undefined ? undefined : parseSize(size)
    const architecture = textOption(input, 'architecture')
    const given = namesWeightFile(name) ? await loadGiven(name, architecture) : undefined
    const loaded = given?.loaded
    const model = loaded?.model ?? findModel(name)
    const network = loaded?.network ?? model.create()
    const { height, width } = asked ?? measuringSize(model)
    const { parameters, macs, flops } = measureModel(model, height, width, loaded?.classNames.length)
    const file = loaded === undefined ? await findWeights(model, cacheEnvironment(terminal.env)) : name
    const layers = layerSizes(network)
    const facts = {
      name: model.name,
      title: model.title,
      parameters,
      macs,
      flops,
      countedAt: { height, width },
      published: model.published,
      input: model.input,
      classes: loaded?.classNames ?? model.classNames,
      config: model.config,
      layers,
      weights: model.weights,
      digest: given?.sha256 ?? model.weights?.sha256,
      file,
    }
    for (const note of loaded?.notes ?? []) terminal.err(`note: ${printable(note)}\n`)
    if (flag(input, 'json')) {
      terminal.out(`${JSON.stringify(facts, null, 2)}\n`)
      return 0
    }
    const { resize, ground, mean, std } = model.input
    const rows = [
      ['name', model.name],
      ['model', model.title],
      ['parameters', `${grouped(parameters)} (weights, trained or frozen; norm buffers are not counted)`],
      ['multiply-adds', `${(macs / 1e9).toFixed(1)} G at ${height}×${width} (what papers print as GFLOPs)`],
      ['operations', `${(flops / 1e9).toFixed(1)} GFLOP at ${height}×${width} (two per multiply-add)`],
      ['published', publishedText(model.published)],
      ['input', inputText(resize) + (ground === undefined ? '' : `; transparent pixels on ${ground}`)],
      ['normalised', `mean ${mean.join(' ')}, std ${std.join(' ')}, of values in 0..1`],
      ['classes', `${facts.classes.filter((label) => label !== null).length}`],
      ['published at', sourceText(model)],
      ['on disk', file ?? (model.weights === undefined ? 'no' : `no; get them with: detrs pull ${model.name}`)],
      ['sha256', facts.digest ?? 'not published'],
    ]
    terminal.out(formatTable(rows))
    terminal.out(`\n${formatTable([['layer', 'parameters'], ...layers.map(layerRow)], ['left', 'right'])}`)
    return 0
  },
}

/** A weight file, and its SHA-256 of 64 hex digits. */
async function loadGiven(
  file: string,
  architecture: string | undefined,
): Promise<{ readonly loaded: LoadedModel; readonly sha256: string }> {
  const model = architecture === undefined ? {} : { model: findModel(architecture) }
  const bytes = await readWholeFile(file)
  const loaded = loadModel(await checkpointOf(bytes, file), basename(file), model)
  return { loaded, sha256: createHash('sha256').update(bytes).digest('hex') }
}

interface LayerSize {
  readonly path: string
  readonly parameters: number
}

/** Weights by the first two steps of the module path. */
function layerSizes(network: Network): readonly LayerSize[] {
  const sizes = new Map<string, number>()
  for (const { key, shape, role } of parametersOf(network)) {
    const path = key.split('.').slice(0, -1).slice(0, 2).join('.')
    if (role === 'weight') sizes.set(path, (sizes.get(path) ?? 0) + shape.reduce((a, b) => a * b, 1))
  }
  return [...sizes].map(([path, parameters]) => ({ path, parameters }))
}

const layerRow = ({ path, parameters }: LayerSize): string[] => [path, grouped(parameters)]

function publishedText(published: PublishedFigures | undefined): string {
  if (published === undefined) return 'no figures'
  return `AP ${published.ap.toFixed(1)}, ${published.gflops} GFLOPs averaged over 100 photos (${published.paper})`
}

function sourceText({ weights, included }: DetectionModel): string {
  if (weights !== undefined) return `${weights.url} (${weights.licence})`
  return included === undefined ? 'nowhere' : `in this package (${PACKAGE_LICENCE})`
}

function parseSize(text: string): { height: number; width: number } {
  const match = /^([1-9]\d{1,4})[x×]([1-9]\d{1,4})$/.exec(text)
  if (match === null) {
    throw new ConfigError({ where: '--size', expected: 'HEIGHTxWIDTH in pixels, such as 800x1066', got: `'${text}'` })
  }
  return { height: Number(match[1]), width: Number(match[2]) }
}

function inputText(rule: DetectionModel['input']['resize']): string {
  return rule.kind === 'stretch'
    ? `RGB, stretched to ${rule.width}×${rule.height}`
    : `RGB, shorter side ${rule.shortest}, longer at most ${rule.longest}, then padded`
}
