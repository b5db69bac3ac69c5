"""RT-DETR and RT-DETRv2 of transformers, filled by the rule, and their golden files.

    python reference/rtdetr.py [VARIANT ...]   writes test/golden/rtdetr/VARIANT.safetensors and its part of index.json
    python reference/rtdetr.py --training      writes test/golden/rtdetr/rtdetr-r18-training.safetensors and its part

As in detr.py, the golden values are those of the network in float64 with float32 weights; beside them stands what the
very same code loses in float32. Queries have no fixed meaning here: each is one of the tokens that the encoder's scores
select. The golden order is that of the float64 run, and runs are compared token by token. README.md describes the files.
"""

import argparse
import json
from copy import deepcopy

import numpy as np
import torch
from safetensors.numpy import save

from detr import PROJECTIONS, QUERY_STRIDE, SAMPLES, error, rounded
from rtdetr_weights import QUERIES, VARIANTS, build, hf_name, official_shapes, parameter_counts
from rule import GOLDEN, projection, rule_image, sample_indices

FOLDER = GOLDEN / "rtdetr"
# Images of a case as (seed, height, width); those of a case have one size.
SQUARE = {"square": ((1, 640, 640),)}
MEDIUM = {"medium": ((2, 448, 448),)}  # half the work; anchors too near the border exist here, too
CASES = {
    **{name: MEDIUM for name in ("rtdetr-r50-m", "rtdetr-r101", "rtdetr-x", "rtdetr-h", "rtdetrv2-r18")},
    "rtdetr-r18": {
        "square": ((1, 640, 640), (2, 640, 640)),
        "small": ((3, 320, 320),),
        "wide": ((4, 384, 640),),
    },
    # Here one sample that is rounded to another pixel costs more than all rounding together: fewer of them.
    "rtdetrv2-r18-discrete": {"wide": ((4, 256, 448),)},
}
TRAINING_CASES = {"small": ((5, 320, 320), (6, 320, 320)), "wide": ((7, 256, 448), (8, 256, 448))}
OUTPUTS = ("logits", "boxes", "encoder_logits", "encoder_boxes")


def batch(images, dtype):
    """Images (seed, height, width) as pixels [B, 3, H, W]: bytes / 255, computed in `dtype`."""
    planes = [torch.from_numpy(rule_image(*image)).permute(2, 0, 1) for image in images]
    return torch.stack(planes).to(dtype) / 255


def watched(model) -> dict:
    """Probes: name -> module whose output is kept."""
    detr = model.model
    body, encoder = detr.backbone.model, detr.encoder
    return {
        "stem": body.embedder,
        **{f"stage{n}": body.encoder.stages[n] for n in range(4)},
        **{f"encoder.input_proj.{n}": detr.encoder_input_proj[n] for n in range(3)},
        "position": encoder.aifi[0].position_embedding,
        "aifi": encoder.aifi[0],
        **{f"fpn.{n}": encoder.fpn_blocks[n] for n in range(2)},
        **{f"pan.{n}": encoder.pan_blocks[n] for n in range(2)},
        **{f"decoder.input_proj.{n}": detr.decoder_input_proj[n] for n in range(3)},
        "enc_output": detr.enc_output,
        "query_pos": detr.decoder.query_pos_head,
    }


@torch.no_grad()
def run(model, pixels, variant):
    """What a run gives: logits and boxes of the decoder layers [L, B, Q, .], those of the selected tokens [1, B, Q, .],
    the tokens [B, Q], the scores of all tokens [B, T], and the probes: name -> tensor. In training mode the running
    statistics that come out are probes, too."""
    probes = {}

    def keep(name):
        def hook(module, inputs, output):
            # Nothing is returned: what a hook returns takes the place of the module's output.
            probes.setdefault(name, output.clone())

        return hook

    hooks = [module.register_forward_hook(keep(name)) for name, module in watched(model).items()]
    out = model.model(pixel_values=pixels)
    for hook in hooks:
        hook.remove()
    if model.training:
        probes.update(running_statistics(model, variant))
    scores = out.enc_outputs_class.amax(-1)
    tokens = scores.topk(QUERIES, dim=1).indices
    chosen = out.enc_outputs_class.gather(1, tokens[..., None].expand(-1, -1, out.enc_outputs_class.shape[-1]))
    assert torch.equal(chosen, out.enc_topk_logits)
    found = {
        "logits": out.intermediate_logits.transpose(0, 1)[: variant.used],
        "boxes": out.intermediate_reference_points.transpose(0, 1)[: variant.used],
        "encoder_logits": out.enc_topk_logits[None],
        "encoder_boxes": out.enc_topk_bboxes[None],
    }
    # The embedding of the queries is that of the first layer, in the order of the queries.
    found["query_pos"] = probes.pop("query_pos")[None]
    return {**found, "tokens": tokens, "scores": scores, "probes": probes}


def aligned(found: dict, tokens) -> dict | None:
    """The same run with its queries in the order of `tokens`; None if it selected others."""
    order, wanted = found["tokens"].argsort(1), tokens.argsort(1)
    if not torch.equal(found["tokens"].gather(1, order), tokens.gather(1, wanted)):
        return None
    place = torch.empty_like(order).scatter_(1, wanted, order)
    out = dict(found)
    for name in (*OUTPUTS, "query_pos"):
        x = found[name]
        out[name] = x.gather(2, place[None, :, :, None].expand(x.shape[0], -1, -1, x.shape[-1]))
    return out


def invalid_tokens(sizes) -> torch.Tensor:
    """Flags of the tokens whose anchor is too near the border; `sizes` are (height, width) of the levels."""
    flags = []
    for level, (height, width) in enumerate(sizes):
        y, x = ((torch.arange(size, dtype=torch.float64) + 0.5) / size for size in (height, width))
        inside = [(v > 0.01) & (v < 0.99) for v in (y, x)]
        assert 0.01 < 0.05 * 2**level < 0.99
        flags.append(~(inside[0][:, None] & inside[1]).flatten())
    return torch.cat(flags)


class Refused(Exception):
    """A case that is of no use as a test."""


def refuse(reason: str, holds: bool):
    if holds:
        raise Refused(reason)


def selection(exact, sizes) -> dict:
    """How the tokens were chosen, and how safely."""
    ranked = exact["scores"].sort(dim=1, descending=True).values
    invalid = invalid_tokens(sizes)
    starts = np.cumsum([0] + [height * width for height, width in sizes])
    levels = [((exact["tokens"] >= a) & (exact["tokens"] < b)).sum(1).tolist() for a, b in zip(starts, starts[1:])]
    best = exact["scores"][:, invalid].amax().item() if invalid.any() else None
    chosen = {
        "levels": np.array(levels).T.tolist(),
        "gap": (ranked[:, QUERIES - 1] - ranked[:, QUERIES]).min().item(),
        "invalid": int(invalid.sum()),
        "marginOfInvalid": None if best is None else ranked[:, QUERIES - 1].min().item() - best,
    }
    refuse(f"levels {chosen['levels']}", min(map(min, chosen["levels"])) < 10)
    refuse(f"gap {chosen['gap']:.2g}", chosen["gap"] < 1e-4)
    refuse(f"invalid tokens only {chosen['marginOfInvalid']} below", (chosen["marginOfInvalid"] or 1) < 0.1)
    return chosen


def describe(model, images, variant):
    """(tensors, statistics) of one case of the float32 `model`. Queries that hardly differ hide mistakes, a
    selection that float32 may change and large errors hide everything: such cases are refused."""
    pixels, pixels32 = batch(images, torch.float64), batch(images, torch.float32)
    # Batch statistics enlarge what float32 loses by an order of magnitude.
    bound, safety = (2e-3, 3) if model.training else (5e-4, 10)
    first = run(deepcopy(model), pixels32, variant)
    sizes = [tuple(first["probes"][f"decoder.input_proj.{n}"].shape[2:]) for n in range(3)]
    selection(first, sizes)
    exact = run(deepcopy(model).double(), pixels, variant)
    chosen, tokens, runs = selection(exact, sizes), exact["tokens"], []
    for n in range(4):  # one run may be lucky: three more with a relative image noise of 1e-7
        noise = torch.randn(pixels32.shape, generator=torch.Generator().manual_seed(n)) if n else 0
        one = aligned(run(deepcopy(model), pixels32 * (1 + 1e-7 * noise), variant) if n else first, tokens)
        refuse("float32 selects other tokens", one is None)
        largest = error(one["logits"], exact["logits"])[0].max().item()
        refuse(f"error {largest:.2g}", largest > bound)
        runs.append(one)
    chosen["scoreError"] = max((one["scores"].double() - exact["scores"]).abs().max().item() for one in runs)
    refuse(f"gap {chosen['gap']:.2g}, error {chosen['scoreError']:.2g}", chosen["gap"] < safety * chosen["scoreError"])
    tensors = {"tokens": tokens.to(torch.int32)}
    statistics = {
        "images": [dict(zip(("seed", "height", "width"), image)) for image in images],
        "selection": chosen,
    }
    for name in OUTPUTS:
        value, errors = exact[name], [error(one[name], exact[name]) for one in runs]
        kept = torch.float32 if name.endswith("logits") else torch.float64
        tensors[name] = value[:, :, ::QUERY_STRIDE].to(kept)
        vectors = np.stack([projection(j, value.shape[1:]).reshape(-1) for j in range(PROJECTIONS)])
        tensors[f"{name}.projections"] = torch.from_numpy(value.flatten(1).numpy() @ vectors.T)
        statistics[name] = {
            "shape": list(value.shape),
            "std": value.std(2).mean((1, 2)).tolist(),
            "maxError": errors[0][0].tolist(),
            "rmsError": errors[0][1].tolist(),
            "maxErrorOf4": torch.stack([largest for largest, _ in errors]).amax(0).tolist(),
        }
    logits, boxes = statistics["logits"], statistics["boxes"]
    refuse(f"std of logits {logits['std'][-1]:.2g}", logits["std"][-1] < 0.2)
    refuse(f"std of boxes {boxes['std'][-1]:.2g}", boxes["std"][-1] < 0.02)
    statistics["probes"] = {}
    for name, value in [*exact["probes"].items(), ("query_pos", exact["query_pos"][0])]:
        positions = torch.from_numpy(sample_indices(SAMPLES, value.numel()))
        tensors[f"probe.{name}"] = value.flatten()[positions]
        single = runs[0]["query_pos"][0] if name == "query_pos" else runs[0]["probes"][name]
        (largest,), (typical,) = error(single[None], value[None])
        statistics["probes"][name] = {
            "shape": list(value.shape),
            "rms": value.pow(2).mean().sqrt().item(),
            "maxError": largest.item(),
            "rmsError": typical.item(),
        }
    return tensors, statistics


def running_statistics(model, variant) -> dict:
    """All running means, and all variances, one after the other in the order of the sorted official keys."""
    state, keys = model.state_dict(), sorted(official_shapes(variant))
    return {
        part: torch.cat([state[hf_name(key)] for key in keys if key.endswith(part)])
        for part in ("running_mean", "running_var")
    }


def write(name: str, variant_name: str, cases: dict, training: bool = False):
    variant = VARIANTS[variant_name]
    for seed in range(1, 30):
        try:
            model = build(variant, seed, training)
            described = {case: describe(model, images, variant) for case, images in cases.items()}
            break
        except Refused as reason:
            print(f"{name}: seed {seed} refused, {reason}", flush=True)
    else:
        raise SystemExit(f"{name}: no seed gives usable outputs")
    FOLDER.mkdir(parents=True, exist_ok=True)
    flat = {f"{case}.{key}": value for case, (tensors, _) in described.items() for key, value in tensors.items()}
    arrays = {key: np.ascontiguousarray(value.numpy()) for key, value in flat.items()}
    (FOLDER / f"{name}.safetensors").write_bytes(save(arrays))
    index_path = FOLDER / "index.json"
    index = json.loads(index_path.read_text()) if index_path.exists() else {}
    cases_index = {case: rounded(statistics) for case, (_, statistics) in described.items()}
    head = {"variant": variant_name, "seed": seed, "training": training, "queryStride": QUERY_STRIDE}
    index[name] = {**head, "parameters": parameter_counts(variant), "cases": cases_index}
    index_path.write_text(json.dumps(dict(sorted(index.items())), indent=1) + "\n")
    for case, statistics in cases_index.items():
        print(name, f"seed {seed}", case, statistics["selection"])
        for kind in OUTPUTS:
            row = statistics[kind]
            print("  ", kind, "std", row["std"], "error", row["maxError"], "of 4 runs", row["maxErrorOf4"], flush=True)


def main():
    parser = argparse.ArgumentParser(description="Write the RT-DETR golden files.")
    parser.add_argument("variants", nargs="*", metavar="VARIANT", help=f"{', '.join(VARIANTS)}; default: all")
    parser.add_argument("--training", action="store_true", help="rtdetr-r18 in training mode instead")
    options = parser.parse_args()
    if unknown := set(options.variants) - set(VARIANTS):
        parser.error(f"expected {', '.join(VARIANTS)}, got {', '.join(unknown)}")
    torch.set_num_threads(1)
    if options.training:
        write("rtdetr-r18-training", "rtdetr-r18", TRAINING_CASES, training=True)
    else:
        for name in options.variants or VARIANTS:
            write(name, name, CASES.get(name, SQUARE))


if __name__ == "__main__":
    main()
