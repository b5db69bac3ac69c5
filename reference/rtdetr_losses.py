"""RT-DETR's losses and its denoising queries: test/golden/rtdetr-losses.safetensors and .json.

Values and gradients in float64 of what transformers' RT-DETR criterion makes of float32 predictions, and of its
contrastive denoising with random numbers from the rule. Its focal loss cannot run (it passes alpha as the number of
boxes); that one is torchvision's, as in the official code. README.md describes the files.
"""

import json
from unittest import mock

import numpy as np
import torch
from safetensors.numpy import save
from torch import nn
from torchvision.ops import sigmoid_focal_loss
from transformers import RTDetrConfig
from transformers.loss.loss_rt_detr import RTDetrLoss
from transformers.models.rt_detr import modeling_rt_detr

from losses import CLASSES, QUERIES, boxes_of, dense, doubled, object_count, pairs, stream, targets_of
from rule import GOLDEN

LAYERS, EMBEDDING = 3, 6
WEIGHTS = {"loss_vfl": 1, "loss_bbox": 5, "loss_giou": 2}
TENSORS, CASES = {}, []


def put(name: str, tensors: dict):
    TENSORS.update({f"{name}/{key}": value for key, value in tensors.items()})


def criterion() -> RTDetrLoss:
    """The criterion with all weights 1: terms are recorded without theirs."""
    options = {f"weight_{name}": 1.0 for name in WEIGHTS}
    return RTDetrLoss(RTDetrConfig(num_labels=CLASSES, **options)).double()


def classification(name, logits, boxes, targets, indices) -> dict:
    """Name -> (value, gradient by the logits) of each classification loss."""
    x, exact, count, detr = logits.double().requires_grad_(), doubled(targets), object_count(targets), criterion()
    outputs = {"logits": x, "pred_boxes": boxes.double()}
    hot = torch.zeros_like(x)
    for n, (target, (rows, index)) in enumerate(zip(exact, indices)):
        hot[n, rows, target["class_labels"][index]] = 1
    torch.set_default_dtype(torch.float64)  # the one-hot targets of the binary cross entropy are made with it
    values = {
        "vfl": detr.loss_labels_vfl(outputs, exact, indices, count)["loss_vfl"],
        "bce": detr.loss_labels_bce(outputs, exact, indices, count)["loss_bce"],
        "focal": sigmoid_focal_loss(x, hot, alpha=0.75, gamma=2, reduction="sum") / count,
    }
    torch.set_default_dtype(torch.float32)
    assert all(value.dtype == torch.float64 for value in values.values())
    return {key: (value, torch.autograd.grad(value, x, retain_graph=True)[0]) for key, value in values.items()}


def case(name, targets, indices, logits=None, boxes=None, finite_only=()):
    """Records a case of single losses, as losses.py does; logits have no background class."""
    logits = 2 * stream(f"{name}/logits", len(targets), QUERIES, CLASSES) if logits is None else logits
    boxes = boxes_of(f"{name}/predicted", len(targets), QUERIES) if boxes is None else boxes
    indices = [tuple(torch.tensor(part, dtype=torch.int64) for part in pair) for pair in indices]
    put(name, {"logits": logits, "boxes": boxes, **dense(targets, indices, QUERIES)})
    put(name, {"per_object": torch.tensor(1 / object_count(targets))})
    for key, (value, gradient) in classification(name, logits, boxes, targets, indices).items():
        finite = torch.isfinite(value) and torch.isfinite(gradient).all()
        assert finite or key in finite_only, f"{name}: {key} is not finite"
        if key not in finite_only:
            put(name, {key: value.detach(), f"{key}.gradient": gradient})
    CASES.append({"name": name, "kind": "losses", "finiteOnly": list(finite_only)})


def single_losses():
    case("ordinary", targets_of("rtdetr/ordinary", 3, 2), [([4, 0, 2], [0, 1, 2]), ([1, 3], [1, 0])])
    case("no-targets", targets_of("rtdetr/no-targets", 0, 0), [([], []), ([], [])])
    case("one-image-without", targets_of("rtdetr/one-image-without", 3, 0), [([0, 1, 4], [2, 0, 1]), ([], [])])
    sample = boxes_of("rtdetr/boxes", 6).tolist()
    near = [[x + 0.01 for x in box] for box in sample]
    for name, rows, finite_only in (
        ("near", [(box, other) for box, other in zip(sample[:4], near)], ()),
        ("identical", [(box, box) for box in sample[:4]], ()),
        ("disjoint", [([0.2, 0.2, 0.1, 0.1], [0.7, 0.8, 0.2, 0.1])], ()),
        ("touching", [([0.25, 0.5, 0.25, 0.5], [0.5, 0.5, 0.25, 0.25])], ()),
        ("point-inside", [([0.5, 0.5, 0.0, 0.0], [0.5, 0.5, 0.25, 0.5])], ()),
        ("same-point", [([0.5, 0.5, 0.0, 0.0], [0.5, 0.5, 0.0, 0.0])], ("vfl",)),
    ):
        predicted, targets, indices = pairs(*rows)
        case(name, targets, indices, boxes=predicted, finite_only=finite_only)
    signs = torch.where(stream("rtdetr/signs", 2, QUERIES, CLASSES) < 0, -1.0, 1.0)
    indices = [([0, 1], [0, 1]), ([2, 3, 4], [0, 1, 2])]
    for name, logits in (("wide-logits", 1e4 * signs), ("moderate-logits", 30 * signs), ("equal-logits", 0 * signs)):
        case(name, targets_of(f"rtdetr/{name}", 2, 3), indices, logits=logits)


def whole_criterion():
    """Decoder layers, the encoder's proposals and denoising queries."""
    for name, counts, groups in (("ordinary", (3, 1), 2), ("one-image-without", (0, 4), 1), ("none", (0, 0), 0)):
        name = f"criterion/{name}"
        targets, most = targets_of(name, *counts), max(counts)
        exact, detr = doubled(targets), criterion()
        size = 2 * groups * most
        positive = [torch.tensor([2 * most * g + k for g in range(groups) for k in range(n)]).long() for n in counts]
        predictions = {}
        for part, sets, queries in (("", LAYERS, QUERIES), ("encoder.", 1, QUERIES), ("denoising.", LAYERS, size)):
            if queries:
                predictions[f"{part}logits"] = 2 * stream(f"{name}/{part}logits", sets, 2, queries, CLASSES)
                predictions[f"{part}boxes"] = boxes_of(f"{name}/{part}predicted", sets, 2, queries)
        x = {key: value.double().requires_grad_() for key, value in predictions.items()}

        def sets_of(part):
            return [{"logits": a, "pred_boxes": b} for a, b in zip(x[f"{part}logits"], x[f"{part}boxes"])]

        layers = sets_of("")
        outputs = {**layers[-1], "auxiliary_outputs": [*layers[:-1], *sets_of("encoder.")]}
        meta = {"dn_positive_idx": positive, "dn_num_group": groups, "dn_num_split": [size, QUERIES]}
        if size:
            outputs |= {"dn_auxiliary_outputs": sets_of("denoising."), "denoising_meta_values": meta}
        terms = detr(outputs, exact)
        total = sum(WEIGHTS["_".join(key.split("_")[:2])] * term for key, term in terms.items())
        gradients = torch.autograd.grad(total, list(x.values()))
        put(name, predictions)
        put(name, {f"{key}.gradient": gradient for key, gradient in zip(x, gradients)})
        put(name, {"total": total.detach(), "per_object": torch.tensor(1 / object_count(targets))})
        put(name, {f"terms/{key}": value.detach() for key, value in terms.items()})
        matched = {"": [detr.matcher(one, exact) for one in layers]}
        matched["encoder."] = [detr.matcher(one, exact) for one in sets_of("encoder.")]
        if size:
            matched["denoising."] = [detr.get_cdn_matched_indices(meta, targets)]
            put(name, {"denoising.per_object": torch.tensor(1 / (object_count(targets) * groups))})
        for part, sets in matched.items():
            rows = [dense(targets, indices, size if part == "denoising." else QUERIES) for indices in sets]
            put(name, {f"{part}{key}": torch.stack([row[key] for row in rows]) for key in rows[0]})
        CASES.append({"name": name, "kind": "criterion", "finiteOnly": []})


def denoising():
    """Noised queries from given random numbers."""
    for name, counts, wanted, label_noise, box_noise in (
        ("several-groups", (3, 2), 12, 0.5, 1.0),
        ("one-image-without", (0, 2), 8, 0.5, 1.0),
        ("one-group", (7, 3), 5, 0.5, 1.0),
        ("one-object", (1, 1), 4, 0.5, 1.0),
        ("no-label-noise", (2, 1), 6, 0.0, 1.0),
        ("all-labels-drawn", (2, 3), 9, 2.0, 0.4),
    ):
        name = f"denoising/{name}"
        groups, most = max(1, wanted // max(counts)), max(counts)
        size = 2 * groups * most
        targets = targets_of(name, *counts)
        if counts[0] > 1:  # at two borders of the image
            targets[0]["boxes"][0] = torch.tensor([0.125, 0.9375, 0.25, 0.125])
        drawn = {
            "flip": (stream(f"{name}/flip", 2, size) + 1) / 2,
            "new_labels": ((stream(f"{name}/new", 2, size) + 1) / 2 * CLASSES).int(),
            "sign": (stream(f"{name}/sign", 2, size, 4) >= 0).int(),
            "magnitude": (stream(f"{name}/magnitude", 2, size, 4) + 1) / 2,
        }
        floats = iter([*([drawn["flip"]] if label_noise else []), drawn["magnitude"].double()])
        integers = iter([*([drawn["new_labels"]] if label_noise else []), drawn["sign"]])
        table = stream(f"{name}/embedding", CLASSES + 1, EMBEDDING)
        embedding = nn.Embedding(CLASSES + 1, EMBEDDING, padding_idx=CLASSES).double()
        embedding.load_state_dict({"weight": table})
        seen = {}

        def embed(labels):
            seen["labels"] = labels
            return embedding(labels)

        torch.set_default_dtype(torch.float64)
        with (
            mock.patch.object(torch, "rand_like", lambda *_, **__: next(floats)),
            mock.patch.object(torch, "randint_like", lambda *_, **__: next(integers)),
        ):
            queries, boxes, mask, meta = modeling_rt_detr.get_contrastive_denoising_training_group(
                doubled(targets), CLASSES, QUERIES, embed, wanted, label_noise, box_noise
            )
        torch.set_default_dtype(torch.float32)
        assert meta["dn_num_group"] == groups and boxes.shape == (2, size, 4) and boxes.dtype == torch.float64
        assert next(floats, None) is None and next(integers, None) is None
        r = stream(f"{name}/r", *queries.shape)
        (gradient,) = torch.autograd.grad((queries * r.double()).sum(), embedding.weight)
        put(name, {f"labels{n}": target["class_labels"].int() for n, target in enumerate(targets)})
        put(name, {f"boxes{n}": target["boxes"] for n, target in enumerate(targets)})
        put(name, drawn)
        put(name, {"embedding": table, "r": r, "embedding.gradient": gradient})
        put(name, {"noised_labels": seen["labels"].int(), "queries": queries.detach(), "noised_boxes": boxes})
        put(name, {"hidden": torch.isinf(mask).to(torch.uint8)})
        put(name, {f"positive{n}": index.int() for n, index in enumerate(meta["dn_positive_idx"])})
        row = {"name": name, "kind": "denoising", "wanted": wanted, "queries": QUERIES, "groups": groups}
        CASES.append({**row, "labelNoise": label_noise, "boxNoise": box_noise})


if __name__ == "__main__":
    torch.set_num_threads(1)
    single_losses()
    whole_criterion()
    denoising()
    arrays = {name: np.array(value.numpy(), order="C") for name, value in TENSORS.items()}
    (GOLDEN / "rtdetr-losses.safetensors").write_bytes(save(arrays))
    (GOLDEN / "rtdetr-losses.json").write_text("[\n" + ",\n".join(json.dumps(row) for row in CASES) + "\n]\n")
