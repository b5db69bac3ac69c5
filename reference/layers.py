"""Every layer alone, at small size: test/golden/layers.safetensors and layers.json.

A case is a name, the attributes of the layer and tensors named CASE/input..., CASE/weights' own keys and CASE/output.
Inputs and weights are float32 from the rule (streams and keys in `stream` and `weights`, seed 1), outputs are what
PyTorch, torchvision or transformers make of them in float64. Masks are uint8; README.md says which value means what.
"""

import json

import numpy as np
import torch
from safetensors.numpy import save
from torch import nn
from torch.nn.functional import interpolate
from torchvision.models.resnet import BasicBlock, Bottleneck
from torchvision.ops import FrozenBatchNorm2d
from transformers import DetrConfig
from transformers.models.detr import modeling_detr as hf

from detr import hf_layer_state
from rule import GOLDEN, rule_state_dict, uniform

SEED = 1
TENSORS, CASES = {}, []


def stream(case: str, name: str, *shape) -> torch.Tensor:
    """Input of unit variance: float32(sqrt(3) u) of the stream ("CASE/NAME", 1), as float64."""
    return torch.from_numpy(np.float32(np.sqrt(np.float64(3)) * uniform(f"{case}/{name}", shape, SEED))).double()


def weights(shapes: dict) -> dict:
    """Rule weights of a layer whose keys are `shapes`' keys, as float64 tensors."""
    return {key: torch.from_numpy(value).double() for key, value in rule_state_dict(shapes, SEED).items()}


def fill(module: nn.Module) -> dict:
    """Fills the module from the rule under its own keys and returns what it was filled with."""
    state = weights({key: value.shape for key, value in module.state_dict().items()})
    module.load_state_dict(state)
    return state


def add(case: str, output: torch.Tensor, inputs: dict, state=None, **attributes):
    """Records a case. Inputs and weights must be exact in float32."""
    for name, value in {**inputs, **(state or {})}.items():
        kept = value.to(torch.uint8) if value.dtype in (torch.bool, torch.uint8) else value.float()
        assert torch.equal(kept.to(value.dtype), value), f"{case}/{name} is not exact"
        TENSORS[f"{case}/{name}"] = kept
    TENSORS[f"{case}/output"] = output
    CASES.append({"name": case, "inputs": list(inputs), "weights": list(state or {}), "attributes": attributes})


def convolutions():
    for name, size, inputs, outputs, kernel, stride, padding, dilation, bias in (
        ("3x3", (7, 9), 6, 8, 3, 1, 1, 1, True),
        ("3x3-stride2", (8, 11), 6, 8, 3, 2, 1, 1, False),
        ("3x3-dilation2", (7, 6), 6, 8, 3, 1, 2, 2, False),
        ("1x1", (5, 4), 12, 10, 1, 1, 0, 1, True),
        ("1x1-stride2", (7, 6), 12, 10, 1, 2, 0, 1, False),
        ("7x7-stride2", (17, 20), 3, 6, 7, 2, 3, 1, False),
    ):
        case = f"conv2d/{name}"
        layer = nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, bias=bias).double()
        state, x = fill(layer), stream(case, "input", 2, inputs, *size)
        add(case, layer(x), {"input": x}, state, kernel=kernel, stride=stride, padding=padding, dilation=dilation)


def pools():
    for height, width in ((1, 1), (2, 3), (7, 10), (13, 8)):
        case = f"max-pool/{height}x{width}"
        x = stream(case, "input", 2, 3, height, width)
        add(case, nn.functional.max_pool2d(x, 3, 2, 1), {"input": x}, kernel=3, stride=2, padding=1)


def dense_and_norms():
    layer = nn.Linear(24, 16).double()
    state, x = fill(layer), stream("linear/batch", "input", 2, 5, 24)
    add("linear/batch", layer(x), {"input": x}, state)

    head = hf.DetrMLPPredictionHead(16, 20, 4, 3).double()
    state, x = fill(head), stream("mlp/three-layers", "input", 2, 5, 16)
    add("mlp/three-layers", head(x), {"input": x}, state, layers=3)

    # Variances near eps show which eps is used, and whether it stands inside the square root.
    for name, scale in (("unit", 1.0), ("small-variance", 2.0**-9)):
        case = f"layer-norm/{name}"
        layer = nn.LayerNorm(16).double()
        state, x = fill(layer), stream(case, "input", 3, 4, 16) * scale
        add(case, layer(x), {"input": x}, state, eps=layer.eps)
    for name, scale in (("rule", 1.0), ("small-variance", 2.0**-10)):
        case = f"frozen-batch-norm/{name}"
        layer = FrozenBatchNorm2d(6).double()
        state, x = fill(layer), stream(case, "input", 2, 6, 4, 5) * scale**0.5
        state["running_var"] = state["running_var"] * scale
        layer.load_state_dict(state)
        add(case, layer(x), {"input": x}, state, eps=layer.eps)


def attention():
    width, heads = 24, 3
    layer = nn.MultiheadAttention(width, heads, batch_first=True).double().eval()
    state = fill(layer)
    padding = torch.arange(7)[None] >= torch.tensor([[7], [4]])
    for case, query_length, memory_length, mask in (
        ("attention/self", 7, None, None),
        ("attention/self-padded", 7, None, padding),
        ("attention/cross", 5, 7, None),
        ("attention/cross-padded", 5, 7, padding),
    ):
        inputs = {"query": stream(case, "query", 2, query_length, width)}
        inputs["query_pos"] = stream(case, "query_pos", 2, query_length, width)
        q = inputs["query"] + inputs["query_pos"]
        if memory_length is None:
            k, v = q, inputs["query"]
        else:
            inputs["memory"] = stream(case, "memory", 2, memory_length, width)
            inputs["memory_pos"] = stream(case, "memory_pos", 2, memory_length, width)
            k, v = inputs["memory"] + inputs["memory_pos"], inputs["memory"]
        if mask is not None:
            inputs["padding"] = mask
        output, _ = layer(q, k, v, key_padding_mask=mask, need_weights=False)
        add(case, output, inputs, state, heads=heads)


def positions():
    def encode(mask, features, temperature):
        shape = torch.Size([*mask.shape[:1], 1, *mask.shape[1:]])
        layer = hf.DetrSinePositionEmbedding(features, temperature, normalize=True)
        return layer(shape, torch.device("cpu"), torch.float64, mask)

    padded = torch.zeros(2, 5, 7, dtype=torch.bool)
    padded[0, :5, :4] = True
    padded[1, :3, :7] = True
    for name, mask, features, temperature in (
        ("padded", padded, 16, 10000),
        ("padded-temperature20", padded, 16, 20),
        ("128-features", padded[:1, :2, :3], 128, 10000),
        # In one row or column the count is 1, and eps 1e-6 moves sin(2 pi / (1 + eps)) by itself times 2 pi.
        ("one-by-one", torch.ones(1, 1, 1, dtype=torch.bool), 16, 10000),
        ("one-row", torch.ones(1, 1, 4, dtype=torch.bool), 16, 10000),
    ):
        attributes = {"features": features, "temperature": temperature, "eps": 1e-6}
        add(f"position-sine/{name}", encode(mask, features, temperature), {"valid": mask}, **attributes)


def transformer_layers():
    width, heads, hidden = 24, 3, 40
    config = DetrConfig(
        d_model=width,
        encoder_attention_heads=heads,
        decoder_attention_heads=heads,
        encoder_ffn_dim=hidden,
        decoder_ffn_dim=hidden,
        attn_implementation="eager",
    )

    def shapes(attentions):
        out = {}
        for name in attentions:
            out.update({f"{name}.in_proj_weight": (3 * width, width), f"{name}.in_proj_bias": (3 * width,)})
            out.update({f"{name}.out_proj.weight": (width, width), f"{name}.out_proj.bias": (width,)})
        out.update({"linear1.weight": (hidden, width), "linear1.bias": (hidden,)})
        out.update({"linear2.weight": (width, hidden), "linear2.bias": (width,)})
        for n in range(1, len(attentions) + 2):
            out.update({f"norm{n}.weight": (width,), f"norm{n}.bias": (width,)})
        return out

    def load(layer, attentions):
        state = weights(shapes(attentions))
        split = hf_layer_state({key: value.numpy() for key, value in state.items()})
        layer.double().eval().load_state_dict({key: torch.from_numpy(value.copy()) for key, value in split.items()})
        return state

    padding = torch.arange(7)[None] >= torch.tensor([[7], [4]])
    additive = torch.zeros(2, 1, 1, 7, dtype=torch.float64)
    additive.masked_fill_(padding[:, None, None], torch.finfo(torch.float64).min)
    attributes = {"heads": heads, "hidden": hidden}

    case, layer = "encoder-layer/padded", hf.DetrEncoderLayer(config)
    state = load(layer, ["self_attn"])
    inputs = {"input": stream(case, "input", 2, 7, width), "pos": stream(case, "pos", 2, 7, width), "padding": padding}
    add(case, layer(inputs["input"], additive, inputs["pos"]), inputs, state, **attributes)

    case, layer = "decoder-layer/padded", hf.DetrDecoderLayer(config)
    state = load(layer, ["self_attn", "multihead_attn"])
    inputs = {name: stream(case, name, 2, 5, width) for name in ("input", "query_pos")}
    inputs.update({name: stream(case, name, 2, 7, width) for name in ("memory", "memory_pos")})
    output = layer(
        inputs["input"],
        spatial_position_embeddings=inputs["memory_pos"],
        object_queries_position_embeddings=inputs["query_pos"],
        encoder_hidden_states=inputs["memory"],
        encoder_attention_mask=additive,
    )
    add(case, output, {**inputs, "padding": padding}, state, **attributes)


def residual_blocks():
    for name, block, inputs, planes, stride, dilation in (
        ("bottleneck/plain", Bottleneck, 16, 4, 1, 1),
        ("bottleneck/stride2", Bottleneck, 8, 4, 2, 1),
        ("bottleneck/projection", Bottleneck, 8, 4, 1, 1),
        ("bottleneck/dilation2", Bottleneck, 16, 4, 1, 2),
        ("basic-block/plain", BasicBlock, 6, 6, 1, 1),
        ("basic-block/stride2", BasicBlock, 6, 8, 2, 1),
    ):
        outputs, projection = planes * block.expansion, None
        if stride != 1 or inputs != outputs:
            projection = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), FrozenBatchNorm2d(outputs))
        layer = block(inputs, planes, stride, projection, dilation=dilation, norm_layer=FrozenBatchNorm2d).double()
        state, x = fill(layer), stream(name, "input", 2, inputs, 7, 10)
        add(name, layer(x), {"input": x}, state, stride=stride, dilation=dilation, planes=planes)


def nearest():
    """Source index of every target position. From images to feature maps there is nothing to round; the last pairs are
    those where float32 makes the index differ from floor(target * in / out) in exact arithmetic."""
    sizes = (1, 31, 33, 231, 320, 343, 417, 800, 1066)
    pairs = [(size, -(-size // stride)) for stride in (4, 16, 32) for size in sizes]
    every = ((size, out) for size in range(300, 500) for out in range(5, 60))
    traps = [pair for pair in every if indices(*pair) != floor(*pair)][:12]
    pairs += [(10, 10), (3, 7), (100, 7), *traps]
    TENSORS["nearest/pairs"] = torch.tensor(pairs, dtype=torch.int32)
    TENSORS["nearest/output"] = torch.tensor([index for pair in pairs for index in indices(*pair)], dtype=torch.int32)
    CASES.append({"name": "nearest", "inputs": ["pairs"], "weights": [], "attributes": {"traps": len(traps)}})


def indices(size: int, out: int) -> list:
    return interpolate(torch.arange(size).float()[None, None, None], size=(1, out)).long().flatten().tolist()


def floor(size: int, out: int) -> list:
    return [target * size // out for target in range(out)]


if __name__ == "__main__":
    torch.set_num_threads(1)
    with torch.inference_mode():
        for part in (convolutions, pools, dense_and_norms, attention, positions, transformer_layers, residual_blocks):
            part()
    nearest()
    arrays = {name: np.ascontiguousarray(value.numpy()) for name, value in TENSORS.items()}
    (GOLDEN / "layers.safetensors").write_bytes(save(arrays))
    rows = ",\n".join(json.dumps(case) for case in CASES)
    (GOLDEN / "layers.json").write_text(f"[\n{rows}\n]\n")
