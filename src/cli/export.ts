/** @file `detrs export`: a model as a standard ONNX file. */
import { resolveWeights } from '../detect/index.node.js'
import { exportOnnx } from '../export/index.js'
import { type DetectionModel, freeDimensions } from '../models/index.js'
import { ConfigError } from '../tensor/index.js'
import { flag, operands, textOption } from './arguments.js'
import { cacheEnvironment } from './cache-environment.js'
import type { Command } from './command.js'
import { checkOutput, writeOutput } from './output-file.js'
import { printable } from './plain-text.js'

export const command: Command = {
  usage: 'NAME|FILE OUT.onnx [--architecture NAME] [--from-photo] [--auxiliary]',
  description:
    'Writes ONNX opset 18. Inputs: pixel_values float32 [batch, 3, height, width], normalised, with a free batch; DETRs, which ' +
    'pad, leave height and width free as well and take pixel_mask bool [batch, height, width], true inside the image; ' +
    'RT-DETRs, which stretch, have the one size of their weights. Outputs: logits and pred_boxes.',
  options: { architecture: { type: 'string' }, 'from-photo': { type: 'boolean' }, auxiliary: { type: 'boolean' } },
  optionHelp: {
    architecture: 'the model of a weight file that does not tell it',
    'from-photo':
      'take one photo, image uint8 [height, width, 3], and resize it inside the file (within 2 of 256 levels of ' +
      "detrs's own resize); outputs scores, labels, boxes",
    auxiliary: 'also the predictions of the earlier decoder layers',
  },
  run: async (input, terminal) => {
    const [source, target] = operands(input, 'export', ['NAME or FILE', 'OUT.onnx']) as [string, string]
    if (!target.endsWith('.onnx')) {
      const expected = 'an output named *.onnx'
      throw new ConfigError({ where: 'detrs export', expected, got: `'${target}'` })
    }
    const [fromPhoto, auxiliary] = [flag(input, 'from-photo'), flag(input, 'auxiliary')]
    if (fromPhoto && auxiliary) {
      const expected = '--from-photo or --auxiliary, since detections are those of the last layer'
      throw new ConfigError({ where: 'detrs export', expected, got: 'both' })
    }
    await checkOutput(target)
    const request = { weights: source, architecture: textOption(input, 'architecture') }
    const { loaded } = await resolveWeights(request, cacheEnvironment(terminal.env))
    for (const note of loaded.notes) terminal.err(`note: ${printable(note)}\n`)
    const bytes = exportOnnx(loaded, { fromPhoto, auxiliary })
    await writeOutput(target, [bytes])
    const megabytes = (bytes.length / 2 ** 20).toFixed(0)
    terminal.out(`${target}: ${loaded.model.name}, ${megabytes} MB, takes ${inputsOf(loaded.model, fromPhoto)}\n`)
    return 0
  },
}

/** What a runtime has to feed. */
function inputsOf(model: DetectionModel, fromPhoto: boolean): string {
  if (fromPhoto) return 'image uint8 [height, width, 3]'
  const { batch, height, width } = freeDimensions(model)
  const pixels = `pixel_values float32 [${batch}, 3, ${height}, ${width}]`
  return model.input.resize.kind === 'pad' ? `${pixels} and pixel_mask bool [${batch}, ${height}, ${width}]` : pixels
}
