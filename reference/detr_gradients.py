"""Gradients of DETR-R50 by every parameter: test/golden/detr/detr-r50-gradients.safetensors and .json.

The network of detr.py with transformers' DETR criterion, without dropout and with nothing frozen but the norms. Each
decoder layer has its own matching, made by the float64 run and kept for the others. What float32 can do (e32) is the
largest error of

* four float32 runs, three of them with a relative image noise of 1e-7, and
* with the smoother rule, a float64 run in which those ReLUs of transformer and box head turn that float32 may turn:
  whose input is within four times what float32 is off by on average. There is about one in every layer. One that turns
  costs more than all rounding together, and whether it does is luck, which four runs do not exhaust. (With the sharper
  rule, as in the backbone with either, so many turn that every run has its share.)

README.md describes the files.
"""

import json
from contextlib import contextmanager

import numpy as np
import torch
from safetensors.numpy import save
from transformers.loss.loss_for_object_detection import HungarianMatcher, ImageLoss

from detr import VARIANTS, batch, build, hf_state_dict, official_shapes, rounded
from rule import GOLDEN, projection, rule_state_dict, sample_indices, uniform

SEED, CLASSES, QUERIES, PROJECTIONS, SAMPLES, RUNS = 1, 91, 100, 8, 64, 4
WEIGHTS = {"loss_ce": 1, "loss_bbox": 5, "loss_giou": 2}
IMAGES = ((3, 320, 288), (4, 231, 343))
# Objects of each image, and whether the rule is made smoother.
CASES = {
    "many-and-none": ((20, 0), False),
    "one-and-three": ((1, 3), False),
    "many-and-none-smooth": ((20, 0), True),
    "one-and-three-smooth": ((1, 3), True),
}
VARIANT = VARIANTS["detr-r50"]
SHAPES = official_shapes(VARIANT)
KEYS = [key for key in SHAPES if ".bn" not in key and ".downsample.1." not in key]


def hf_names() -> dict:
    """Official key -> transformers' names of its parts, rows in order."""
    numbered = {key: np.full(SHAPES[key][0], n) for n, key in enumerate(SHAPES)}
    names, keys = {}, list(SHAPES)
    for name, value in hf_state_dict(numbered).items():
        names.setdefault(keys[value[0]], []).append(name)
    return names


NAMES = hf_names()


def smoother(state: dict) -> dict:
    """The rule with the last norm of every residual block at a quarter: kinks of the backbone then weigh less."""
    return {key: value / 4 if key.endswith("bn3.weight") else value for key, value in state.items()}


def network(smooth: bool, dtype):
    model = build(VARIANT, SEED)
    if smooth:
        state = hf_state_dict(smoother(rule_state_dict(SHAPES, SEED)))
        model.load_state_dict({key: torch.from_numpy(np.ascontiguousarray(value)) for key, value in state.items()})
    model.requires_grad_(True)
    return model.to(dtype)


def predictions(model, pixels, mask):
    """Logits and boxes of every decoder layer, first to last, as detr.run has them."""
    states = []
    hooks = [
        layer.register_forward_hook(lambda module, inputs, output: states.append(output))
        for layer in model.model.decoder.layers
    ]
    model(pixel_values=pixels, pixel_mask=mask)
    for hook in hooks:
        hook.remove()
    hidden = [model.model.decoder.layernorm(state) for state in states]
    return [(model.class_labels_classifier(x), model.bbox_predictor(x).sigmoid()) for x in hidden]


@contextmanager
def at_relus(model, function):
    """Within it, `function` sees what goes into each ReLU of transformer and box head, in the order of the calls, and
    may return something else to go there."""
    layers = [*model.model.encoder.layers, *model.model.decoder.layers]
    modules = [layer.mlp.fc1 for layer in layers] + list(model.bbox_predictor.layers[:-1])
    hooks = [module.register_forward_hook(lambda module, inputs, output: function(output)) for module in modules]
    yield
    for hook in hooks:
        hook.remove()


def turned(model, pixels, mask, single):
    """Predictions of the float64 model with all ReLUs turned that the float32 model `single` may turn."""
    exact, rounded32 = [], []
    for watched, seen in ((model, exact), (single, rounded32)):
        with torch.no_grad(), at_relus(watched, lambda output: seen.append(output)):
            predictions(watched, pixels.to(watched.dtype), mask)
    reach = iter([4 * (a - b).pow(2).mean().sqrt() for a, b in zip(exact, rounded32)])
    # The value changes its sign, its gradient does not.
    with at_relus(model, lambda x: torch.where(x.abs() <= next(reach), x - 2 * x.detach(), x)):
        return predictions(model, pixels, mask)


def targets_of(counts) -> list:
    """Objects of each image from the rule, float32."""
    targets = []
    for n, count in enumerate(counts):
        u = (uniform(f"targets.{n}", (count, 5), SEED) + 1) / 2
        boxes = np.float32(np.concatenate([0.2 + 0.6 * u[:, :2], 0.05 + 0.35 * u[:, 2:4]], 1))
        labels = torch.from_numpy((u[:, 4] * CLASSES).astype(np.int64))
        targets.append({"boxes": torch.from_numpy(boxes), "class_labels": labels})
    return targets


def terms_of(layers, targets, indices, dtype) -> dict:
    """Loss terms by name; `indices` per layer, the last layer being the final set."""
    order = iter([indices[-1], *indices[:-1]])
    criterion = ImageLoss(lambda outputs, targets: next(order), CLASSES, 0.1, ["labels", "boxes"]).to(dtype)
    outputs = [{"logits": logits, "pred_boxes": boxes} for logits, boxes in layers]
    targets = [{**target, "boxes": target["boxes"].to(dtype)} for target in targets]
    return criterion({**outputs[-1], "auxiliary_outputs": outputs[:-1]}, targets)


def gradients_of(model, terms) -> dict:
    """Gradient of the weighted sum by official key, flat, as float64."""
    total = sum(WEIGHTS[key.rstrip("_0123456789")] * term for key, term in terms.items())
    parameters = dict(model.named_parameters())
    wanted = [name for key in KEYS for name in NAMES[key]]
    found = dict(zip(wanted, torch.autograd.grad(total, [parameters[name] for name in wanted])))
    return {key: torch.cat([found[name].double().flatten() for name in NAMES[key]]).numpy() for key in KEYS}


def describe(counts, smooth):
    """(tensors, statistics) of one case."""
    exact_model, model = network(smooth, torch.float64), network(smooth, torch.float32)
    pixels, mask = batch(IMAGES, torch.float64)
    targets = targets_of(counts)
    layers = predictions(exact_model, pixels, mask)
    matcher = HungarianMatcher(class_cost=1, bbox_cost=5, giou_cost=2)
    doubled = [{**target, "boxes": target["boxes"].double()} for target in targets]
    indices = [matcher({"logits": logits, "pred_boxes": boxes}, doubled) for logits, boxes in layers]
    terms = terms_of(layers, targets, indices, torch.float64)
    exact = gradients_of(exact_model, terms)

    pixels32, _ = batch(IMAGES, torch.float32)
    errors = np.zeros((RUNS + 1, len(KEYS)))
    if smooth:
        other = terms_of(turned(exact_model, pixels, mask, model), targets, indices, torch.float64)
        gradients = gradients_of(exact_model, other)
        errors[RUNS] = [np.linalg.norm(gradients[key] - exact[key]) for key in KEYS]
    term_errors = []
    for run in range(RUNS):
        noise = torch.randn(pixels32.shape, generator=torch.Generator().manual_seed(run)) if run else 0
        single = predictions(model, pixels32 * (1 + 1e-7 * noise), mask)
        again = [matcher({"logits": logits, "pred_boxes": boxes}, targets) for logits, boxes in single]
        # Targets so close that float32 matches them otherwise would make a test of the matching out of this one.
        for ours, theirs in zip(again, indices):
            assert all(torch.equal(a, b) for x, y in zip(ours, theirs) for a, b in zip(x, y)), "another matching"
        single_terms = terms_of(single, targets, indices, torch.float32)
        term_errors += [abs(single_terms[key].item() / value.item() - 1) for key, value in terms.items()]
        gradients = gradients_of(model, single_terms)
        errors[run] = [np.linalg.norm(gradients[key] - exact[key]) for key in KEYS]
    statistics = {"smooth": smooth, "images": IMAGES, "objects": counts, "termError": max(term_errors)}
    statistics = rounded(statistics) | {"terms": {key: value.item() for key, value in terms.items()}}
    return {**dense(targets, indices), **sketch(exact), "e32": errors.max(0)}, statistics


def dense(targets, indices) -> dict:
    """Matched targets per layer with one row per query."""
    shape = (len(indices), len(targets), QUERIES)
    labels = np.full(shape, CLASSES, np.int32)
    boxes, matched = np.zeros((*shape, 4), np.float32), np.zeros(shape, np.uint8)
    for layer, pairs in enumerate(indices):
        for image, (query, target) in enumerate(pairs):
            labels[layer, image, query] = targets[image]["class_labels"][target]
            boxes[layer, image, query] = targets[image]["boxes"][target]
            matched[layer, image, query] = 1
    return {"labels": labels, "boxes": boxes, "matched": matched}


VECTORS = [projection(j, (max(np.prod(SHAPES[key]) for key in KEYS),)) for j in range(PROJECTIONS)]


def sketch(gradients) -> dict:
    """What is kept of each gradient."""
    return {
        "norms": np.array([np.linalg.norm(gradients[key]) for key in KEYS]),
        "samples": np.float32([gradients[key][sample_indices(SAMPLES, gradients[key].size)] for key in KEYS]),
        "projections": np.array([[v[: gradients[key].size] @ gradients[key] for v in VECTORS] for key in KEYS]),
    }


def report(name, tensors, statistics):
    norms, e32 = tensors["norms"], tensors["e32"]
    relative = e32 / np.maximum(norms, 1e-300)
    whole = np.linalg.norm(norms)
    alive = norms > 1e-8 * whole
    median = np.median(relative[alive])
    print(name, "gradient", f"{whole:.4g}, terms off by {statistics['termError']}, median error {median:.2g}")
    for n in np.argsort(-np.where(alive, relative, 0))[:3]:
        print("  worst", KEYS[n], f"{relative[n]:.2g} of {norms[n]:.3g}")
    for n in np.flatnonzero(~alive):
        print("  zero", KEYS[n], f"{norms[n] / whole:.2g} of the whole, float32 {e32[n] / whole:.2g}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    arrays, index = {}, {"variant": "detr-r50", "seed": SEED, "keys": KEYS, "cases": {}}
    for name, (counts, smooth) in CASES.items():
        tensors, statistics = describe(counts, smooth)
        report(name, tensors, statistics)
        arrays.update({f"{name}.{key}": value for key, value in tensors.items()})
        index["cases"][name] = statistics
    (GOLDEN / "detr" / "detr-r50-gradients.safetensors").write_bytes(save(arrays))
    (GOLDEN / "detr" / "detr-r50-gradients.json").write_text(json.dumps(index, indent=1) + "\n")
