"""Blocks of RT-DETR alone, at small and odd sizes: test/golden/rtdetr-layers.*, in the format of layers.py.

Weights have the official keys below the block and are the rule's for these keys, seed 1; outputs are those of
transformers' modules in float64, in inference mode. What a whole network cannot show, since its sides are multiples of
32, is here: shortcuts that are pooled at odd sizes, and stems at odd sizes.
"""

import json

import numpy as np
import torch
from safetensors.numpy import save
from transformers import HGNetV2Config, RTDetrConfig, RTDetrResNetConfig
from transformers.models.hgnet_v2 import modeling_hgnet_v2 as hgnet
from transformers.models.rt_detr import modeling_rt_detr as hf
from transformers.models.rt_detr import modeling_rt_detr_resnet as resnet

from layers import CASES, TENSORS, add, stream, weights
from rtdetr_weights import NORM, hf_state_dict
from rule import GOLDEN

WIDTH, FEEDFORWARD = 32, 48
FUSED = 16  # channels of the fusion's maps
CONFIG = dict(d_model=WIDTH, encoder_hidden_dim=WIDTH, encoder_ffn_dim=FEEDFORWARD, decoder_ffn_dim=FEEDFORWARD)


def conv(name, outputs, inputs, size, inner=("conv", "norm")) -> dict:
    shapes = {f"{name}.{inner[0]}.weight": (outputs, inputs, size, size)}
    return shapes | {f"{name}.{inner[1]}.{part}": (outputs,) for part in NORM}


def linear(name, outputs, inputs) -> dict:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def norm(name) -> dict:
    return {f"{name}.weight": (WIDTH,), f"{name}.bias": (WIDTH,)}


def attention(name) -> dict:
    packed = {f"{name}.in_proj_weight": (3 * WIDTH, WIDTH), f"{name}.in_proj_bias": (3 * WIDTH,)}
    return packed | linear(f"{name}.out_proj", WIDTH, WIDTH)


def fill(module, prefix, shapes) -> dict:
    """Fills a module whose official keys stand below `prefix`, and returns its weights."""
    state = weights(shapes)
    renamed = hf_state_dict({f"{prefix}.{key}": value.numpy() for key, value in state.items()})
    wanted = [key for key in module.state_dict() if not key.endswith("num_batches_tracked")]
    # Of "conv1.norm.bias" and "bottlenecks.0.conv1.norm.bias", the longer one.
    fits = {name: [key for key in wanted if name.endswith(f".{key}")] for name in renamed}
    found = {max(fits[name], key=len): value for name, value in renamed.items()}
    assert sorted(found) == sorted(wanted), (sorted(renamed), wanted)
    module.double().eval()
    tensors = {key: torch.from_numpy(np.ascontiguousarray(value)) for key, value in found.items()}
    module.load_state_dict(tensors, strict=False)
    return state


@torch.no_grad()
def simple(name, module, prefix, shapes, size, **attributes):
    """Records a module that maps one input to one output."""
    state, x = fill(module, prefix, shapes), stream(name, "input", *size)
    output = module(x.clone())
    add(name, output, {"input": x}, state, **attributes)


def residual_blocks():
    prefix = "backbone.res_layers.1.blocks"
    for name, inputs, width, stride, size in (
        ("stride2-odd", 8, 16, 2, (7, 9)),
        ("stride2-even", 8, 16, 2, (6, 8)),
        ("stride2-row", 8, 16, 2, (1, 5)),
        ("later", 16, 16, 1, (5, 6)),
    ):
        config = RTDetrResNetConfig(layer_type="basic")
        block = resnet.RTDetrResNetBasicLayer(config, inputs, width, stride, should_apply_shortcut=name != "later")
        shapes = conv("branch2a", width, inputs, 3) | conv("branch2b", width, width, 3)
        if name != "later":
            shapes |= conv("short.conv", width, inputs, 1)
        simple(f"basic/{name}", block, f"{prefix}.0", shapes, (2, inputs, *size), stride=stride)
        block = resnet.RTDetrResNetBottleNeckLayer(config, 4 * inputs if name == "later" else inputs, 4 * width, stride)
        entering = 4 * inputs if name == "later" else inputs
        shapes = conv("branch2a", width, entering, 1) | conv("branch2b", width, width, 3)
        shapes |= conv("branch2c", 4 * width, width, 1)
        if name != "later":
            shapes |= conv("short.conv", 4 * width, inputs, 1)
        simple(f"bottleneck/{name}", block, f"{prefix}.0", shapes, (2, entering, *size), stride=stride)
    # The very first block has a shortcut, but neither pools nor widens.
    block = resnet.RTDetrResNetBasicLayer(RTDetrResNetConfig(layer_type="basic"), 8, 8, 1, should_apply_shortcut=True)
    shapes = conv("branch2a", 8, 8, 3) | conv("branch2b", 8, 8, 3) | conv("short", 8, 8, 1)
    simple("basic/first", block, "backbone.res_layers.0.blocks.0", shapes, (2, 8, 5, 6), stride=1)
    stem = resnet.RTDetrResNetEmbeddings(RTDetrResNetConfig(embedding_size=16))
    shapes = conv("conv1_1", 8, 3, 3) | conv("conv1_2", 8, 8, 3) | conv("conv1_3", 16, 8, 3)
    simple("stem/vd", stem, "backbone.conv1", shapes, (2, 3, 19, 26))


def hgnet_blocks():
    inner, padded = ("conv", "bn"), ("conv.1", "bn")
    stem = hgnet.HGNetV2Embeddings(HGNetV2Config(stem_channels=[3, 8, 12]))
    shapes = conv("stem1", 8, 3, 3, inner) | conv("stem2a", 4, 8, 2, padded) | conv("stem2b", 8, 4, 2, padded)
    shapes |= conv("stem3", 8, 16, 3, inner) | conv("stem4", 12, 8, 1, inner)
    simple("stem/hgnet", stem, "backbone.stem", shapes, (2, 3, 19, 26))
    for name, inputs, outputs, kernel, light, identity in (
        ("plain", 8, 12, 3, False, False),
        ("plain-identity", 12, 12, 3, False, True),
        ("light", 8, 12, 5, True, False),
        ("light-identity", 12, 12, 5, True, True),
    ):
        block = hgnet.HGNetV2BasicLayer(inputs, 6, outputs, 3, kernel, identity, light)
        shapes = {}
        for n in range(3):
            entering = 6 if n else inputs
            if light:
                shapes |= conv(f"layers.{n}.conv1", 6, entering, 1, inner)
                shapes |= conv(f"layers.{n}.conv2", 6, 1, kernel, inner)
            else:
                shapes |= conv(f"layers.{n}", 6, entering, kernel, inner)
        shapes |= conv("aggregation_squeeze_conv", outputs // 2, inputs + 18, 1, inner)
        shapes |= conv("aggregation_excitation_conv", outputs, outputs // 2, 1, inner)
        attributes = {"middle": 6, "layers": 3, "kernel": kernel, "light": light, "identity": identity}
        simple(f"hgnet/{name}", block, "backbone.stages.1.blocks.0", shapes, (2, inputs, 7, 5), **attributes)


def fusion():
    for name, expansion in (("narrow", 0.5), ("wide", 1.0)):
        hidden = int(FUSED * expansion)
        shapes = conv("conv1", hidden, 2 * FUSED, 1) | conv("conv2", hidden, 2 * FUSED, 1)
        for n in range(3):
            block = conv("conv1", hidden, hidden, 3) | conv("conv2", hidden, hidden, 1)
            if n == 0:
                module = hf.RTDetrRepVggBlock(RTDetrConfig(encoder_hidden_dim=FUSED, hidden_expansion=expansion))
                simple(f"repvgg/{name}", module, "encoder.fpn_blocks.0.bottlenecks.0", block, (2, hidden, 5, 4))
            shapes |= {f"bottlenecks.{n}.{key}": value for key, value in block.items()}
        if hidden != FUSED:
            shapes |= conv("conv3", FUSED, hidden, 1)
        module = hf.RTDetrCSPRepLayer(RTDetrConfig(encoder_hidden_dim=FUSED, hidden_expansion=expansion))
        simple(f"csp/{name}", module, "encoder.fpn_blocks.0", shapes, (2, 2 * FUSED, 5, 4), expansion=expansion)


@torch.no_grad()
def transformer():
    for name, count, size in (("square", 1, (4, 4)), ("wide", 2, (3, 5)), ("high", 1, (6, 2))):
        shapes = {}
        for n in range(count):
            layer = f"layers.{n}"
            shapes |= attention(f"{layer}.self_attn") | norm(f"{layer}.norm1") | norm(f"{layer}.norm2")
            shapes |= linear(f"{layer}.linear1", FEEDFORWARD, WIDTH) | linear(f"{layer}.linear2", WIDTH, FEEDFORWARD)
        module = hf.RTDetrAIFILayer(RTDetrConfig(**CONFIG, encoder_layers=count, attn_implementation="eager"))
        simple(f"aifi/{name}", module, "encoder.encoder.0", shapes, (2, WIDTH, *size), layers=count)

    levels, name = ((5, 6), (3, 3), (2, 1)), "decoder-layer"
    module = hf.RTDetrDecoderLayer(RTDetrConfig(**CONFIG, decoder_n_points=4, attn_implementation="eager"))
    shapes = attention("self_attn") | norm("norm1") | norm("norm2") | norm("norm3")
    shapes |= linear("linear1", FEEDFORWARD, WIDTH) | linear("linear2", WIDTH, FEEDFORWARD)
    rows = {"sampling_offsets": 192, "attention_weights": 96, "value_proj": WIDTH, "output_proj": WIDTH}
    for part, count in rows.items():
        shapes |= linear(f"cross_attn.{part}", count, WIDTH)
    state = fill(module, "decoder.decoder.layers.0", shapes)
    inputs = {
        "query": stream(name, "query", 2, 7, WIDTH),
        "query_pos": stream(name, "query_pos", 2, 7, WIDTH),
        "memory": stream(name, "memory", 2, sum(h * w for h, w in levels), WIDTH),
    }
    u = (stream(name, "reference", 2, 7, 4) / np.sqrt(3) + 1) / 2
    inputs["reference"] = torch.cat([u[..., :2], 0.05 + 0.4 * u[..., 2:]], -1).float().double()
    hidden = torch.zeros(7, 7, dtype=torch.bool)
    hidden[4:, :4] = hidden[:2, 2:4] = hidden[2:4, :2] = True
    sizes = torch.tensor(levels)
    output = module(
        inputs["query"],
        object_queries_position_embeddings=inputs["query_pos"],
        reference_points=inputs["reference"][:, :, None],
        spatial_shapes=sizes,
        spatial_shapes_list=list(levels),
        level_start_index=torch.cat([sizes.new_zeros(1), sizes.prod(1).cumsum(0)[:-1]]),
        encoder_hidden_states=inputs["memory"],
        encoder_attention_mask=torch.zeros(7, 7).double().masked_fill(hidden, -torch.inf),
    )
    add(name, output, {**inputs, "hidden": hidden}, state, levels=levels, points=4, heads=8)


if __name__ == "__main__":
    torch.set_num_threads(1)
    for part in (residual_blocks, hgnet_blocks, fusion, transformer):
        part()
    arrays = {name: np.ascontiguousarray(value.numpy()) for name, value in TENSORS.items()}
    (GOLDEN / "rtdetr-layers.safetensors").write_bytes(save(arrays))
    rows = ",\n".join(json.dumps(row) for row in CASES)
    (GOLDEN / "rtdetr-layers.json").write_text(f"[\n{rows}\n]\n")
