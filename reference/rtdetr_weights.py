"""RT-DETR's variants: keys and shapes of their checkpoints, and transformers' networks filled with rule weights.

Weights are generated for the keys of the official PyTorch checkpoints of RT-DETR (v1) and renamed here. HGNetv2, which
that repository lacks, has the keys of the RT-DETRv2 repository below `backbone.`; all other keys of these variants, and
of RT-DETRv2's, are those of v1.
"""

import re
from dataclasses import dataclass

import numpy as np
import torch
from transformers import (
    HGNetV2Config,
    RTDetrConfig,
    RTDetrForObjectDetection,
    RTDetrResNetConfig,
    RTDetrV2Config,
    RTDetrV2ForObjectDetection,
)

from rule import rule_state_dict

CLASSES, QUERIES, WIDTH, LEVELS, POINTS = 80, 300, 256, 3, 4
NORM = ("weight", "bias", "running_mean", "running_var")
RESNETS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}
# Stem widths (middle, out), then per stage: in, middle, out, blocks, light blocks, kernel size. Every block has 6 layers.
HGNETS = {
    "l": ((32, 48), ((48, 48, 128, 1, 0, 3), (128, 96, 512, 1, 0, 3), (512, 192, 1024, 3, 1, 5), (1024, 384, 2048, 1, 1, 5))),
    "x": ((32, 64), ((64, 64, 128, 1, 0, 3), (128, 128, 512, 2, 0, 3), (512, 256, 1024, 5, 1, 5), (1024, 512, 2048, 2, 1, 5))),
    "h": ((48, 96), ((96, 96, 192, 2, 0, 3), (192, 192, 512, 3, 0, 3), (512, 384, 1024, 6, 1, 5), (1024, 768, 2048, 3, 1, 5))),
}  # fmt: skip


@dataclass(frozen=True)
class Variant:
    """`backbone` is a depth of ResNet-vd or a size of HGNetv2; `used` decoder layers of all `layers` run at inference;
    `sampling` is "v1", or RT-DETRv2's "default" or "discrete"."""

    backbone: int | str
    width: int = 256
    feedforward: int = 1024
    expansion: float = 1.0
    encoder_layers: int = 1
    layers: int = 6
    used: int = 6
    sampling: str = "v1"
    classes: int = CLASSES


SMALL = Variant(18, expansion=0.5, layers=3, used=3)
VARIANTS = {
    "rtdetr-r18": SMALL,
    "rtdetr-r34": Variant(34, expansion=0.5, layers=4, used=4),
    "rtdetr-r50-m": Variant(50, expansion=0.5, used=3),
    "rtdetr-r50": Variant(50),
    "rtdetr-r101": Variant(101, width=384, feedforward=2048),
    "rtdetr-l": Variant("l"),
    "rtdetr-x": Variant("x", width=384, feedforward=2048),
    "rtdetr-h": Variant("h", width=512, feedforward=2048, encoder_layers=2),
    "rtdetrv2-r18": Variant(18, expansion=0.5, layers=3, used=3, sampling="default"),
    "rtdetrv2-r18-discrete": Variant(18, expansion=0.5, layers=3, used=3, sampling="discrete"),
}


def backbone_channels(variant: Variant) -> list:
    """Channels of the levels with strides 8, 16 and 32."""
    if isinstance(variant.backbone, str):
        return [stage[2] for stage in HGNETS[variant.backbone][1][1:]]
    return [128, 256, 512] if variant.backbone < 50 else [512, 1024, 2048]


def official_shapes(variant: Variant) -> dict:
    """Key -> shape of the official checkpoint, without the counters of batch norms."""
    shapes = {}

    def norm(name, width, parts=NORM):
        shapes.update({f"{name}.{part}": (width,) for part in parts})

    def linear(name, outputs, inputs):
        shapes.update({f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)})

    def conv(name, outputs, inputs, size, inner=("conv", "norm")):
        shapes[f"{name}.{inner[0]}.weight"] = (outputs, inputs, size, size)
        norm(f"{name}.{inner[1]}", outputs)

    def attention(name, width):
        shapes.update({f"{name}.in_proj_weight": (3 * width, width), f"{name}.in_proj_bias": (3 * width,)})
        linear(f"{name}.out_proj", width, width)

    def mlp(name, *widths):
        for n, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
            linear(f"{name}.layers.{n}", outputs, inputs)

    (hgnet if isinstance(variant.backbone, str) else resnet)(variant.backbone, conv)

    width, hidden = variant.width, int(variant.width * variant.expansion)
    for n, channels in enumerate(backbone_channels(variant)):
        conv(f"encoder.input_proj.{n}", width, channels, 1, ("0", "1"))
    for n in range(variant.encoder_layers):
        layer = f"encoder.encoder.0.layers.{n}"
        attention(f"{layer}.self_attn", width)
        linear(f"{layer}.linear1", variant.feedforward, width)
        linear(f"{layer}.linear2", width, variant.feedforward)
        norm(f"{layer}.norm1", width, NORM[:2])
        norm(f"{layer}.norm2", width, NORM[:2])
    for step, size, half in (("lateral_convs", 1, "fpn"), ("downsample_convs", 3, "pan")):
        for n in range(2):
            conv(f"encoder.{step}.{n}", width, width, size)
            block = f"encoder.{half}_blocks.{n}"
            conv(f"{block}.conv1", hidden, 2 * width, 1)
            conv(f"{block}.conv2", hidden, 2 * width, 1)
            for j in range(3):
                conv(f"{block}.bottlenecks.{j}.conv1", hidden, hidden, 3)
                conv(f"{block}.bottlenecks.{j}.conv2", hidden, hidden, 1)
            if hidden != width:
                conv(f"{block}.conv3", width, hidden, 1)

    for n in range(LEVELS):
        conv(f"decoder.input_proj.{n}", WIDTH, width, 1)
    for n in range(variant.layers):
        layer = f"decoder.decoder.layers.{n}"
        attention(f"{layer}.self_attn", WIDTH)
        linear(f"{layer}.cross_attn.sampling_offsets", 8 * LEVELS * POINTS * 2, WIDTH)
        linear(f"{layer}.cross_attn.attention_weights", 8 * LEVELS * POINTS, WIDTH)
        linear(f"{layer}.cross_attn.value_proj", WIDTH, WIDTH)
        linear(f"{layer}.cross_attn.output_proj", WIDTH, WIDTH)
        linear(f"{layer}.linear1", 1024, WIDTH)
        linear(f"{layer}.linear2", WIDTH, 1024)
        for j in (1, 2, 3):
            norm(f"{layer}.norm{j}", WIDTH, NORM[:2])
    shapes["decoder.denoising_class_embed.weight"] = (variant.classes + 1, WIDTH)
    mlp("decoder.query_pos_head", 4, 2 * WIDTH, WIDTH)
    linear("decoder.enc_output.0", WIDTH, WIDTH)
    norm("decoder.enc_output.1", WIDTH, NORM[:2])
    linear("decoder.enc_score_head", variant.classes, WIDTH)
    mlp("decoder.enc_bbox_head", WIDTH, WIDTH, WIDTH, 4)
    for n in range(variant.layers):
        linear(f"decoder.dec_score_head.{n}", variant.classes, WIDTH)
        mlp(f"decoder.dec_bbox_head.{n}", WIDTH, WIDTH, WIDTH, 4)
    return shapes


def resnet(depth, conv):
    """ResNet-vd: three convolutions as stem; the shortcut of a stride-2 block is pooled first and lies deeper."""
    for n, (outputs, inputs) in enumerate(((32, 3), (32, 32), (64, 32)), 1):
        conv(f"backbone.conv1.conv1_{n}", outputs, inputs, 3)
    channels, expansion = 64, 4 if depth >= 50 else 1
    for stage, blocks in enumerate(RESNETS[depth]):
        width = 64 << stage
        for j in range(blocks):
            block = f"backbone.res_layers.{stage}.blocks.{j}"
            sizes = ((width, channels, 1), (width, width, 3), (4 * width, width, 1))
            if expansion == 1:
                sizes = ((width, channels, 3), (width, width, 3))
            for name, size in zip("abc", sizes):
                conv(f"{block}.branch2{name}", *size)
            if j == 0:
                conv(f"{block}.short{'.conv' if stage else ''}", width * expansion, channels, 1)
            channels = width * expansion


def hgnet(size, conv):
    """HGNetv2; a convolution that pads by itself stands one deeper."""
    (middle, last), stages = HGNETS[size]
    inner, padded = ("conv", "bn"), ("conv.1", "bn")
    conv("backbone.stem.stem1", middle, 3, 3, inner)
    conv("backbone.stem.stem2a", middle // 2, middle, 2, padded)
    conv("backbone.stem.stem2b", middle, middle // 2, 2, padded)
    conv("backbone.stem.stem3", middle, 2 * middle, 3, inner)
    conv("backbone.stem.stem4", last, middle, 1, inner)
    for s, (inputs, width, outputs, blocks, light, kernel) in enumerate(stages):
        if s:
            conv(f"backbone.stages.{s}.downsample", inputs, 1, 3, inner)
        for b in range(blocks):
            block, channels = f"backbone.stages.{s}.blocks.{b}", outputs if b else inputs
            for j in range(6):
                entering = width if j else channels
                if light:
                    conv(f"{block}.layers.{j}.conv1", width, entering, 1, inner)
                    conv(f"{block}.layers.{j}.conv2", width, 1, kernel, inner)
                else:
                    conv(f"{block}.layers.{j}", width, entering, kernel, inner)
            conv(f"{block}.aggregation_squeeze_conv", outputs // 2, channels + 6 * width, 1, inner)
            conv(f"{block}.aggregation_excitation_conv", outputs, outputs // 2, 1, inner)


# Patterns of official keys and their replacements in transformers' in-memory names; the first that fits holds.
BACKBONE = "model.backbone.model"
RENAMES = [
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"backbone\.conv1\.conv1_1\.", f"{BACKBONE}.embedder.embedder.0."),
        (r"backbone\.conv1\.conv1_2\.", f"{BACKBONE}.embedder.embedder.1."),
        (r"backbone\.conv1\.conv1_3\.", f"{BACKBONE}.embedder.embedder.2."),
        (r"backbone\.res_layers\.(\d+)\.blocks\.(\d+)\.branch2a\.", rf"{BACKBONE}.encoder.stages.\1.layers.\2.layer.0."),
        (r"backbone\.res_layers\.(\d+)\.blocks\.(\d+)\.branch2b\.", rf"{BACKBONE}.encoder.stages.\1.layers.\2.layer.1."),
        (r"backbone\.res_layers\.(\d+)\.blocks\.(\d+)\.branch2c\.", rf"{BACKBONE}.encoder.stages.\1.layers.\2.layer.2."),
        (r"backbone\.res_layers\.0\.blocks\.0\.short\.", f"{BACKBONE}.encoder.stages.0.layers.0.shortcut."),
        (r"backbone\.res_layers\.(\d+)\.blocks\.0\.short\.conv\.", rf"{BACKBONE}.encoder.stages.\1.layers.0.shortcut.1."),
        (r"backbone\.stem\.(\w+)\.", rf"{BACKBONE}.embedder.\1."),
        (r"backbone\.stages\.(.*)\.aggregation_squeeze_conv\.", rf"{BACKBONE}.encoder.stages.\1.aggregation.0."),
        (r"backbone\.stages\.(.*)\.aggregation_excitation_conv\.", rf"{BACKBONE}.encoder.stages.\1.aggregation.1."),
        (r"backbone\.stages\.", f"{BACKBONE}.encoder.stages."),
        (r"encoder\.input_proj\.", "model.encoder_input_proj."),
        (r"encoder\.encoder\.0\.", "model.encoder.aifi.0."),
        (r"encoder\.", "model.encoder."),
        (r"decoder\.input_proj\.(\d)\.conv\.", r"model.decoder_input_proj.\1.0."),
        (r"decoder\.input_proj\.(\d)\.norm\.", r"model.decoder_input_proj.\1.1."),
        (r"decoder\.decoder\.", "model.decoder."),
        (r"decoder\.query_pos_head\.", "model.decoder.query_pos_head."),
        (r"decoder\.dec_score_head\.", "model.decoder.class_embed."),
        (r"decoder\.dec_bbox_head\.", "model.decoder.bbox_embed."),
        (r"decoder\.", "model."),
    )
]  # fmt: skip
LAYER_RENAMES = (
    (".self_attn.out_proj.", ".self_attn.o_proj."),
    (".cross_attn.", ".encoder_attn."),
    (".linear1.", ".mlp.fc1."),
    (".linear2.", ".mlp.fc2."),
    (".norm1.", ".self_attn_layer_norm."),
    (".norm3.", ".final_layer_norm."),
)


def hf_name(key: str) -> str:
    """An official key in transformers' in-memory names; in_proj_ keys still have all three parts."""
    pattern, replacement = next(pair for pair in RENAMES if pair[0].match(key))
    name = pattern.sub(replacement, key, count=1)
    if key.startswith("backbone."):
        return re.sub(r"\.(bn|norm)\.", ".normalization.", re.sub(r"\.conv(\.1)?\.weight$", ".convolution.weight", name))
    if ".layers." in name and re.match(r"model\.(encoder\.aifi\.0|decoder)\.layers", name):
        for old, new in LAYER_RENAMES:
            name = name.replace(old, new)
        norm2 = "encoder_attn_layer_norm" if name.startswith("model.decoder") else "final_layer_norm"
        name = name.replace(".norm2.", f".{norm2}.")
    return name


def hf_state_dict(official: dict) -> dict:
    """An official checkpoint in transformers' in-memory names."""
    out = {}
    for key, value in official.items():
        name = hf_name(key)
        if ".in_proj_" in name:
            for part, rows in zip("qkv", np.split(value, 3)):
                out[re.sub(r"\.in_proj_", f".{part}_proj.", name)] = rows
        else:
            out[name] = value
    return out


def backbone_config(variant: Variant):
    if isinstance(variant.backbone, int):
        basic = variant.backbone < 50
        return RTDetrResNetConfig(
            depths=list(RESNETS[variant.backbone]),
            hidden_sizes=[64, 128, 256, 512] if basic else [256, 512, 1024, 2048],
            layer_type="basic" if basic else "bottleneck",
            out_indices=[2, 3, 4],
        )
    (middle, last), stages = HGNETS[variant.backbone]
    inputs, widths, outputs, blocks, light, kernels = zip(*stages)
    return HGNetV2Config(
        stem_channels=[3, middle, last],
        stage_in_channels=list(inputs),
        stage_mid_channels=list(widths),
        stage_out_channels=list(outputs),
        hidden_sizes=list(outputs),
        stage_num_blocks=list(blocks),
        stage_light_block=[bool(flag) for flag in light],
        stage_kernel_size=list(kernels),
        out_indices=[2, 3, 4],
    )


def build(variant: Variant, seed: int, training: bool = False, attention: str = "eager"):
    """The model with rule weights, float32. With `training`, in training mode with all batch norms trained; otherwise
    in inference mode. The backbone has no attention for `attention` to choose."""
    options = dict(
        backbone_config=backbone_config(variant),
        freeze_backbone_batch_norms=not training,
        num_labels=variant.classes,
        encoder_in_channels=backbone_channels(variant),
        encoder_hidden_dim=variant.width,
        encoder_ffn_dim=variant.feedforward,
        encoder_layers=variant.encoder_layers,
        hidden_expansion=variant.expansion,
        decoder_in_channels=[variant.width] * LEVELS,
        decoder_layers=variant.layers,
        attn_implementation={"": attention, "backbone_config": "eager"},
    )
    if variant.sampling == "v1":
        model = RTDetrForObjectDetection(RTDetrConfig(**options))
    else:
        model = RTDetrV2ForObjectDetection(RTDetrV2Config(**options, decoder_method=variant.sampling))
    state = hf_state_dict(rule_state_dict(official_shapes(variant), seed))
    tensors = {key: torch.from_numpy(np.ascontiguousarray(value)) for key, value in state.items()}
    left = model.load_state_dict(tensors, strict=False)
    # RT-DETRv2's heads have a second name; the counters and the scale of the points are no weights.
    known = re.compile(r"(class|bbox)_embed\.|.*(num_batches_tracked|n_points_scale)$")
    missing = [key for key in left.missing_keys if not known.match(key)]
    assert not missing and not left.unexpected_keys, (missing, left.unexpected_keys)
    return model.train(training)


def parameter_counts(variant: Variant) -> dict:
    """Learnable numbers of each part; the affine parts of batch norms count whether they are frozen or not."""
    counts = {"backbone": 0, "encoder": 0, "decoder": 0}
    for key, shape in official_shapes(variant).items():
        if not key.endswith(("running_mean", "running_var")):
            counts[key.split(".")[0]] += int(np.prod(shape))
    return counts
