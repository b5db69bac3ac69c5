/** @file `detrs pull`: downloads a model's official weights. */
import { checkpointPath, download } from '../checkpoint/index.node.js'
import { findOfficialWeights } from '../detect/index.node.js'
import { fileNameOf, findModel } from '../models/index.js'
import { CheckpointError, ConfigError } from '../tensor/index.js'
import { cacheEnvironment } from './cache-environment.js'
import type { Command, Terminal } from './command.js'
import { Progress } from './progress.js'

export const command: Command = {
  usage: 'NAME [--url URL]',
  description:
    'Downloads the official weights of a model into the cache folder ($DETRS_CACHE, else ~/.cache/detrs), continuing an ' +
    'interrupted download and checking its SHA-256. HTTPS_PROXY, NO_PROXY and DETRS_OFFLINE are respected.',
  options: { url: { type: 'string' } },
  optionHelp: { url: 'another place to download the same file from, such as a mirror' },
  run: async ({ positionals, values }, terminal) => {
    const [name] = positionals
    if (name === undefined || positionals.length > 1) {
      throw new ConfigError({ where: 'detrs pull', expected: 'one model', got: `${positionals.length}` })
    }
    const model = findModel(name)
    if (model.weights === undefined) {
      throw new CheckpointError({ where: name, expected: 'a model with published weights', got: 'one without' })
    }
    const environment = cacheEnvironment(terminal.env)
    const present = await findOfficialWeights(model, environment)
    if (present !== undefined) {
      terminal.out(`${present}\n`)
      return 0
    }
    const { url, sha256, licence, sizeMegabytes } = model.weights
    terminal.err(`${name}: ${sizeMegabytes} MB from ${new URL(url).host}, licence ${licence}\n`)
    const { path } = await download({
      url: typeof values['url'] === 'string' ? values['url'] : url,
      sha256,
      destination: checkpointPath(fileNameOf(url), environment),
      environment,
      onProgress: showProgress(terminal, sizeMegabytes),
    })
    terminal.out(`${path}\n`)
    return 0
  },
}

const MEBIBYTE = 2 ** 20

function showProgress(terminal: Terminal, sizeMegabytes: number) {
  const progress = new Progress(terminal, 'download', sizeMegabytes, 'MB')
  return ({ receivedBytes, note }: { readonly receivedBytes: number; readonly note?: string }): void => {
    if (note !== undefined) progress.aside(() => terminal.err(`${note}\n`))
    else progress.update(Math.min(sizeMegabytes, Math.round(receivedBytes / MEBIBYTE)))
  }
}
