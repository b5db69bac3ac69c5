"""Gradients of RT-DETR-R18 by every parameter: test/golden/rtdetr/rtdetr-r18-gradients.safetensors and .json.

    python reference/rtdetr_gradients.py FOLDER    FOLDER: a clone of lyuwenyu/RT-DETR at 068dfde, bare or not

Network, denoising, matcher and criterion are the official ones (transformers' lets no gradient from a layer's boxes into
the layer before), in training mode with trained batch norms. Selected tokens, matching and the denoising's random numbers
are those of the float64 run, or from the rule, and given to all others. What float32 can do (e32) is the largest error of

* four float32 runs, three of them with a relative image noise of 1e-7, and
* with the smoother rule, a float64 run in which those ReLUs of decoder and heads turn that float32 may turn, as
  detr_gradients.py explains. (Samples that cross the centre of a pixel are as many in every run.)

README.md describes the files.
"""

import argparse
import json
from contextlib import ExitStack, contextmanager
from unittest import mock

import numpy as np
import torch
from safetensors.numpy import save

from detr import rounded
from detr_gradients import PROJECTIONS, RUNS, SAMPLES
from rtdetr import FOLDER, Refused, batch, selection
from rtdetr_official import load, network
from rtdetr_weights import CLASSES, QUERIES, VARIANTS, official_shapes
from rule import projection, sample_indices, uniform

NAME, DENOISING = "rtdetr-r18", 100
VARIANT = VARIANTS[NAME]
WEIGHTS = {"loss_vfl": 1, "loss_bbox": 5, "loss_giou": 2}
IMAGES = ((5, 320, 320), (6, 320, 320))
# Factors by which keys that end so differ from the rule: kinks of backbone and sampling then weigh less.
SMOOTH = {"branch2b.norm.weight": 0.25, "sampling_offsets.weight": 0.5, "sampling_offsets.bias": 0.5, "output_proj.weight": 0.5}  # fmt: skip
# Objects of each image, and the factors.
CASES = {
    "many": ((40, 9), {}),
    "many-and-none-smooth": ((12, 0), SMOOTH),
    "one-and-three-smooth": ((1, 3), SMOOTH),
    "none-smooth": ((0, 0), SMOOTH),
}
KEYS = [key for key in official_shapes(VARIANT) if not key.endswith(("running_mean", "running_var"))]
SIZES = [int(np.prod(official_shapes(VARIANT)[key])) for key in KEYS]


@contextmanager
def default_dtype(dtype):
    """What the official code makes without a dtype has that of the run."""
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


class Official:
    """The official network, matcher and criterion in one precision."""

    def __init__(self, folder, dtype, seed, factors):
        load_module = load(folder, exact=dtype == torch.float64)
        self.dtype = dtype
        self.model = network(load_module, VARIANT, seed, training=True, denoising=DENOISING)
        with torch.no_grad():
            for key, value in self.model.named_parameters():
                for ending, factor in factors.items():
                    value.mul_(factor if key.endswith(ending) else 1)
        self.model.to(dtype)
        # Running statistics move with every run, and take no part in it.
        costs = {"cost_class": 2, "cost_bbox": 5, "cost_giou": 2}
        self.match = load_module(1, "zoo.rtdetr.matcher").HungarianMatcher(costs, use_focal_loss=True)
        criterion = load_module(1, "zoo.rtdetr.rtdetr_criterion").SetCriterion
        ones = {name: 1 for name in WEIGHTS}
        self.criterion = criterion(self.match, ones, ["vfl", "boxes"], alpha=0.75, gamma=2.0, num_classes=CLASSES).to(dtype)

    def predictions(self, pixels, targets, drawn, tokens=None, seen=None):
        """Outputs of a training step. `tokens` replaces the selection; `seen` receives encoder scores, memory sizes,
        noised labels and boxes."""
        floats = iter([drawn["flip"], drawn["magnitude"].to(self.dtype)])
        integers = iter([drawn["new_labels"], drawn["sign"].int()])
        top = torch.topk

        def select(scores, count, dim):
            if seen is not None:
                seen["scores"] = scores.detach()
            return top(scores, count, dim) if tokens is None else (None, tokens)

        def keep(module, inputs, output):
            if seen is not None:
                seen["denoising_labels"] = inputs[0]

        def keep_boxes(module, inputs):
            if seen is not None:
                seen["references"] = inputs[1].detach()

        decoder = self.model.decoder
        hooks = [
            decoder.denoising_class_embed.register_forward_hook(keep),
            decoder.decoder.register_forward_pre_hook(keep_boxes),
        ]
        with ExitStack() as stack:
            stack.enter_context(default_dtype(self.dtype))
            for name, function in (
                ("rand_like", lambda *_, **__: next(floats)),
                ("randint_like", lambda *_, **__: next(integers)),
                ("topk", select),
            ):
                stack.enter_context(mock.patch.object(torch, name, function))
            outputs = self.model(pixels.to(self.dtype), self.targets(targets))
        for hook in hooks:
            hook.remove()
        return outputs

    def targets(self, targets):
        return [{**target, "boxes": target["boxes"].to(self.dtype)} for target in targets]

    def matching(self, outputs, targets):
        """Pairs of queries and targets per set, as the criterion asks for them: final, earlier layers, encoder."""
        return [self.match(one, self.targets(targets)) for one in (outputs, *outputs["aux_outputs"])]

    def terms(self, outputs, targets, indices) -> dict:
        """Loss terms by name, without weights."""
        order = iter(indices)
        with mock.patch.object(self.criterion.matcher, "forward", lambda *_: next(order)):
            return self.criterion(outputs, self.targets(targets))

    def gradients(self, terms) -> dict:
        """Gradient of the weighted sum by key, flat, as float64; None is zero."""
        total = sum(WEIGHTS["_".join(key.split("_")[:2])] * term for key, term in terms.items())
        parameters = dict(self.model.named_parameters())
        found = torch.autograd.grad(total, [parameters[key] for key in KEYS], allow_unused=True)
        return {
            key: np.zeros(size) if one is None else one.double().flatten().numpy()
            for key, size, one in zip(KEYS, SIZES, found)
        }

    @contextmanager
    def at_relus(self, function):
        """As detr_gradients.at_relus, for the decoder and all heads of several layers."""
        decoder = self.model.decoder
        heads = [decoder.query_pos_head, decoder.enc_bbox_head, *decoder.dec_bbox_head]
        modules = [layer.linear1 for layer in decoder.decoder.layers]
        modules += [layer for head in heads for layer in list(head.layers)[:-1]]
        hooks = [module.register_forward_hook(lambda module, inputs, output: function(output)) for module in modules]
        yield
        for hook in hooks:
            hook.remove()


def targets_of(counts, seed) -> list:
    """Objects of each image from the rule, float32."""
    targets = []
    for n, count in enumerate(counts):
        u = (uniform(f"targets.{n}", (count, 5), seed) + 1) / 2
        boxes = np.float32(np.concatenate([0.2 + 0.6 * u[:, :2], 0.05 + 0.35 * u[:, 2:4]], 1))
        targets.append({"boxes": torch.from_numpy(boxes), "labels": torch.from_numpy((u[:, 4] * CLASSES).astype(np.int64))})
    return targets


def noise_of(counts, seed):
    """(Random numbers of the denoising, number of groups)."""
    most = max(counts)
    groups = max(1, DENOISING // most) if most else 0
    shape = (len(counts), 2 * groups * most)

    def fraction(name, *more):
        return torch.from_numpy((uniform(f"denoising.{name}", (*shape, *more), seed) + 1) / 2)

    return {
        "flip": fraction("flip").float(),
        "new_labels": (fraction("new_labels") * CLASSES).int(),
        "sign": (fraction("sign", 4) >= 0.5).to(torch.uint8),
        "magnitude": fraction("magnitude", 4).float(),
    }, groups


def turned(exact, single, pixels, targets, drawn, tokens):
    """Outputs of the float64 network with all ReLUs turned that float32 may turn."""
    ours, theirs = [], []
    for watched, seen in ((exact, ours), (single, theirs)):
        with torch.no_grad(), watched.at_relus(lambda output: seen.append(output)):
            watched.predictions(pixels, targets, drawn, tokens)
    reach = iter([4 * (a - b).pow(2).mean().sqrt() for a, b in zip(ours, theirs)])
    # The value changes its sign, its gradient does not.
    with exact.at_relus(lambda x: torch.where(x.abs() <= next(reach), x - 2 * x.detach(), x)):
        return exact.predictions(pixels, targets, drawn, tokens)


def describe(folder, counts, factors, seed):
    """(tensors, statistics) of one case."""
    targets, (drawn, groups) = targets_of(counts, seed), noise_of(counts, seed)
    pixels, pixels32 = batch(IMAGES, torch.float64), batch(IMAGES, torch.float32)
    single, seen = Official(folder, torch.float32, seed, factors), {}
    sizes = [(height // stride, width // stride) for _, height, width in IMAGES[:1] for stride in (8, 16, 32)]
    with torch.no_grad():
        single.predictions(pixels32, targets, drawn, seen=seen)
    scores32 = seen["scores"]
    selection({"scores": scores32, "tokens": scores32.topk(QUERIES, dim=1).indices}, sizes)

    exact = Official(folder, torch.float64, seed, factors)
    outputs = exact.predictions(pixels, targets, drawn, seen=seen)
    tokens = seen["scores"].topk(QUERIES, dim=1).indices
    chosen = selection({"scores": seen["scores"], "tokens": tokens}, sizes)
    chosen["scoreError"] = (scores32.double() - seen["scores"]).abs().max().item()
    indices = exact.matching(outputs, targets)
    terms = exact.terms(outputs, targets, indices)
    gradients = exact.gradients(terms)

    errors, term_errors = np.zeros((RUNS + 1, len(KEYS))), []
    if factors:
        other = exact.gradients(exact.terms(turned(exact, single, pixels, targets, drawn, tokens), targets, indices))
        errors[RUNS] = [np.linalg.norm(other[key] - gradients[key]) for key in KEYS]
    for run in range(RUNS):
        noise = torch.randn(pixels32.shape, generator=torch.Generator().manual_seed(run)) if run else 0
        rounded32 = single.predictions(pixels32 * (1 + 1e-7 * noise), targets, drawn, tokens)
        again = single.matching(rounded32, targets)
        for ours, theirs in zip(again, indices):
            if not all(torch.equal(a, b) for x, y in zip(ours, theirs) for a, b in zip(x, y)):
                raise Refused("float32 matches otherwise")
        single_terms = single.terms(rounded32, targets, indices)
        term_errors += [abs(single_terms[key].item() / value.item() - 1) for key, value in terms.items() if value]
        found = single.gradients(single_terms)
        errors[run] = [np.linalg.norm(found[key] - gradients[key]) for key in KEYS]
    statistics = {
        "seed": seed,
        "factors": factors,
        "images": [dict(zip(("seed", "height", "width"), image)) for image in IMAGES],
        "objects": counts,
        "groups": groups,
        "selection": chosen,
        "termError": max(term_errors),
    }
    statistics = rounded(statistics) | {"terms": {key: value.item() for key, value in terms.items()}}
    tensors = {"tokens": tokens.int(), **{key: part.numpy() for key, part in dense(targets, indices, QUERIES).items()}}
    if groups:
        size = drawn["flip"].shape[1]
        pairs = exact.criterion.get_cdn_matched_indices(outputs["dn_meta"], targets)
        tensors |= {f"denoising.{key}": value for key, value in drawn.items()}
        tensors["denoising.noised_labels"] = seen["denoising_labels"].int()
        tensors["denoising.noised_boxes"] = seen["references"][:, :size]
        tensors |= {f"denoising.{key}": part[0] for key, part in dense(targets, [pairs], size).items()}
    tensors = {key: np.asarray(value) for key, value in tensors.items()}
    return {**tensors, **sketch(gradients), "e32": errors.max(0)}, statistics


def dense(targets, indices, queries) -> dict:
    """Matched targets per set with one row per query."""
    shape = (len(indices), len(targets), queries)
    labels = torch.full(shape, CLASSES, dtype=torch.int32)
    boxes, matched = torch.zeros(*shape, 4), torch.zeros(shape, dtype=torch.uint8)
    for row, pairs in enumerate(indices):
        for image, (query, target) in enumerate(pairs):
            labels[row, image, query] = targets[image]["labels"][target].int()
            boxes[row, image, query] = targets[image]["boxes"][target]
            matched[row, image, query] = 1
    return {"labels": labels, "boxes": boxes, "matched": matched}


VECTORS = [projection(j, (max(SIZES),)) for j in range(PROJECTIONS)]


def sketch(gradients) -> dict:
    """What is kept of each gradient."""
    return {
        "norms": np.array([np.linalg.norm(gradients[key]) for key in KEYS]),
        "samples": np.float32([gradients[key][sample_indices(SAMPLES, size)] for key, size in zip(KEYS, SIZES)]),
        "projections": np.array([[v[: gradients[key].size] @ gradients[key] for v in VECTORS] for key in KEYS]),
    }


def report(name, tensors, statistics):
    norms, e32 = tensors["norms"], tensors["e32"]
    relative, whole = e32 / np.maximum(norms, 1e-300), np.linalg.norm(norms)
    alive = norms > 1e-8 * whole
    spread = ", ".join(f"{np.quantile(relative[alive], q):.2g}" for q in (0.5, 0.9, 1))
    print(name, f"seed {statistics['seed']} gradient {whole:.4g}, terms off by {statistics['termError']}", end=", ")
    print(f"error median, 90 %, worst {spread}, levels {statistics['selection']['levels']}")
    for n in np.argsort(-np.where(alive, relative, 0))[:3]:
        print("  worst", KEYS[n], f"{relative[n]:.2g} of {norms[n]:.3g}")
    for n in np.flatnonzero(~alive):
        print("  zero", KEYS[n], f"{norms[n] / whole:.2g} of the whole, float32 {e32[n] / whole:.2g}", flush=True)


def main():
    parser = argparse.ArgumentParser(description="Write the golden files of RT-DETR's gradients.")
    parser.add_argument("folder", help="a clone of lyuwenyu/RT-DETR")
    folder = parser.parse_args().folder
    torch.set_num_threads(1)
    arrays, index = {}, {"variant": NAME, "keys": KEYS, "weights": WEIGHTS, "cases": {}}
    for name, (counts, factors) in CASES.items():
        for seed in range(1, 40):
            try:
                tensors, statistics = describe(folder, counts, factors, seed)
                break
            except Refused as reason:
                print(f"{name}: seed {seed} refused, {reason}", flush=True)
        else:
            raise SystemExit(f"{name}: no seed gives a usable step")
        report(name, tensors, statistics)
        arrays.update({f"{name}.{key}": value for key, value in tensors.items()})
        index["cases"][name] = statistics
    (FOLDER / f"{NAME}-gradients.safetensors").write_bytes(save(arrays))
    (FOLDER / f"{NAME}-gradients.json").write_text(json.dumps(index, indent=1) + "\n")


if __name__ == "__main__":
    main()
