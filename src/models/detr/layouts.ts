/** @file The key layouts of DETR checkpoints: the official repository's and those of Hugging Face's conversions. */
import { isNormCounter, type KeyRules, type Layout, rewriteKey } from '../../checkpoint/index.js'

const official: Layout = {
  name: 'official',
  keysOf: (key) => [key.replace(/^backbone\./, 'backbone.0.body.')],
  ignored: isNormCounter,
}

const TO_HUGGING_FACE: KeyRules = [
  [/^backbone\./, 'model.backbone.conv_encoder.model.'],
  [/^input_proj\./, 'model.input_projection.'],
  [/^query_embed\./, 'model.query_position_embeddings.'],
  [/^class_embed\./, 'class_labels_classifier.'],
  [/^bbox_embed\./, 'bbox_predictor.'],
  [/^transformer\.decoder\.norm\./, 'model.decoder.layernorm.'],
  [/^transformer\./, 'model.'],
  [/\.multihead_attn\./, '.encoder_attn.'],
  [/\.linear([12])\./, '.fc$1.'],
  [/\.norm1\./, '.self_attn_layer_norm.'],
  [/(\.encoder\.layers\.\d+)\.norm2\./, '$1.final_layer_norm.'],
  [/\.norm2\./, '.encoder_attn_layer_norm.'],
  [/\.norm3\./, '.final_layer_norm.'],
]

/** Transformers 5 renames modules when it loads a file; files saved from that state carry these names. */
const TO_VERSION_5: KeyRules = [
  [/\.conv_encoder\.model\./, '.model.'],
  [/_attn\.out_proj\./, '_attn.o_proj.'],
  [/\.fc([12])\./, '.mlp.fc$1.'],
]

/** Files whose backbone is transformers' own ResNet instead of timm's. */
const TO_NATIVE_RESNET: KeyRules = [
  [/(\.model\.)(?:conv1)\./, '$1embedder.embedder.convolution.'],
  [/(\.model\.)(?:bn1)\./, '$1embedder.embedder.normalization.'],
  [/\.layer1\.(\d+)\./, '.encoder.stages.0.layers.$1.'],
  [/\.layer2\.(\d+)\./, '.encoder.stages.1.layers.$1.'],
  [/\.layer3\.(\d+)\./, '.encoder.stages.2.layers.$1.'],
  [/\.layer4\.(\d+)\./, '.encoder.stages.3.layers.$1.'],
  [/(\.stages\.\d\.layers\.\d+)\.conv1\./, '$1.layer.0.convolution.'],
  [/(\.stages\.\d\.layers\.\d+)\.bn1\./, '$1.layer.0.normalization.'],
  [/(\.stages\.\d\.layers\.\d+)\.conv2\./, '$1.layer.1.convolution.'],
  [/(\.stages\.\d\.layers\.\d+)\.bn2\./, '$1.layer.1.normalization.'],
  [/(\.stages\.\d\.layers\.\d+)\.conv3\./, '$1.layer.2.convolution.'],
  [/(\.stages\.\d\.layers\.\d+)\.bn3\./, '$1.layer.2.normalization.'],
  [/\.downsample\.0\./, '.shortcut.convolution.'],
  [/\.downsample\.1\./, '.shortcut.normalization.'],
]

function huggingFace(name: string, ...more: readonly KeyRules[]): Layout {
  const rules = [TO_HUGGING_FACE, ...more].flat()
  return {
    name,
    keysOf: (key) => {
      const fused = /^(.*)\.in_proj_(weight|bias)$/.exec(rewriteKey(key, rules))
      if (fused === null) return [rewriteKey(key, rules)]
      return ['q', 'k', 'v'].map((part) => `${fused[1]}.${part}_proj.${fused[2]}`)
    },
    ignored: isNormCounter,
  }
}

/** Layouts of DETR's detection checkpoints, the official one first. */
export const detrLayouts: readonly Layout[] = [
  official,
  huggingFace('huggingface'),
  huggingFace('huggingface-resnet', TO_NATIVE_RESNET),
  huggingFace('huggingface-5', TO_VERSION_5),
  huggingFace('huggingface-5-resnet', TO_NATIVE_RESNET, TO_VERSION_5),
]
