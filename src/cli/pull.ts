/** @file `detrs pull`: downloads a model's official weights. */
import { checkpointPath, download } from '../checkpoint/index.node.js'
import { findWeights } from '../detect/index.node.js'
import { type DetectionModel, fileNameOf, findModel } from '../models/index.js'
import { parametersOf } from '../nn/index.js'
import { CheckpointError, sizeOfShape } from '../tensor/index.js'
import { operands, textOption } from './arguments.js'
import { cacheEnvironment } from './cache-environment.js'
import type { Command } from './command.js'
import { printable } from './plain-text.js'
import { Progress } from './progress.js'

export const command: Command = {
  usage: 'NAME [--url URL]',
  description:
    'Downloads the official weights of a model into the cache folder ($DETRS_CACHE, else ~/.cache/detrs), continuing an ' +
    'interrupted download and checking its SHA-256. HTTPS_PROXY, NO_PROXY and DETRS_OFFLINE are respected.',
  options: { url: { type: 'string' } },
  optionHelp: { url: 'another place to download the same file from, such as a mirror' },
  run: async (input, terminal) => {
    const [name] = operands(input, 'pull', ['the name of one model'])
    const model = findModel(name!)
    const environment = cacheEnvironment(terminal.env)
    const present = await findWeights(model, environment)
    if (present !== undefined) {
      terminal.out(`${present}\n`)
      return 0
    }
    if (model.weights === undefined) {
      throw new CheckpointError({
        where: model.name,
        expected: 'a model with published weights',
        ...(model.included === undefined
          ? { got: 'one without', next: `Train it: detrs train --data DIR --model ${model.name}` }
          : { got: 'one that comes with detrs, whose file is missing', next: 'Install detrs again.' }),
      })
    }
    const { url: official, sha256, licence } = model.weights
    const sizeMegabytes = model.weights.sizeMegabytes ?? aboutMegabytes(model)
    const url = textOption(input, 'url') ?? official
    const from = URL.canParse(url) ? ` from ${new URL(url).host}` : ''
    terminal.err(`${model.name}: ${sizeMegabytes} MB${from}, licence ${licence}\n`)
    let progress: Progress | undefined
    const { path } = await download({
      url,
      ...(sha256 === undefined ? {} : { sha256 }),
      destination: checkpointPath(fileNameOf(official), environment),
      environment,
      onProgress: ({ receivedBytes, note }) => {
        const megabytes = Math.min(sizeMegabytes, Math.round(receivedBytes / MEBIBYTE))
        // What an earlier call received does not count for the rate.
        progress ??= new Progress(terminal, 'download', sizeMegabytes, 'MB', megabytes)
        if (note !== undefined) progress.aside(() => terminal.err(`${printable(note)}\n`))
        else progress.update(megabytes)
      },
    }).finally(() => progress?.finish())
    terminal.out(`${path}\n`)
    return 0
  },
}

const MEBIBYTE = 2 ** 20

/** Four bytes for each number of the network, where the authors print no size. */
function aboutMegabytes(model: DetectionModel): number {
  const numbers = parametersOf(model.create()).reduce((sum, { shape }) => sum + sizeOfShape(shape), 0)
  return Math.ceil((4 * numbers) / MEBIBYTE)
}
