"""Gradients of RT-DETR by every parameter: test/golden/rtdetr/VARIANT-gradients.safetensors and .json.

    python reference/rtdetr_gradients.py FOLDER [VARIANT]    FOLDER: a clone of lyuwenyu/RT-DETR at 068dfde, bare or not

Network, denoising, matcher and criterion are the official ones (transformers' lets no gradient from a layer's boxes into
the layer before), in training mode: rtdetr-r18 with all batch norms trained, rtdetr-r50 with those of the backbone frozen
and its stem fixed, as both are trained. Selected tokens, matching and the denoising's random numbers
are those of the float64 run, or from the rule, and given to all others. What float32 can do (e32) is the largest error of

* four float32 runs, three of them with a relative image noise of 1e-7, and
* a float64 run in which those ReLUs of decoder and heads turn that float32 may turn, as detr_gradients.py explains.
  (Samples that cross the centre of a pixel are as many in every run.)

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

DENOISING = 100
WEIGHTS = {"loss_vfl": 1, "loss_bbox": 5, "loss_giou": 2}
IMAGES = ((5, 320, 320), (6, 320, 320))
# Factors by which keys that end so differ from the rule: kinks of backbone and sampling then weigh less.
SMOOTH = {"sampling_offsets.weight": 0.5, "sampling_offsets.bias": 0.5, "output_proj.weight": 0.5}
SMOOTH18, SMOOTH50 = ({f"branch2{last}.norm.weight": 0.25, **SMOOTH} for last in "bc")
# Objects of each image, and the factors.
CASES = {
    "rtdetr-r18": {
        "many": ((40, 9), {}),
        "many-and-none-smooth": ((12, 0), SMOOTH18),
        "one-and-three-smooth": ((1, 3), SMOOTH18),
        "none-smooth": ((0, 0), SMOOTH18),
    },
    "rtdetr-r50": {"several-smooth": ((5, 2), SMOOTH50)},
}
LONGEST = 512 * 512 * 9  # the most numbers that a parameter has, in both


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

    def __init__(self, folder, name, dtype, seed, factors):
        load_module = load(folder, exact=dtype == torch.float64)
        self.dtype, frozen = dtype, name != "rtdetr-r18"
        self.model = network(load_module, VARIANTS[name], seed, training=True, denoising=DENOISING, frozen=frozen)
        if frozen:
            self.model.backbone.conv1.requires_grad_(False)
        with torch.no_grad():
            for key, value in self.model.state_dict().items():
                for ending, factor in factors.items():
                    value.mul_(factor if key.endswith(ending) else 1)
        self.model.to(dtype)  # running statistics move with every run, and take no part in it
        order = official_shapes(VARIANTS[name])
        learned = {key: value for key, value in self.model.named_parameters() if value.requires_grad}
        self.parameters = {key: learned[key] for key in order if key in learned}
        assert len(self.parameters) == len(learned)
        costs = {"cost_class": 2, "cost_bbox": 5, "cost_giou": 2}
        self.match = load_module(1, "zoo.rtdetr.matcher").HungarianMatcher(costs, use_focal_loss=True)
        criterion = load_module(1, "zoo.rtdetr.rtdetr_criterion").SetCriterion
        ones = {name: 1 for name in WEIGHTS}
        options = dict(alpha=0.75, gamma=2.0, num_classes=CLASSES)
        self.criterion = criterion(self.match, ones, ["vfl", "boxes"], **options).to(dtype)

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
        found = torch.autograd.grad(total, list(self.parameters.values()), allow_unused=True)
        return {
            key: np.zeros(value.numel()) if one is None else one.double().flatten().numpy()
            for (key, value), one in zip(self.parameters.items(), found)
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
        labels = torch.from_numpy((u[:, 4] * CLASSES).astype(np.int64))
        targets.append({"boxes": torch.from_numpy(boxes), "labels": labels})
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


def describe(folder, name, counts, factors, seed):
    """(keys, tensors, statistics) of one case."""
    targets, (drawn, groups) = targets_of(counts, seed), noise_of(counts, seed)
    pixels, pixels32 = batch(IMAGES, torch.float64), batch(IMAGES, torch.float32)
    single, seen = Official(folder, name, torch.float32, seed, factors), {}
    sizes = [(height // stride, width // stride) for _, height, width in IMAGES[:1] for stride in (8, 16, 32)]
    with torch.no_grad():
        single.predictions(pixels32, targets, drawn, seen=seen)
    scores32 = seen["scores"]
    selection({"scores": scores32, "tokens": scores32.topk(QUERIES, dim=1).indices}, sizes)

    exact = Official(folder, name, torch.float64, seed, factors)
    outputs = exact.predictions(pixels, targets, drawn, seen=seen)
    tokens = seen["scores"].topk(QUERIES, dim=1).indices
    chosen = selection({"scores": seen["scores"], "tokens": tokens}, sizes)
    chosen["scoreError"] = (scores32.double() - seen["scores"]).abs().max().item()
    indices = exact.matching(outputs, targets)
    terms = exact.terms(outputs, targets, indices)
    gradients = exact.gradients(terms)

    keys = list(gradients)
    errors, term_errors = np.zeros((RUNS + 1, len(keys))), []
    other = exact.gradients(exact.terms(turned(exact, single, pixels, targets, drawn, tokens), targets, indices))
    errors[RUNS] = [np.linalg.norm(other[key] - gradients[key]) for key in keys]
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
        errors[run] = [np.linalg.norm(found[key] - gradients[key]) for key in keys]
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
    return keys, {**tensors, **sketch(gradients), "e32": errors.max(0)}, statistics


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


VECTORS = [projection(j, (LONGEST,)) for j in range(PROJECTIONS)]


def sketch(gradients) -> dict:
    """What is kept of each gradient."""
    found = gradients.values()
    return {
        "norms": np.array([np.linalg.norm(one) for one in found]),
        "samples": np.float32([one[sample_indices(SAMPLES, one.size)] for one in found]),
        "projections": np.array([[v[: one.size] @ one for v in VECTORS] for one in found]),
    }


def report(name, keys, tensors, statistics):
    norms, e32 = tensors["norms"], tensors["e32"]
    relative, whole = e32 / np.maximum(norms, 1e-300), np.linalg.norm(norms)
    alive = norms > 1e-8 * whole
    spread = ", ".join(f"{np.quantile(relative[alive], q):.2g}" for q in (0.5, 0.9, 1))
    print(name, f"seed {statistics['seed']} gradient {whole:.4g}, terms off by {statistics['termError']}", end=", ")
    print(f"error median, 90 %, worst {spread}, levels {statistics['selection']['levels']}")
    for n in np.argsort(-np.where(alive, relative, 0))[:3]:
        print("  worst", keys[n], f"{relative[n]:.2g} of {norms[n]:.3g}")
    for n in np.flatnonzero(~alive):
        print("  zero", keys[n], f"{norms[n] / whole:.2g} of the whole, float32 {e32[n] / whole:.2g}", flush=True)


def main():
    parser = argparse.ArgumentParser(description="Write the golden files of RT-DETR's gradients.")
    parser.add_argument("folder", help="a clone of lyuwenyu/RT-DETR")
    parser.add_argument("variants", nargs="*", metavar="VARIANT", help=f"{', '.join(CASES)}; default: both")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for variant in options.variants or CASES:
        write(options.folder, variant)


def write(folder, variant):
    arrays, index = {}, {"variant": variant, "weights": WEIGHTS, "cases": {}}
    for case, (counts, factors) in CASES[variant].items():
        for seed in range(1, 40):
            try:
                keys, tensors, statistics = describe(folder, variant, counts, factors, seed)
                break
            except Refused as reason:
                print(f"{variant} {case}: seed {seed} refused, {reason}", flush=True)
        else:
            raise SystemExit(f"{variant} {case}: no seed gives a usable step")
        report(f"{variant} {case}", keys, tensors, statistics)
        arrays.update({f"{case}.{key}": value for key, value in tensors.items()})
        index |= {"keys": keys}
        index["cases"][case] = statistics
    (FOLDER / f"{variant}-gradients.safetensors").write_bytes(save(arrays))
    (FOLDER / f"{variant}-gradients.json").write_text(json.dumps(index, indent=1) + "\n")


if __name__ == "__main__":
    main()
