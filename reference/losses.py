"""Losses of set prediction: test/golden/losses.safetensors and losses.json.

Values and gradients in float64 of what transformers' DETR criterion and torchvision's focal loss make of float32
predictions and of targets that are matched to them. The golden files hold targets as ours take them: dense, one row per
query. README.md describes the files.
"""

import json

import numpy as np
import torch
from safetensors.numpy import save
from torchvision.ops import sigmoid_focal_loss
from transformers.loss.loss_for_object_detection import HungarianMatcher, ImageLoss

from rule import GOLDEN, uniform

NO_OBJECT_WEIGHT = 0.1
WEIGHTS = {"loss_ce": 1, "loss_bbox": 5, "loss_giou": 2}
QUERIES, CLASSES, LAYERS = 5, 4, 6
TENSORS, CASES = {}, []


def stream(name: str, *shape) -> torch.Tensor:
    """u of the stream (name, 1), in [-1, 1): float32."""
    return torch.tensor(np.float32(uniform(name, shape, 1)))


def boxes_of(name: str, *shape) -> torch.Tensor:
    """Ordinary boxes cxcywh inside the image."""
    u = (stream(name, *shape, 4) + 1) / 2
    return torch.cat([0.3 + 0.4 * u[..., :2], 0.1 + 0.4 * u[..., 2:]], -1)


def targets_of(name: str, *counts) -> list:
    """Targets of each image."""
    return [
        {
            "class_labels": ((stream(f"{name}/labels{n}", count) + 1) / 2 * CLASSES).long(),
            "boxes": boxes_of(f"{name}/boxes{n}", count),
        }
        for n, count in enumerate(counts)
    ]


def doubled(targets: list) -> list:
    return [{**target, "boxes": target["boxes"].double()} for target in targets]


def criterion(matcher=None) -> ImageLoss:
    return ImageLoss(matcher, CLASSES, NO_OBJECT_WEIGHT, ["labels", "boxes"]).double()


def dense(targets: list, indices: list, queries: int) -> dict:
    """The matched targets with one row per query."""
    labels = torch.full((len(targets), queries), CLASSES, dtype=torch.int32)
    boxes = torch.zeros(len(targets), queries, 4)
    matched = torch.zeros(len(targets), queries)
    for n, (target, (query, index)) in enumerate(zip(targets, indices)):
        labels[n, query] = target["class_labels"][index].int()
        boxes[n, query] = target["boxes"][index]
        matched[n, query] = 1
    return {"labels": labels, "target_boxes": boxes, "matched": matched}


def object_count(targets: list) -> int:
    return max(1, sum(len(target["boxes"]) for target in targets))


def giou_loss(boxes, target, count):
    """1 - GIoU of pairs, cxcywh: the criterion's formula, but that the clamp of the intersection lets its gradient pass
    at the bound, as PyTorch 1.13 did; 2.15 lets nothing through there."""
    (low, high), (target_low, target_high) = (
        (b[:, :2] - 0.5 * b[:, 2:], b[:, :2] + 0.5 * b[:, 2:]) for b in (boxes, target)
    )
    overlap = torch.minimum(high, target_high) - torch.maximum(low, target_low)
    overlap = torch.where(overlap >= 0, overlap, 0)
    hull = torch.maximum(high, target_high) - torch.minimum(low, target_low)
    inter, whole = overlap.prod(1), hull.prod(1)
    union = (high - low).prod(1) + (target_high - target_low).prod(1) - inter
    return (1 - (inter / union - (whole - union) / whole)).sum() / count


def losses(name, logits, boxes, targets, indices) -> dict:
    """Name -> (value, gradient by its predictions) of each loss alone."""
    logits, boxes = (tensor.double().requires_grad_() for tensor in (logits, boxes))
    exact, count, detr = doubled(targets), object_count(targets), criterion()
    outputs = {"logits": logits, "pred_boxes": boxes}
    query = detr._get_source_permutation_idx(indices)
    wanted = torch.cat([target["boxes"][index] for target, (_, index) in zip(exact, indices)])
    hot = torch.zeros_like(logits)
    for n, (target, (rows, index)) in enumerate(zip(exact, indices)):
        hot[n, rows, target["class_labels"][index]] = 1
    l1 = (boxes[query] - wanted).abs().sum() / count
    values = {
        "ce": (detr.loss_labels(outputs, exact, indices, count)["loss_ce"], logits),
        "focal": (sigmoid_focal_loss(logits, hot, reduction="sum") / count, logits),
        "l1": (l1, boxes),
        "giou": (giou_loss(boxes[query], wanted, count), boxes),
    }
    if len(wanted) and boxes.abs().max() < 10:
        theirs = detr.loss_boxes(outputs, exact, indices, count)
        assert torch.equal(theirs["loss_bbox"], l1)
        assert torch.allclose(theirs["loss_giou"], values["giou"][0], rtol=1e-12, equal_nan=True), name
    return {key: (value, torch.autograd.grad(value, x, retain_graph=True)[0]) for key, (value, x) in values.items()}


def case(name, targets, indices, logits=None, boxes=None, finite_only=()):
    """Records a case of single losses; `indices` are per image (queries, targets). `finite_only` names those whose
    reference float32 cannot follow, or that are not finite in the reference."""
    logits = 2 * stream(f"{name}/logits", len(targets), QUERIES, CLASSES + 1) if logits is None else logits
    boxes = boxes_of(f"{name}/predicted", len(targets), QUERIES) if boxes is None else boxes
    indices = [tuple(torch.tensor(part, dtype=torch.int64) for part in pair) for pair in indices]
    put(name, {"logits": logits, "boxes": boxes, **dense(targets, indices, QUERIES)})
    put(name, {"per_object": torch.tensor(1 / object_count(targets))})
    for key, (value, gradient) in losses(name, logits, boxes, targets, indices).items():
        finite = torch.isfinite(value) and torch.isfinite(gradient).all()
        assert finite or key in finite_only, f"{name}: {key} is not finite"
        if key not in finite_only:
            put(name, {key: value.detach(), f"{key}.gradient": gradient})
    CASES.append({"name": name, "kind": "losses", "finiteOnly": list(finite_only)})


def put(name: str, tensors: dict):
    TENSORS.update({f"{name}/{key}": value for key, value in tensors.items()})


def pairs(*rows) -> tuple:
    """One image whose query n is matched to target n: predicted boxes, targets, indices."""
    predicted = torch.tensor([row[0] for row in rows] + [[0.5, 0.5, 0.2, 0.2]] * (QUERIES - len(rows)))
    labels = torch.arange(len(rows)) % CLASSES
    targets = [{"class_labels": labels, "boxes": torch.tensor([row[1] for row in rows])}]
    return predicted[None], targets, [(list(range(len(rows))), list(range(len(rows))))]


def single_losses():
    case("ordinary", targets_of("ordinary", 3, 2), [([4, 0, 2], [0, 1, 2]), ([1, 3], [1, 0])])
    case("no-targets", targets_of("no-targets", 0, 0), [([], []), ([], [])])
    case("one-image-without", targets_of("one-image-without", 3, 0), [([0, 1, 4], [2, 0, 1]), ([], [])])
    crowded = targets_of("more-targets-than-queries", 8, 1)
    case("more-targets-than-queries", crowded, [([0, 1, 2, 3, 4], [7, 2, 5, 0, 3]), ([2], [0])])

    sample = boxes_of("boxes", 6).tolist()
    for name, rows, finite_only in (
        ("identical", [(box, box) for box in sample[:4]], ()),
        ("nested", [(sample[0], [*sample[0][:2], 0.01, 0.02]), ([0.5, 0.5, 0.9, 0.9], sample[1])], ()),
        ("disjoint", [([0.2, 0.2, 0.1, 0.1], [0.7, 0.8, 0.2, 0.1]), ([0.2, 0.5, 0.1, 0.1], [0.7, 0.5, 0.1, 0.3])], ()),
        # Exact in binary: the edges are equal, and so is the corner.
        ("touching", [([0.25, 0.5, 0.25, 0.5], [0.5, 0.5, 0.25, 0.25]), ([0.25] * 4, [0.5, 0.5, 0.25, 0.25])], ()),
        ("point-inside", [([0.5, 0.5, 0.0, 0.0], [0.5, 0.5, 0.25, 0.5]), ([0.5] * 4, [0.375, 0.5, 0.0, 0.0])], ()),
        ("line-inside", [([0.5, 0.5, 0.25, 0.0], [0.5, 0.5, 0.5, 0.5])], ()),
        ("two-points", [([0.25, 0.25, 0.0, 0.0], [0.5, 0.75, 0.0, 0.0])], ("giou",)),
        ("same-point", [([0.5, 0.5, 0.0, 0.0], [0.5, 0.5, 0.0, 0.0])], ("giou",)),
        ("same-line", [([0.5, 0.5, 0.25, 0.0], [0.5, 0.5, 0.5, 0.0])], ("giou",)),
        ("nothing", [([0.0] * 4, [0.0] * 4)], ("giou",)),
        ("huge", [([1e30, 0.0, 1e30, 2e30], [0.0, 1e30, 3e30, 1e30]), ([-1e30, 1e30, 1e30, 1e30], [1e30] * 4)], ()),
        ("huge-prediction", [([0.0, 0.0, 1e30, 1e30], sample[0])], ()),
        ("huge-target", [(sample[0], [1e30, 1e30, 1e30, 1e30])], ()),
        ("huge-and-identical", [([1e30] * 4, [1e30] * 4)], ()),
        ("denormal", [([1e-40] * 4, [2e-40, 1e-40, 3e-40, 1e-40]), ([1e-45] * 4, [1e-45] * 4)], ("giou",)),
        ("denormal-prediction", [([0.5, 0.5, 1e-40, 1e-40], sample[0])], ("giou",)),
        ("denormal-target", [(sample[0], [0.5, 0.5, 1e-40, 1e-40])], ()),
        ("small", [([1e-6, 2e-6, 1e-6, 2e-6], [2e-6, 2e-6, 2e-6, 1e-6])], ()),
        ("smallest", [([1e-15, 2e-15, 1e-15, 2e-15], [2e-15, 2e-15, 2e-15, 1e-15])], ()),
    ):
        predicted, targets, indices = pairs(*rows)
        case(name, targets, indices, boxes=predicted, finite_only=finite_only)

    signs = torch.where(stream("wide-logits/signs", 2, QUERIES, CLASSES + 1) < 0, -1.0, 1.0)
    indices = [([0, 1], [0, 1]), ([2, 3, 4], [0, 1, 2])]
    case("wide-logits", targets_of("wide-logits", 2, 3), indices, logits=1e4 * signs)
    case("equal-logits", targets_of("equal-logits", 2, 3), indices, logits=torch.zeros(2, QUERIES, CLASSES + 1))
    case("moderate-logits", targets_of("moderate-logits", 2, 3), indices, logits=30 * signs)


def whole_criterion():
    """The final set and five auxiliary ones, each with its own matching."""
    for name, counts in (("ordinary", (3, 1)), ("none", (0, 0)), ("one-image-without", (0, 4)), ("crowded", (9, 2))):
        name = f"criterion/{name}"
        targets = targets_of(name, *counts)
        logits = 2 * stream(f"{name}/logits", LAYERS, 2, QUERIES, CLASSES + 1)
        boxes = boxes_of(f"{name}/predicted", LAYERS, 2, QUERIES)
        exact = doubled(targets)
        matcher = HungarianMatcher(class_cost=1, bbox_cost=5, giou_cost=2)
        x, y = logits.double().requires_grad_(), boxes.double().requires_grad_()
        # The last layer is the final set.
        outputs = {"logits": x[-1], "pred_boxes": y[-1]}
        outputs["auxiliary_outputs"] = [{"logits": a, "pred_boxes": b} for a, b in zip(x[:-1], y[:-1])]
        terms = criterion(matcher)(outputs, exact)
        total = sum(WEIGHTS[key.rsplit("_", 1)[0] if key[-1].isdigit() else key] * term for key, term in terms.items())
        gradients = torch.autograd.grad(total, (x, y))
        indices = [matcher({"logits": a, "pred_boxes": b}, exact) for a, b in zip(x, y)]
        parts = [dense(targets, pair, QUERIES) for pair in indices]
        put(name, {"logits": logits, "boxes": boxes, "per_object": torch.tensor(1 / object_count(targets))})
        put(name, {key: torch.stack([part[key] for part in parts]) for key in parts[0]})
        put(name, {"total": total.detach(), "logits.gradient": gradients[0], "boxes.gradient": gradients[1]})
        put(name, {f"terms/{key}": value.detach() for key, value in terms.items()})
        CASES.append({"name": name, "kind": "criterion", "finiteOnly": []})


if __name__ == "__main__":
    torch.set_num_threads(1)
    single_losses()
    whole_criterion()
    arrays = {name: np.array(value.numpy(), order="C") for name, value in TENSORS.items()}
    (GOLDEN / "losses.safetensors").write_bytes(save(arrays))
    (GOLDEN / "losses.json").write_text("[\n" + ",\n".join(json.dumps(row) for row in CASES) + "\n]\n")
