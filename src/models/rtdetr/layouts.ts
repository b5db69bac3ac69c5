/** @file The key layouts of RT-DETR checkpoints: the official repositories' (v1, v2) and those of Hugging Face's conversions. */
import { isNormCounter, type KeyRules, type Layout, rewriteKey } from '../../checkpoint/index.js'

/** Tables that files store and the network computes: anchors, positions, the share of each sampling point. */
const COMPUTED = /(^|\.)(anchors|valid_mask|pos_embed\d|num_points_scale|n_points_scale)$/

const isIgnored = (fileKey: string): boolean => isNormCounter(fileKey) || COMPUTED.test(fileKey)

/** In HGNetv2 a convolution that pads by itself stands one deeper. */
const TO_FILE: KeyRules = [[/(\.stem2[ab]\.conv)\./, '$1.1.']]

const TO_V2: KeyRules = [
  ...TO_FILE,
  [/^encoder\.input_proj\.(\d)\.0\./, 'encoder.input_proj.$1.conv.'],
  [/^encoder\.input_proj\.(\d)\.1\./, 'encoder.input_proj.$1.norm.'],
  [/^decoder\.enc_output\.0\./, 'decoder.enc_output.proj.'],
  [/^decoder\.enc_output\.1\./, 'decoder.enc_output.norm.'],
]

const BACKBONE = 'model.backbone.model.'

const TO_HUGGING_FACE: KeyRules = [
  [/^backbone\.conv1\.conv1_1\./, `${BACKBONE}embedder.embedder.0.`],
  [/^backbone\.conv1\.conv1_2\./, `${BACKBONE}embedder.embedder.1.`],
  [/^backbone\.conv1\.conv1_3\./, `${BACKBONE}embedder.embedder.2.`],
  [/^backbone\.res_layers\.(\d)\.blocks\.(\d+)\./, `${BACKBONE}encoder.stages.$1.layers.$2.`],
  [/\.branch2a\./, '.layer.0.'],
  [/\.branch2b\./, '.layer.1.'],
  [/\.branch2c\./, '.layer.2.'],
  [/\.short\.conv\.(conv|norm)\./, '.shortcut.1.$1.'],
  [/\.short\./, '.shortcut.'],
  [/^(model\.backbone\..*)\.conv\./, '$1.convolution.'],
  [/^(model\.backbone\..*)\.norm\./, '$1.normalization.'],
  [/^encoder\.input_proj\./, 'model.encoder_input_proj.'],
  [/^encoder\./, 'model.encoder.'],
  [/^decoder\.input_proj\.(\d)\.conv\./, 'model.decoder_input_proj.$1.0.'],
  [/^decoder\.input_proj\.(\d)\.norm\./, 'model.decoder_input_proj.$1.1.'],
  [/^decoder\.decoder\./, 'model.decoder.'],
  [/^decoder\.query_pos_head\./, 'model.decoder.query_pos_head.'],
  [/^decoder\.dec_score_head\./, 'model.decoder.class_embed.'],
  [/^decoder\.dec_bbox_head\./, 'model.decoder.bbox_embed.'],
  [/^decoder\./, 'model.'],
  [/\.cross_attn\./, '.encoder_attn.'],
  [/(\.layers\.\d)\.linear([12])\./, '$1.fc$2.'],
  [/(\.layers\.\d)\.norm1\./, '$1.self_attn_layer_norm.'],
  [/^(model\.decoder\.layers\.\d)\.norm2\./, '$1.encoder_attn_layer_norm.'],
  [/(\.layers\.\d)\.norm[23]\./, '$1.final_layer_norm.'],
]

/** Transformers 5 renames modules when it loads a file; files saved from that state carry these names. */
const TO_VERSION_5: KeyRules = [
  [/_attn\.out_proj\./, '_attn.o_proj.'],
  [/\.fc([12])\./, '.mlp.fc$1.'],
  [/^model\.encoder\.encoder\./, 'model.encoder.aifi.'],
]

function official(name: string, rules: KeyRules): Layout {
  return { name, keysOf: (key) => [rewriteKey(key, rules)], ignored: isIgnored }
}

function huggingFace(name: string, more: KeyRules = []): Layout {
  const rules = [...TO_HUGGING_FACE, ...more]
  return {
    name,
    keysOf: (key) => {
      const fused = /^(.*)\.in_proj_(weight|bias)$/.exec(rewriteKey(key, rules))
      if (fused === null) return [rewriteKey(key, rules)]
      return ['q', 'k', 'v'].map((part) => `${fused[1]}.${part}_proj.${fused[2]}`)
    },
    // The decoder's heads have a second name at the top.
    ignored: (fileKey) => isIgnored(fileKey) || /^(class|bbox)_embed\./.test(fileKey),
  }
}

/** Layouts of RT-DETR's checkpoints, the official one first. */
export const rtdetrLayouts: readonly Layout[] = [
  official('official', TO_FILE),
  official('official-v2', TO_V2),
  huggingFace('huggingface'),
  huggingFace('huggingface-5', TO_VERSION_5),
]
