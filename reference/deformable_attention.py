"""Multi-scale deformable attention alone, with gradients: test/golden/deformable-attention.safetensors and .json.

The modules are transformers': RT-DETR's, and RT-DETRv2's where points differ between levels or sampling is discrete, in
float64 with rule weights. README.md describes the files. Seeds are such that samples fall inside the maps, across their
borders and outside, and no coordinate is nearer than `APART` pixels to a place where the derivative jumps (where float32
would be right to differ), or, in discrete sampling, to one where the rounding does.
"""

import json

import numpy as np
import torch
from safetensors.numpy import save
from transformers import RTDetrConfig, RTDetrV2Config
from transformers.models.rt_detr.modeling_rt_detr import RTDetrMultiscaleDeformableAttention
from transformers.models.rt_detr_v2 import modeling_rt_detr_v2 as v2

from rule import GOLDEN, rule_state_dict, uniform

WIDTH, HEADS, QUERIES, BATCH, APART = 16, 4, 6, 2, 2e-4
THREE, FOUR = ((7, 9), (4, 5), (2, 3)), ((6, 5), (3, 3), (2, 2), (1, 1))
TENSORS, CASES = {}, []


def module_of(levels, points, method):
    """The attention module of one case, without weights; `points` per level."""
    common = dict(d_model=WIDTH, num_feature_levels=len(levels), decoder_attention_heads=HEADS)
    if method == "v1":
        return RTDetrMultiscaleDeformableAttention(RTDetrConfig(**common), HEADS, points[0])
    mean = sum(points) // len(levels)
    assert mean * len(levels) == sum(points)
    config = RTDetrV2Config(**common, decoder_n_levels=len(levels), decoder_n_points=mean, decoder_method=method)
    module = v2.RTDetrV2MultiscaleDeformableAttention(config)
    module.n_points_list = list(points)
    module.n_points_scale = torch.tensor([1 / n for n in points for _ in range(n)], dtype=torch.float64)
    return module


def stream(name, seed, *shape):
    """Unit variance: float32(sqrt(3) u) of the stream (name, seed)."""
    return torch.from_numpy(np.float32(np.sqrt(np.float64(3)) * uniform(name, shape, seed)))


def references(name, seed, levels, coordinates):
    """References [B, Q, levels, 2], other ones per level, or boxes [B, Q, 1, 4], some of them at the border."""
    if coordinates == 2:
        u = uniform(f"{name}/reference", (BATCH, QUERIES, len(levels), 2), seed)
        return torch.from_numpy(np.float32(0.5 + 0.55 * u))
    u = (uniform(f"{name}/reference", (BATCH, QUERIES, 1, 4), seed) + 1) / 2
    return torch.from_numpy(np.float32(np.concatenate([1.1 * u[..., :2] - 0.05, 0.05 + 0.6 * u[..., 2:]], -1)))


def coordinates_of(module, query, reference, levels, points):
    """Pixel coordinates of all samples, [B, Q, heads, points, 2] per level."""
    offsets = module.sampling_offsets(query).view(BATCH, QUERIES, HEADS, sum(points), 2).split(points, dim=3)
    out = []
    for level, ((height, width), n, part) in enumerate(zip(levels, points, offsets)):
        size = torch.tensor([width, height])
        if reference.shape[-1] == 2:
            place = reference[:, :, None, level, None] + part / size
        else:
            place = reference[:, :, :, None, :2] + part / n * reference[:, :, :, None, 2:] * 0.5
        out.append(place * size - 0.5)
    return out


def accepted(coordinates, levels, method) -> bool:
    """Away from jumps, with samples inside and outside."""
    flat = torch.cat([x.flatten() for x in coordinates])
    if method == "discrete":
        flat = flat + 0.5 + 0.5  # what is truncated
    if ((flat - flat.round()).abs() < APART).any():
        return False
    outside = [((x < -1) | (x > torch.tensor([w, h]))).any(-1) for x, (h, w) in zip(coordinates, levels)]
    share = torch.cat([x.flatten() for x in outside]).double().mean()
    return 0.02 < share < 0.7


def case(name, levels, points, coordinates, method="v1", padded=False):
    tokens = sum(height * width for height, width in levels)
    for seed in range(1, 2000):
        module = module_of(levels, points, method).double()
        shapes = {key: value.shape for key, value in module.state_dict().items() if key != "n_points_scale"}
        state = {key: torch.from_numpy(value) for key, value in rule_state_dict(shapes, seed).items()}
        module.load_state_dict(state, strict=False)
        inputs = {
            "query": stream(f"{name}/query", seed, BATCH, QUERIES, WIDTH),
            "memory": stream(f"{name}/memory", seed, BATCH, tokens, WIDTH),
            "reference": references(name, seed, levels, coordinates),
        }
        exact = {key: value.double().requires_grad_() for key, value in inputs.items()}
        with torch.no_grad():
            places = coordinates_of(module, exact["query"], exact["reference"], levels, points)
        if accepted(places, levels, method):
            break
    else:
        raise SystemExit(f"{name}: no seed")
    valid = None
    if padded:  # the second image ends in every level after some columns
        rows = [torch.ones(BATCH, height, width, dtype=torch.bool) for height, width in levels]
        for row in rows:
            row[1, :, -(-row.shape[2] * 2 // 3) :] = False
        valid = torch.cat([row.flatten(1) for row in rows], 1)
    sizes = torch.tensor(levels)
    starts = torch.cat([sizes.new_zeros(1), sizes.prod(1).cumsum(0)[:-1]])
    output, _ = module(
        hidden_states=exact["query"],
        attention_mask=valid,
        encoder_hidden_states=exact["memory"],
        reference_points=exact["reference"],
        spatial_shapes=sizes,
        spatial_shapes_list=list(levels),
        level_start_index=starts,
    )
    check_places(module, output, exact, places, valid, levels, method)
    r = stream(f"{name}/r", seed, *output.shape)
    wanted = {**exact, **dict(module.named_parameters())}
    gradients = torch.autograd.grad((output * r.double()).sum(), list(wanted.values()), allow_unused=True)
    tensors = {**inputs, **state, "output": output.detach(), "r": r}
    if padded:
        tensors["valid"] = valid.to(torch.uint8)
    for key, gradient in zip(wanted, gradients):
        if gradient is not None:
            tensors[f"{key}.gradient"] = gradient
    TENSORS.update({f"{name}/{key}": value for key, value in tensors.items()})
    attributes = {"heads": HEADS, "levels": levels, "points": points, "discrete": method == "discrete"}
    none = [key for key, gradient in zip(wanted, gradients) if gradient is None]
    row = {"name": name, "inputs": [*inputs, *(["valid"] if padded else [])], "weights": list(state)}
    CASES.append({**row, "noGradient": none, "attributes": attributes})


def check_places(module, output, exact, places, valid, levels, method):
    """The coordinates that seeds are chosen by are those that the module reads at: samples taken at them one by one, in
    the plainest way, give its output."""
    with torch.no_grad():
        value = module.value_proj(exact["memory"])
        value = value if valid is None else value * valid[..., None]
        weights = module.attention_weights(exact["query"]).view(BATCH, QUERIES, HEADS, -1).softmax(-1)
        heads = value.view(BATCH, -1, HEADS, WIDTH // HEADS)
        total = torch.zeros(BATCH, QUERIES, HEADS, WIDTH // HEADS, dtype=torch.float64)
        start = column = 0
        for (height, width), xy in zip(levels, places):
            level = heads[:, start : start + height * width].view(BATCH, height, width, HEADS, -1)
            start += height * width
            for point in range(xy.shape[3]):
                for b, q, m in np.ndindex(BATCH, QUERIES, HEADS):
                    x, y = xy[b, q, m, point].tolist()
                    total[b, q, m] += weights[b, q, m, column] * read(level[b, :, :, m], x, y, method)
                column += 1
        ours = module.output_proj(total.flatten(2))
        assert torch.allclose(ours, output, rtol=1e-12, atol=1e-12), (ours - output).abs().max()


def read(plane, x, y, method):
    """One sample of a plane [h, w, C]."""
    height, width = plane.shape[:2]
    if method == "discrete":
        return plane[min(max(int(y + 1), 0), height - 1), min(max(int(x + 1), 0), width - 1)]
    total, left, top = 0 * plane[0, 0], int(np.floor(x)), int(np.floor(y))
    for i, j in np.ndindex(2, 2):
        row, column = top + i, left + j
        if 0 <= row < height and 0 <= column < width:
            total = total + plane[row, column] * (1 - abs(y - row)) * (1 - abs(x - column))
    return total


if __name__ == "__main__":
    torch.set_num_threads(1)
    case("boxes-3-levels", THREE, [4, 4, 4], 4)
    case("boxes-4-levels", FOUR, [2, 2, 2, 2], 4)
    case("boxes-one-level", ((5, 8),), [4], 4)
    case("boxes-padded", THREE, [2, 2, 2], 4, padded=True)
    case("points-4-levels", FOUR, [4, 4, 4, 4], 2)
    case("points-padded", FOUR, [2, 2, 2, 2], 2, padded=True)
    case("points-one-level", ((5, 8),), [3], 2)
    case("uneven-points", THREE, [3, 6, 3], 4, method="default")
    case("one-point", THREE, [1, 1, 1], 4, method="default")
    case("discrete", THREE, [4, 4, 4], 4, method="discrete")
    case("discrete-uneven-points", THREE, [1, 3, 2], 4, method="discrete")
    arrays = {name: np.array(value.numpy(), order="C") for name, value in TENSORS.items()}
    (GOLDEN / "deformable-attention.safetensors").write_bytes(save(arrays))
    rows = ",\n".join(json.dumps(row) for row in CASES)
    (GOLDEN / "deformable-attention.json").write_text(f"[\n{rows}\n]\n")
