"""Goldens of src/data/transforms: test/golden/transforms.json.

    python reference/transforms.py FOLDER    FOLDER: a clone of facebookresearch/detr at 29901c5, bare or not

1. `detr`: the official repository's own training transforms (datasets/coco.py, datasets/transforms.py), read from the
   clone and run as they are, on images from a rule. A case has the boxes as labelled, the random decisions in the order
   in which they were made, and what came out: size, SHA-256 of the pixels and of every mask, boxes (normalised cxcywh),
   labels and areas.
2. `ssd`: torchvision's photometric distortion, zoom-out and IoU crop on Pillow images, in the same way; boxes in pixels.

A decision is ["chance", u], ["integer", n], ["fraction", u] or ["value", x]: u uniform in 0..1, x already scaled. Cases
where float32 decides otherwise than float64 (a side truncated to another pixel) are left out.
"""

import hashlib
import json
import pathlib
import random
import subprocess
import sys
import tarfile
import tempfile
import types
from io import BytesIO

import numpy as np
import torch
import torchvision
from torchvision import tv_tensors
from torchvision.transforms import v2
from torchvision.transforms.v2 import _color

from resize import noise_bytes, noise_image

ROOT = pathlib.Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "test" / "golden" / "transforms.json"
COMMIT = "29901c51d7fe8712168b8d0d64351170bc0f83e0"


def digest(array) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


# --- the official repository -------------------------------------------------------------------------------------------

def official(folder: str):
    """`datasets.coco` of the clone. Of util/misc.py only `interpolate` is used, which is PyTorch's own by now."""
    files = ["datasets/coco.py", "datasets/transforms.py", "util/box_ops.py"]
    archive = subprocess.run(["git", "-C", folder, "archive", COMMIT, *files], check=True, capture_output=True).stdout
    place = tempfile.mkdtemp()
    tarfile.open(fileobj=BytesIO(archive)).extractall(place, filter="data")
    (pathlib.Path(place) / "datasets" / "__init__.py").touch()
    sys.path.insert(0, place)
    misc = types.ModuleType("util.misc")
    misc.interpolate = torch.nn.functional.interpolate
    sys.modules["util.misc"] = misc
    import datasets.coco
    return datasets.coco


# --- decisions ---------------------------------------------------------------------------------------------------------

class Log:
    """Records what the random functions gave."""

    def __init__(self):
        self.decisions = []
        self.originals = {}

    def wrap(self, owner, name, entry):
        original = getattr(owner, name)
        self.originals[(owner, name)] = original

        def logged(*arguments, **options):
            result = original(*arguments, **options)
            self.decisions.extend(entry(result, *arguments, **options))
            return result

        setattr(owner, name, logged)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for (owner, name), original in self.originals.items():
            setattr(owner, name, original)


def log_detr() -> Log:
    log = Log()
    choose = random.choice
    log.wrap(random, "random", lambda value: [["chance", value]])
    log.wrap(random, "randint", lambda value, low, high: [["integer", value]])
    log.wrap(torch, "randint", lambda value, *_, **__: [["integer", int(value)]])
    # The index, not the value; and not by way of the functions above.
    log.originals[(random, "choice")] = choose

    def choice(values):
        value = choose(values)
        log.decisions.append(["integer", list(values).index(value)])
        return value

    random.choice = choice
    return log


ORDERS = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]


def log_ssd() -> Log:
    log = Log()
    log.wrap(torch, "rand", lambda value, *_: [["fraction", float(x)] for x in value.reshape(-1)])
    log.wrap(torch, "randint", lambda value, *_, **__: [["integer", int(value)]])
    log.wrap(torch, "randperm", lambda value, _: [["integer", ORDERS.index(value.tolist())]])
    log.wrap(_color.ColorJitter, "_generate_value", lambda value, *_: [["value", value]])
    return log


# --- cases -------------------------------------------------------------------------------------------------------------

def random_objects(chance: random.Random, width: int, height: int) -> list:
    """COCO annotations: mostly boxes inside, some across the edges, some empty or outside, some crowds."""
    objects = []
    for _ in range(chance.choice([0, 1, 3, 6, 9])):
        x, y = chance.uniform(-0.2, 1) * width, chance.uniform(-0.2, 1) * height
        w, h = chance.uniform(0, 0.7) * width, chance.uniform(0, 0.7) * height
        if chance.random() < 0.1:
            w = 0.0
        if chance.random() < 0.2:
            x, y, w, h = float(int(x)), float(int(y)), float(int(w)), float(int(h))
        bbox = [float(np.float32(v)) for v in (x, y, w, h)]
        objects.append({"bbox": bbox, "category_id": chance.randint(1, 90), "area": float(np.float32(0.6 * w * h)),
                        "iscrowd": int(chance.random() < 0.15)})
    return objects


def mask_of(case: str, number: int, width: int, height: int) -> np.ndarray:
    """Blocks of 8x8 pixels, half of them set: the mask of object `number` of an image."""
    columns, rows = (width + 7) // 8, (height + 7) // 8
    blocks = noise_bytes(f"mask.{case}.{number}", 0, columns * rows).reshape(rows, columns) >= 128
    return blocks.repeat(8, 0).repeat(8, 1)[:height, :width]


DETR = [("plain", 640, 480), ("tall", 480, 640), ("odd", 331, 247), ("square", 500, 500), ("large", 900, 713),
        ("pixel", 1, 1), ("strip", 700, 9), ("column", 5, 400), ("exact", 400, 800)]
SSD = [("plain", 160, 120), ("tall", 97, 131), ("pixel", 1, 1)]


def detr_cases(coco, rounds: int) -> list:
    transforms = coco.make_coco_transforms("train")
    # Up to the normalisation, whose pixels are floats; its boxes are taken from a second run.
    pixels_only = coco.T.Compose(transforms.transforms[:-1])
    cases = []
    for seed in range(rounds):
        name, width, height = DETR[seed % len(DETR)]
        chance = random.Random(f"{name} {seed}")
        image = noise_image(name, 11, width, height)
        objects = random_objects(chance, width, height)
        _, target = coco.ConvertCocoPolysToMask()(image, {"image_id": 1, "annotations": objects})
        masked = seed % 3 == 0
        if masked:
            count = len(target["boxes"])
            masks = [mask_of(name, k, width, height) for k in range(count)]
            target["masks"] = torch.as_tensor(np.array(masks).reshape(count, height, width))
        random.seed(seed)
        torch.manual_seed(seed)
        with log_detr() as log:
            out, target = pixels_only(image, target)
        normalized = coco.T.Normalize([0, 0, 0], [1, 1, 1])(torchvision.transforms.functional.to_tensor(out), target)[1]
        cases.append({
            "image": name, "width": width, "height": height, "objects": objects, "decisions": log.decisions,
            "size": [out.width, out.height], "pixels": digest(out), "labels": target["labels"].tolist(),
            "boxes": normalized["boxes"].tolist(), "areas": target["area"].tolist(),
            **({"masks": [digest(m.to(torch.uint8).numpy()) for m in target["masks"]]} if masked else {}),
        })
    return cases


def ssd_cases(rounds: int) -> list:
    kinds = {
        "photometric": v2.RandomPhotometricDistort(),
        "zoom-out": v2.RandomZoomOut(),
        "iou-crop": v2.Compose([v2.RandomIoUCrop(), v2.ClampBoundingBoxes(), v2.SanitizeBoundingBoxes()]),
    }
    cases = []
    for seed in range(rounds):
        for kind, transform in kinds.items():
            name, width, height = SSD[seed % len(SSD)]
            if kind == "iou-crop" and name == "pixel":
                continue
            chance = random.Random(f"{kind} {seed}")
            corners = []
            for _ in range(chance.randint(1, 6)):
                x, y = chance.uniform(0, 0.8) * width, chance.uniform(0, 0.8) * height
                corners.append([x, y, x + chance.uniform(0.1, 1) * (width - x), y + chance.uniform(0.1, 1) * (height - y)])
            boxes = torch.tensor(corners, dtype=torch.float32)
            torch.manual_seed(seed)
            target = {"boxes": tv_tensors.BoundingBoxes(boxes, format="XYXY", canvas_size=(height, width)),
                      "labels": torch.arange(len(boxes))}
            with log_ssd() as log:
                out, target = transform(noise_image(name, 11, width, height), target)
            if not same_in_float64(kind, width, height, log.decisions):
                continue
            cases.append({
                "kind": kind, "image": name, "width": width, "height": height, "objects": boxes.tolist(),
                "decisions": log.decisions, "size": [out.width, out.height], "pixels": digest(out),
                "labels": target["labels"].tolist(), "boxes": target["boxes"].tolist(),
            })
    return cases


def same_in_float64(kind: str, width: int, height: int, decisions: list) -> bool:
    """Whether no truncation depends on the precision: every product is far enough from a whole number."""
    if kind == "photometric":
        return True
    fractions = [value for name, value in decisions if name == "fraction"]
    products = [side * (0.3 + 0.7 * u) for u in fractions for side in (width, height)]
    products += [side * (1 + 3 * u) for u in fractions for side in (width, height)]
    return all(abs(p - round(p)) > 1e-4 for p in products)


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit("usage: python reference/transforms.py FOLDER (a clone of facebookresearch/detr)")
    detr = detr_cases(official(sys.argv[1]), 27)
    ssd = ssd_cases(15)
    lines = [",\n".join(json.dumps(case) for case in cases) for cases in (detr, ssd)]
    GOLDEN.write_text(f'{{"detr": [\n{lines[0]}\n],\n"ssd": [\n{lines[1]}\n]}}\n')
    count = {kind: sum(case["kind"] == kind for case in ssd) for kind in ("photometric", "zoom-out", "iou-crop")}
    print(f"{GOLDEN.relative_to(ROOT)}: {len(detr)} of DETR, {count}, {GOLDEN.stat().st_size >> 10} KiB")


if __name__ == "__main__":
    main()
