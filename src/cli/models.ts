/** @file `detrs models`: what can be named. */
import { findWeights } from '../detect/index.node.js'
import { type DetectionModel, measureModel, measuringSize, models } from '../models/index.js'
import { flag, operands } from './arguments.js'
import { cacheEnvironment } from './cache-environment.js'
import { type Command, PACKAGE_LICENCE, SHOWN_DIGITS } from './command.js'
import { formatTable } from './table.js'

export const command: Command = {
  usage: '[--json]',
  description: 'Lists the models that can be named: parameters, multiply-adds, published COCO AP, licence, file.',
  options: { json: { type: 'boolean' } },
  optionHelp: { json: 'one JSON array instead of a table' },
  run: async (input, terminal) => {
    operands(input, 'models', [])
    const rows = await Promise.all(models.map((model) => describe(model, terminal.env)))
    if (flag(input, 'json')) {
      terminal.out(`${JSON.stringify(rows, null, 2)}\n`)
      return 0
    }
    const heading = ['name', 'model', 'params', 'GMAC', 'AP', 'licence', 'MB', 'sha256', 'on disk']
    const cells = rows.map((row) => [
      row.name,
      row.title,
      `${(row.parameters / 1e6).toFixed(1)} M`,
      (row.macs / 1e9).toFixed(1),
      row.ap?.toFixed(1) ?? '',
      row.licence ?? '',
      String(row.sizeMegabytes ?? ''),
      row.sha256 ?? '',
      row.file === undefined ? 'no' : 'yes',
    ])
    terminal.out(formatTable([heading, ...cells], ['left', 'left', 'right', 'right', 'right', 'left', 'right']))
    terminal.out(
      '\nGMAC: billions of multiply-adds for one image, 800×1066 or the size that the model stretches to; papers print ' +
        'this number as GFLOPs (DETR’s own table averages 100 photos, RT-DETR’s counts each twice).\nAP: COCO val2017, as published. sha256: as far as the authors publish it.\n',
    )
    return 0
  },
}

async function describe(model: DetectionModel, env: Readonly<Record<string, string | undefined>>) {
  const countedAt = measuringSize(model)
  const { parameters, macs, flops } = measureModel(model, countedAt.height, countedAt.width)
  return {
    name: model.name,
    title: model.title,
    parameters,
    macs,
    flops,
    countedAt,
    gmac: Number((macs / 1e9).toPrecision(SHOWN_DIGITS)),
    ap: model.published?.ap,
    publishedGflops: model.published?.gflops,
    source: model.published?.paper,
    licence: model.weights?.licence ?? (model.included === undefined ? undefined : PACKAGE_LICENCE),
    sizeMegabytes: model.weights?.sizeMegabytes,
    sha256: model.weights?.sha256,
    url: model.weights?.url,
    file: await findWeights(model, cacheEnvironment(env)),
  }
}
