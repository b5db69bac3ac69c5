"""Weights and images from a rule: a deterministic function of (key, shape, seed), written once here and once in
test/support/rule.ts, so that a 41-million-number checkpoint needs no file. Both give the same bits.

Integers are uint32 with wrap-around, real arithmetic is float64 in exactly the order written below, and every value
is rounded once to float32. No logarithm, sine or normal distribution.

    fnv(s)    32-bit FNV-1a of the UTF-8 bytes of s
    mix(h)    h ^= h >> 16; h *= 0x85ebca6b; h ^= h >> 13; h *= 0xc2b2ae35; h ^= h >> 16
    k         mix(fnv(key) ^ seed)
    u[i]      (mix(mix(i) ^ k) >> 8) * 2^-23 - 1, i the row-major index: uniform in [-1, 1), exact in float32
    d         (u[o, c, ...] - u[o, (c + 1) mod C, ...]) / sqrt(2) for tensors of two and more dimensions whose second
              one is C > 4 and whose key does not end in "embed.weight" (each filter then sums to zero over its input
              channels); u otherwise. Note that this excepts DETR's class_embed.weight, too.
    fan       product of all dimensions but the first

The factors are in `_rule_of`; keys are those of the official checkpoints. With plain fan-in scaling all queries give
the same box and wrong code goes unseen; with sharper attention float32 itself is off by more than any tolerance. So it
is in deep residual stages, where every block enlarges what float32 lost: ResNet-101's 23 blocks gave 5e-3 to 2e-2 of
error in the logits, against 2e-4 in ResNet-50, whatever the seed. In stages of more than six blocks the last norm of
each block is therefore halved, which brings it back to 2e-4. In RT-DETR's ResNets this holds for stages of six blocks,
too: without it ResNet-34 gave 1e-3 to 2e-3.

Run as a script, it writes test/golden/rule.json, which holds the TypeScript twin to the same bits.
"""

import hashlib
import json
import re
import sys
from pathlib import Path

import numpy as np

SQRT2 = np.sqrt(np.float64(2))
GOLDEN = Path(__file__).resolve().parent.parent / "test" / "golden"


def fnv1a(text: str) -> int:
    """32-bit FNV-1a hash of the UTF-8 bytes."""
    value = 0x811C9DC5
    for byte in text.encode():
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def mix(value):
    """MurmurHash3's finaliser over a uint32 array."""
    h = np.array(value, dtype=np.uint32, ndmin=1)
    h ^= h >> np.uint32(16)
    h *= np.uint32(0x85EBCA6B)
    h ^= h >> np.uint32(13)
    h *= np.uint32(0xC2B2AE35)
    h ^= h >> np.uint32(16)
    return h


def stream_key(name: str, seed: int) -> np.uint32:
    """The stream's 32-bit key for a name and a seed."""
    return mix(fnv1a(name) ^ (seed & 0xFFFFFFFF))[0]


def uniform(name: str, shape, seed: int) -> np.ndarray:
    """u of the stream (name, seed) in row-major order: float64 in [-1, 1)."""
    count = int(np.prod(shape, dtype=np.int64))
    bits = mix(mix(np.arange(count, dtype=np.uint32)) ^ stream_key(name, seed)) >> np.uint32(8)
    return (bits * np.float64(2.0**-23) - 1).reshape(shape)


def _is_embedding(key: str) -> bool:
    """query_embed.weight, denoising_class_embed.weight, tgt_embed.weight, level_embed; not class_embed.weight."""
    if re.search(r"(^|\.)class_embed\.weight$", key):
        return False
    return bool(re.search(r"embed\.weight$|(^|\.)level_embed$", key))


# Last norms of residual blocks: what stands before and after the block's number, and the number that a deep stage has.
_DEEP_STAGES = (
    (re.compile(r"(.*\blayer\d+\.)\d+(\.bn3\.weight)"), 6),
    (re.compile(r"(.*\bres_layers\.\d+\.blocks\.)\d+(\.branch2[bc]\.norm\.weight)"), 5),
)


def _ends_block_of_deep_stage(key: str, keys) -> bool:
    """The last norm of a residual block in a deep stage, in DETR's (bottlenecks) and in RT-DETR's names."""
    for pattern, number in _DEEP_STAGES:
        if (match := pattern.fullmatch(key)) and f"{match[1]}{number}{match[2]}" in keys:
            return key.replace("branch2b", "branch2c") not in keys or "branch2b" not in key
    return False


def _rule_of(key: str, shape, keys):
    """(offset, factor, scale of q and k rows) of value = float32(offset + factor * d); None: the tensor is zero.
    For running_var the value is float32(0.02 * (1 + 0.5 u))."""
    fan = np.float64(np.prod(shape[1:], dtype=np.int64))
    if key.endswith("num_batches_tracked"):
        return None
    if key.endswith("running_mean"):
        return 0.0, 0.014, 1.0
    if key.endswith("bias"):
        if "sampling_offsets" in key:
            return 0.0, 3.0, 1.0
        if "attention_weights" in key or re.search(r"(^|\.)(class_embed|\w*score_head)(\.\d+)*\.bias$", key):
            return 0.0, 0.5, 1.0
        return 0.0, 0.1, 1.0
    if len(shape) == 1:
        if key.endswith("activation.weight"):  # the slope of a PReLU
            return 0.25, 0.1, 1.0
        return (0.5, 0.25, 1.0) if _ends_block_of_deep_stage(key, keys) else (1.0, 0.5, 1.0)
    if _is_embedding(key):
        return 0.0, np.sqrt(np.float64(3)), 1.0
    if len(shape) == 4 and key[: -len("weight")] + "bias" not in keys:
        return 0.0, np.sqrt(6 / fan) * np.sqrt(np.float64(0.02 * 0.65)) * (3.0 if shape[1] == 3 else 1.0), 1.0
    gain = np.sqrt(3 / fan)
    if key.endswith("in_proj_weight"):
        return 0.0, gain, 1.25
    if key.endswith("out_proj.weight") or "sampling_offsets" in key:
        return 0.0, 0.5 * gain, 1.0
    if re.search(r"(^|\.)(class_embed|\w*score_head)(\.\d+)*\.weight$", key):
        return 0.0, 2 * gain, 1.0
    if "bbox" in key and shape[0] == 4:
        # Layers that refine a reference (RT-DETR's bbox_head, bbox_embed with one head per layer) get a small step.
        refines = re.search(r"bbox_head|bbox_embed\.\d+\.", key)
        return 0.0, (0.2 if refines else 1.0) * gain, 1.0
    return 0.0, gain, 1.0


def rule_tensor(key: str, shape, seed: int, keys=()) -> np.ndarray:
    """The tensor `key` of a checkpoint whose keys are `keys` (they tell a convolution without a bias): float32;
    int64 zeros for num_batches_tracked."""
    shape = tuple(int(n) for n in shape)
    rule = _rule_of(key, shape, keys)
    if key.endswith("running_var"):
        return np.float32(0.02 * (1 + 0.5 * uniform(key, shape, seed)))
    if rule is None:
        return np.zeros(shape, np.int64)
    offset, factor, qk = rule
    d = uniform(key, shape, seed)
    if len(shape) >= 2 and shape[1] > 4 and not key.endswith("embed.weight") and not _is_embedding(key):
        d = (d - np.roll(d, -1, axis=1)) / SQRT2
    if qk != 1.0:
        rows = shape[0] // 3 * 2
        return np.concatenate([np.float32(factor * qk * d[:rows]), np.float32(factor * d[rows:])])
    return np.float32(offset + factor * d)


def rule_state_dict(shapes: dict, seed: int) -> dict:
    """All tensors of a checkpoint given as key -> shape."""
    return {key: rule_tensor(key, shape, seed, shapes) for key, shape in shapes.items()}


def rule_image(seed: int, height: int, width: int) -> np.ndarray:
    """A picture with detail at every stride, as uint8 [height, width, 3].

    For s in 64, 16, 4, 1: b_s[c, y, x] = (u[i] + 1) / 2 of the stream ("image.<s>", seed) with
    i = (c * ceil(height / s) + floor(y / s)) * ceil(width / s) + floor(x / s), and
    pixel = floor(255 * (((0.3 b_64 + 0.3 b_16) + 0.25 b_4) + 0.15 b_1) + 0.5).
    As float, a golden image is exactly float32(pixel / 255).
    """
    total = np.zeros((3, height, width))
    for size, weight in ((64, 0.3), (16, 0.3), (4, 0.25), (1, 0.15)):
        grid = (uniform(f"image.{size}", (3, -(-height // size), -(-width // size)), seed) + 1) / 2
        total = total + weight * grid.repeat(size, 1).repeat(size, 2)[:, :height, :width]
    return np.ascontiguousarray(np.floor(255 * total + 0.5).astype(np.uint8).transpose(1, 2, 0))


def projection(index: int, shape) -> np.ndarray:
    """Random vector `index` of unit variance: r[i] = sqrt(3) * u[i] of the stream ("projection.<index>", 0)."""
    return np.sqrt(np.float64(3)) * uniform(f"projection.{index}", shape, 0)


def sample_indices(count: int, size: int) -> np.ndarray:
    """`count` positions in a flat tensor of `size`: floor((u[j] + 1) / 2 * size), stream ("sample", 0)."""
    return np.floor((uniform("sample", (count,), 0) + 1) / 2 * size).astype(np.int64)


def _golden() -> dict:
    conv, tracked = "backbone.0.body.conv1.weight", "backbone.0.body.layer1.0.downsample.1.num_batches_tracked"
    layer = "transformer.decoder.layers.3"
    tensors = [
        ("backbone.0.body.bn1.running_var", [64]),
        ("backbone.0.body.bn1.running_mean", [64]),
        ("backbone.0.body.bn1.weight", [64]),
        ("backbone.0.body.bn1.bias", [64]),
        (conv, [64, 3, 7, 7]),
        ("backbone.0.body.layer2.0.conv2.weight", [16, 24, 3, 3]),
        ("backbone.0.body.layer2.5.bn3.weight", [64]),
        ("backbone.0.body.layer3.0.bn3.weight", [64]),
        ("backbone.0.body.layer3.6.bn3.weight", [64]),
        ("backbone.0.body.layer3.6.bn2.weight", [64]),
        ("backbone.res_layers.1.blocks.3.branch2c.norm.weight", [64]),
        ("backbone.res_layers.2.blocks.0.branch2c.norm.weight", [64]),
        ("backbone.res_layers.2.blocks.5.branch2c.norm.weight", [64]),
        ("backbone.res_layers.2.blocks.5.branch2b.norm.weight", [64]),
        ("backbone.res_layers.3.blocks.5.branch2b.norm.weight", [64]),
        ("backbone.res_layers.3.blocks.5.branch2a.norm.weight", [64]),
        ("input_proj.weight", [32, 64, 1, 1]),
        ("input_proj.bias", [32]),
        (f"{layer}.self_attn.in_proj_weight", [96, 32]),
        (f"{layer}.self_attn.in_proj_bias", [96]),
        (f"{layer}.self_attn.out_proj.weight", [32, 32]),
        (f"{layer}.linear1.weight", [48, 32]),
        (f"{layer}.norm1.weight", [32]),
        (f"{layer}.activation.weight", [1]),
        (f"{layer}.cross_attn.output_proj.weight", [32, 32]),
        (f"{layer}.cross_attn.value_proj.weight", [32, 32]),
        (f"{layer}.cross_attn.sampling_offsets.weight", [64, 32]),
        (f"{layer}.cross_attn.sampling_offsets.bias", [64]),
        (f"{layer}.cross_attn.attention_weights.weight", [32, 32]),
        (f"{layer}.cross_attn.attention_weights.bias", [32]),
        ("class_embed.weight", [92, 32]),
        ("class_embed.bias", [92]),
        ("decoder.dec_score_head.2.weight", [80, 32]),
        ("decoder.dec_score_head.2.bias", [80]),
        ("bbox_embed.layers.2.weight", [4, 32]),
        ("bbox_embed.layers.2.bias", [4]),
        ("bbox_embed.5.layers.2.weight", [4, 32]),
        ("decoder.dec_bbox_head.2.layers.2.weight", [4, 32]),
        ("query_embed.weight", [100, 32]),
        ("decoder.denoising_class_embed.weight", [81, 32]),
        ("transformer.level_embed", [4, 32]),
        (tracked, []),
    ]
    shapes, entries = dict(tensors), []
    for seed in (1, 0xFFFFFFFF):
        for key, value in rule_state_dict(shapes, seed).items():
            first, digest = value.reshape(-1)[:8].tobytes().hex(), hashlib.sha256(value.tobytes()).hexdigest()
            row = {"key": key, "shape": shapes[key], "seed": seed, "dtype": str(value.dtype)}
            entries.append({**row, "first": first, "sha256": digest})
    images = []
    for seed, height, width in ((1, 1, 1), (2, 64, 64), (3, 97, 131)):
        pixels = rule_image(seed, height, width).tobytes()
        row = {"seed": seed, "height": height, "width": width}
        images.append({**row, "first": pixels[:12].hex(), "sha256": hashlib.sha256(pixels).hexdigest()})
    projections = [{"index": j, "first": projection(j, (8,)).tobytes().hex()} for j in (0, 7)]
    samples = [{"size": size, "indices": sample_indices(64, size).tolist()} for size in (1, 1000, 3_000_000_000)]
    return {"tensors": entries, "images": images, "projections": projections, "samples": samples}


if __name__ == "__main__":
    assert sys.byteorder == "little"
    parts = {name: ",\n".join(json.dumps(row) for row in rows) for name, rows in _golden().items()}
    text = ",\n".join(f'"{name}": [\n{rows}\n]' for name, rows in parts.items())
    (GOLDEN / "rule.json").write_text(f"{{\n{text}\n}}\n")
