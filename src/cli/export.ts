/** @file `detrs export`: a model as a standard ONNX file. */
import { writeFile } from 'node:fs/promises'
import { resolveWeights } from '../detect/index.node.js'
import { exportOnnx } from '../export/index.js'
import { ConfigError, FileError } from '../tensor/index.js'
import { flag, textOption } from './arguments.js'
import { cacheEnvironment } from './cache-environment.js'
import type { Command } from './command.js'

export const command: Command = {
  usage: 'NAME|FILE OUT.onnx [--architecture NAME] [--from-photo] [--auxiliary]',
  description:
    'Writes ONNX opset 18 with free batch, height and width. Inputs: pixel_values float32 [batch, 3, height, width], ' +
    'normalised, and pixel_mask bool [batch, height, width], true inside the image. Outputs: logits and pred_boxes.',
  options: { architecture: { type: 'string' }, 'from-photo': { type: 'boolean' }, auxiliary: { type: 'boolean' } },
  optionHelp: {
    architecture: 'the model of a weight file that does not tell it',
    'from-photo':
      'take one photo, image uint8 [height, width, 3], and resize it inside the file (within 2 of 256 levels of ' +
      "detrs's own resize); outputs scores, labels, boxes",
    auxiliary: 'also the predictions of the earlier decoder layers',
  },
  run: async (input, terminal) => {
    const [source, target] = input.positionals
    if (source === undefined || target === undefined || input.positionals.length > 2) {
      throw new ConfigError({
        where: 'detrs export',
        expected: 'a model and an output file',
        got: `${input.positionals.length} names`,
      })
    }
    const request = { weights: source, architecture: textOption(input, 'architecture') }
    const { loaded } = await resolveWeights(request, cacheEnvironment(terminal.env))
    for (const note of loaded.notes) terminal.err(`note: ${note}\n`)
    const bytes = exportOnnx(loaded, { fromPhoto: flag(input, 'from-photo'), auxiliary: flag(input, 'auxiliary') })
    await writeFile(target, bytes).catch((cause: NodeJS.ErrnoException) => {
      throw new FileError({
        where: target,
        expected: 'a place that can be written',
        got: cause.code ?? 'an error',
        cause,
      })
    })
    terminal.out(`${target}: ${loaded.model.name}, ${(bytes.length / 2 ** 20).toFixed(0)} MB\n`)
    return 0
  },
}
