"""DETR R50, R50-DC5, R101 and R101-DC5 of transformers, filled by the rule, and their golden files.

    python reference/detr.py [VARIANT ...]   writes test/golden/detr/VARIANT.safetensors and its part of index.json
    python reference/detr.py --full          writes test/golden/detr/detr-r50-full.safetensors (800x1066, 480x640)

The golden values are those of the network in float64 with float32 weights; beside them stands what the very same code
loses in float32 on the machine that wrote the file, which is what our own float32 is measured by. README.md describes
the files. The weights are generated for the keys of the official checkpoints and renamed here.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save
from transformers import DetrConfig, DetrForObjectDetection

from rule import GOLDEN, projection, rule_image, rule_state_dict, sample_indices

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
QUERY_STRIDE, PROJECTIONS, SAMPLES = 5, 8, 64


@dataclass(frozen=True)
class Variant:
    backbone: str
    blocks: tuple
    dilation: bool


VARIANTS = {
    "detr-r50": Variant("resnet50", (3, 4, 6, 3), False),
    "detr-r50-dc5": Variant("resnet50", (3, 4, 6, 3), True),
    "detr-r101": Variant("resnet101", (3, 4, 23, 3), False),
    "detr-r101-dc5": Variant("resnet101", (3, 4, 23, 3), True),
}

# Images of a case as (seed, height, width); several are padded at the right and the bottom to one size.
CASES = {
    "even": ((1, 256, 320),),
    "odd": ((2, 417, 353),),
    "padded": ((3, 320, 288), (4, 231, 343)),
}
FULL_CASES = {"800x1066": ((5, 800, 1066),), "480x640": ((6, 480, 640),)}


def official_shapes(variant: Variant) -> dict:
    """Key -> shape of the official checkpoint."""
    shapes = {}

    def norm(name, width, parts=("weight", "bias")):
        shapes.update({f"{name}.{part}": (width,) for part in parts})

    def linear(name, outputs, *inputs):
        shapes.update({f"{name}.weight": (outputs, *inputs), f"{name}.bias": (outputs,)})

    def attention(name):
        shapes.update({f"{name}.in_proj_weight": (768, 256), f"{name}.in_proj_bias": (768,)})
        linear(f"{name}.out_proj", 256, 256)

    frozen = ("weight", "bias", "running_mean", "running_var")
    body = "backbone.0.body"
    shapes[f"{body}.conv1.weight"] = (64, 3, 7, 7)
    norm(f"{body}.bn1", 64, frozen)
    channels = 64
    for stage, blocks in enumerate(variant.blocks, 1):
        width = 32 << stage
        for j in range(blocks):
            block = f"{body}.layer{stage}.{j}"
            convs = ((width, channels, 1), (width, width, 3), (4 * width, width, 1))
            for n, (outputs, inputs, size) in enumerate(convs, 1):
                shapes[f"{block}.conv{n}.weight"] = (outputs, inputs, size, size)
                norm(f"{block}.bn{n}", outputs, frozen)
            if j == 0:
                shapes[f"{block}.downsample.0.weight"] = (4 * width, channels, 1, 1)
                norm(f"{block}.downsample.1", 4 * width, frozen)
            channels = 4 * width
    linear("input_proj", 256, channels, 1, 1)
    shapes["query_embed.weight"] = (100, 256)
    for half, attentions in (("encoder", ["self_attn"]), ("decoder", ["self_attn", "multihead_attn"])):
        for i in range(6):
            layer = f"transformer.{half}.layers.{i}"
            for name in attentions:
                attention(f"{layer}.{name}")
            linear(f"{layer}.linear1", 2048, 256)
            linear(f"{layer}.linear2", 256, 2048)
            for n in range(1, len(attentions) + 2):
                norm(f"{layer}.norm{n}", 256)
    norm("transformer.decoder.norm", 256)
    linear("class_embed", 92, 256)
    for n, outputs in enumerate((256, 256, 4)):
        linear(f"bbox_embed.layers.{n}", outputs, 256)
    return shapes


RENAMES = (
    ("backbone.0.body.", "model.backbone.model."),
    ("input_proj.", "model.input_projection."),
    ("query_embed.", "model.query_position_embeddings."),
    ("class_embed.", "class_labels_classifier."),
    ("bbox_embed.", "bbox_predictor."),
    ("transformer.decoder.norm.", "model.decoder.layernorm."),
    ("transformer.", "model."),
)
LAYER_RENAMES = {
    "linear1": "mlp.fc1",
    "linear2": "mlp.fc2",
    "multihead_attn": "encoder_attn",
    "out_proj": "o_proj",
    "norm1": "self_attn_layer_norm",
}


def hf_layer_state(official: dict) -> dict:
    """One encoder's or decoder's layer (keys below `layers.{i}.`) in transformers' in-memory names."""
    is_decoder = any(key.startswith("norm3") for key in official)
    norm2 = "encoder_attn_layer_norm" if is_decoder else "final_layer_norm"
    names = {**LAYER_RENAMES, "norm2": norm2, "norm3": "final_layer_norm"}
    out = {}
    for key, value in official.items():
        module, _, leaf = key.rpartition(".")
        path = ".".join(names.get(part, part) for part in module.split("."))
        if leaf.startswith("in_proj_"):
            for part, rows in zip("qkv", np.split(value, 3)):
                out[f"{path}.{part}_proj.{leaf.removeprefix('in_proj_')}"] = rows
        else:
            out[f"{path}.{leaf}"] = value
    return out


def hf_state_dict(official: dict) -> dict:
    """An official checkpoint in transformers' in-memory names."""
    out, layers = {}, {}
    for key, value in official.items():
        old, new = next((pair for pair in RENAMES if key.startswith(pair[0])))
        key = new + key.removeprefix(old)
        parts = key.split(".")
        if parts[2:3] == ["layers"]:
            layers.setdefault(".".join(parts[:4]), {})[".".join(parts[4:])] = value
        else:
            out[key] = value
    for prefix, layer in layers.items():
        out.update({f"{prefix}.{key}": value for key, value in hf_layer_state(layer).items()})
    return out


def build(variant: Variant, seed: int, attention: str = "eager") -> DetrForObjectDetection:
    """The model with rule weights, float32, in inference mode. `auxiliary_loss` stays off: with it, transformers feeds
    the normalised state of each decoder layer to the next one, unlike the paper's code. `attention` is "eager", written
    out, or "sdpa", PyTorch's fused kernel."""
    config = DetrConfig(
        backbone=variant.backbone,
        use_timm_backbone=True,
        use_pretrained_backbone=False,
        dilation=variant.dilation,
        num_labels=91,
        auxiliary_loss=False,
        attn_implementation=attention,
    )
    model = DetrForObjectDetection(config).eval()
    state = hf_state_dict(rule_state_dict(official_shapes(variant), seed))
    model.load_state_dict({key: torch.from_numpy(np.ascontiguousarray(value)) for key, value in state.items()})
    return model


def batch(images, dtype):
    """Images (seed, height, width) as the normalised, padded pixels [B, 3, H, W] and the mask [B, H, W], 1 = valid.
    Normalising happens in `dtype`: x / 255, minus mean, over standard deviation."""
    height, width = max(image[1] for image in images), max(image[2] for image in images)
    pixels = torch.zeros(len(images), 3, height, width, dtype=dtype)
    mask = torch.zeros(len(images), height, width, dtype=torch.long)
    mean, std = (torch.tensor(values, dtype=dtype)[:, None, None] for values in (MEAN, STD))
    for n, (seed, h, w) in enumerate(images):
        planes = torch.from_numpy(rule_image(seed, h, w)).permute(2, 0, 1)
        pixels[n, :, :h, :w] = (planes.to(dtype) / 255 - mean) / std
        mask[n, :h, :w] = 1
    return pixels, mask


@torch.inference_mode()
def run(model, pixels, mask):
    """(logits [6, B, Q, 92], boxes [6, B, Q, 4], probes: name -> tensor) of every decoder layer."""
    states, probes = [], {}
    detr = model.model
    body = detr.backbone.model
    watched = {
        "stem": body.maxpool,
        **{f"layer{n}": body[f"layer{n}"] for n in (1, 2, 3, 4)},
        "input_proj": detr.input_projection,
        "position": detr.position_embedding,
        **{f"encoder.{i}": layer for i, layer in enumerate(detr.encoder.layers)},
    }

    def keep(name):
        return lambda module, inputs, output: probes.update({name: output})

    hooks = [module.register_forward_hook(keep(name)) for name, module in watched.items()]
    hooks.append(detr.backbone.register_forward_hook(lambda module, inputs, output: probes.update(mask=output[-1][1])))
    for layer in detr.decoder.layers:
        hooks.append(layer.register_forward_hook(lambda module, inputs, output: states.append(output)))
    out = model(pixel_values=pixels, pixel_mask=mask)
    for hook in hooks:
        hook.remove()
    hidden = detr.decoder.layernorm(torch.stack(states))
    logits = model.class_labels_classifier(hidden)
    boxes = model.bbox_predictor(hidden).sigmoid()
    assert torch.allclose(logits[-1], out.logits, atol=1e-4) and torch.allclose(boxes[-1], out.pred_boxes, atol=1e-5)
    return logits, boxes, probes


def error(ours, exact):
    """Largest and root-mean-square difference per layer (first dimension)."""
    difference = (ours.double() - exact).flatten(1)
    return difference.abs().amax(1), difference.pow(2).mean(1).sqrt()


def describe(model, exact_model, images):
    """(tensors, statistics) of one case."""
    pixels, mask = batch(images, torch.float64)
    logits, boxes, probes = run(exact_model, pixels, mask)
    pixels32, _ = batch(images, torch.float32)
    runs = []
    for n in range(4):  # one run may be lucky: three more with a relative image noise of 1e-7
        noise = torch.randn(pixels32.shape, generator=torch.Generator().manual_seed(n)) if n else 0
        runs.append(run(model, pixels32 * (1 + 1e-7 * noise), mask))
    tensors = {"mask": probes.pop("mask").to(torch.uint8)}
    statistics = {
        "images": [dict(zip(("seed", "height", "width"), image)) for image in images],
        "height": pixels.shape[2],
        "width": pixels.shape[3],
    }
    for n, (name, exact) in enumerate((("logits", logits), ("boxes", boxes))):
        errors = [error(one[n], exact) for one in runs]
        tensors[name] = exact[:, :, ::QUERY_STRIDE].to(torch.float32 if name == "logits" else torch.float64)
        vectors = np.stack([projection(j, exact.shape[1:]).reshape(-1) for j in range(PROJECTIONS)])
        tensors[f"{name}.projections"] = torch.from_numpy(exact.flatten(1).numpy() @ vectors.T)
        statistics[name] = {
            "shape": list(exact.shape),
            "std": exact.std(2).mean((1, 2)).tolist(),
            "maxError": errors[0][0].tolist(),
            "rmsError": errors[0][1].tolist(),
            "maxErrorOf4": torch.stack([largest for largest, _ in errors]).amax(0).tolist(),
        }
    statistics["probes"] = {}
    for name, exact in probes.items():
        positions = torch.from_numpy(sample_indices(SAMPLES, exact.numel()))
        tensors[f"probe.{name}"] = exact.flatten()[positions]
        (largest,), (typical,) = error(runs[0][2][name][None], exact[None])
        statistics["probes"][name] = {
            "shape": list(exact.shape),
            "rms": exact.pow(2).mean().sqrt().item(),
            "maxError": largest.item(),
            "rmsError": typical.item(),
        }
    return tensors, statistics


def accepted(statistics: dict) -> bool:
    """Queries differ enough for mistakes to show, and float32 is good enough to see them."""
    logits, boxes = statistics["logits"], statistics["boxes"]
    return logits["std"][-1] >= 0.2 and boxes["std"][-1] >= 0.02 and max(logits["maxErrorOf4"]) <= 5e-4


def rounded(value):
    """Statistics are read by people, too: four significant digits."""
    if isinstance(value, dict):
        return {key: rounded(part) for key, part in value.items()}
    if isinstance(value, list):
        return [rounded(part) for part in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def write(name: str, variant_name: str, cases: dict):
    variant = VARIANTS[variant_name]
    for seed in range(1, 10):
        model = build(variant, seed)
        exact_model = build(variant, seed).double()
        described = {case: describe(model, exact_model, images) for case, images in cases.items()}
        if all(accepted(statistics) for _, statistics in described.values()):
            break
        print(f"{name}: seed {seed} refused")
    else:
        raise SystemExit(f"{name}: no seed gives usable outputs")
    folder = GOLDEN / "detr"
    folder.mkdir(parents=True, exist_ok=True)
    flat = {f"{case}.{key}": value for case, (tensors, _) in described.items() for key, value in tensors.items()}
    arrays = {key: np.ascontiguousarray(value.numpy()) for key, value in flat.items()}
    (folder / f"{name}.safetensors").write_bytes(save(arrays))
    index_path = folder / "index.json"
    index = json.loads(index_path.read_text()) if index_path.exists() else {}
    cases_index = {case: rounded(statistics) for case, (_, statistics) in described.items()}
    index[name] = {"variant": variant_name, "seed": seed, "queryStride": QUERY_STRIDE, "cases": cases_index}
    index_path.write_text(json.dumps(dict(sorted(index.items())), indent=1) + "\n")
    for case, statistics in cases_index.items():
        for kind in ("logits", "boxes"):
            row = statistics[kind]
            print(name, case, kind, "std", row["std"][-1], "error", row["maxError"], "of 4 runs", row["maxErrorOf4"])


def main():
    parser = argparse.ArgumentParser(description="Write the DETR golden files.")
    parser.add_argument("variants", nargs="*", metavar="VARIANT", help=f"{', '.join(VARIANTS)}; default: all four")
    parser.add_argument("--full", action="store_true", help="DETR-R50 at photo size instead")
    options = parser.parse_args()
    if unknown := set(options.variants) - set(VARIANTS):
        parser.error(f"expected {', '.join(VARIANTS)}, got {', '.join(unknown)}")
    torch.set_num_threads(1)
    if options.full:
        write("detr-r50-full", "detr-r50", FULL_CASES)
    else:
        for name in options.variants or VARIANTS:
            write(name, name, CASES)


if __name__ == "__main__":
    main()
