"""Goldens of src/eval/, made with pycocotools: test/golden/coco-eval.json.

    python reference/coco_eval.py [data folder]      writes the goldens
    python reference/coco_eval.py --serve            answers test/fuzz-eval.ts: per line `N`, the random case N and its numbers
    python reference/coco_eval.py --time GT DT TYPE  answers bench/eval-speed.ts: per line `run`, seconds of each part

A case is ground truth, detections and, per type (bbox, segm), the twelve numbers and a digest of all of pycocotools'
arrays. Cases come from a seed. `files` has the numbers of COCO's own fake results in the data folder (default
../shared/data); only numbers leave that folder, and without it those of the last run are kept.
"""

import contextlib
import copy
import hashlib
import io
import json
import math
import pathlib
import random
import sys
import time

import numpy as np
from pycocotools import mask as mask_utils
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

ROOT = pathlib.Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "test" / "golden" / "coco-eval.json"
NAMES = ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"]
AREAS = [0, 1, 1023.999, 1024, 1024.001, 1025, 9215.999, 9216, 9216.001, 9217, 1e10, 1e11]


# --- pycocotools ------------------------------------------------------------------------------------------------------

def coco_of(dataset: dict) -> COCO:
    coco = COCO()
    coco.dataset = dataset
    coco.createIndex()
    return coco


def detections_of(coco: COCO, detections: list) -> COCO:
    if detections:
        return coco.loadRes(detections)
    # loadRes looks at the first detection.
    return coco_of({**coco.dataset, "annotations": []})


def evaluate(ground_truth: dict, detections: list, kind: str) -> COCOeval:
    """All of pycocotools, silent, on copies: it writes into what it is given."""
    with contextlib.redirect_stdout(io.StringIO()):
        coco = coco_of(copy.deepcopy(ground_truth))
        evaluation = COCOeval(coco, detections_of(coco, copy.deepcopy(detections)), kind)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation


def numbers_of(ground_truth: dict, detections: list, kind: str) -> dict:
    evaluation = evaluate(ground_truth, detections, kind)
    digest = hashlib.sha256()
    for name in ("precision", "recall", "scores"):
        digest.update(np.ascontiguousarray(evaluation.eval[name]).tobytes())
    return {"stats": [float(value) for value in evaluation.stats], "digest": digest.hexdigest()[:16]}


# --- cases made by hand -----------------------------------------------------------------------------------------------

def edge_cases() -> list:
    """Each on 100 x 100 photos with whole squares as boxes: (x, y, side)."""

    def case(objects: list, found: list, photos: int = 1, classes: int = 1) -> dict:
        images = [{"id": i + 1, "height": 100, "width": 100} for i in range(photos)]
        categories = [{"id": i + 1, "name": f"class {i + 1}"} for i in range(classes)]
        annotations = [
            {"id": identity, "image_id": image, "category_id": 1, "iscrowd": crowd, "bbox": [x, y, side, side], "area": side * side}
            for identity, image, (x, y, side), crowd in objects
        ]
        detections = [
            {"image_id": image, "category_id": category, "score": score, "bbox": [x, y, side, side]}
            for image, category, (x, y, side), score in found
        ]
        ground_truth = {"images": images, "categories": categories, "annotations": annotations}
        return {"groundTruth": ground_truth, "detections": detections, "types": ["bbox"]}

    one = [(1, 1, (10, 10, 40), 0)]
    return [
        case(one, []),
        case([], [(1, 1, (10, 10, 40), 0.9)]),
        case([], [], photos=0),
        case([(0, 1, (10, 10, 40), 0), (1, 1, (60, 10, 30), 0)], [(1, 1, (10, 10, 40), 0.9), (1, 1, (60, 10, 30), 0.8)]),
        case([(1, 1, (0, 0, 90), 1)], [(1, 1, (i, i, 40), 0.5) for i in range(5)]),
        case([(1, 1, (0, 0, 90), 1), (2, 1, (0, 0, 40), 0)], [(1, 1, (0, 0, 40), 0.5), (1, 1, (1, 0, 40), 0.5)]),
        case([(7, i, (10, 10, 40), 0) if i == 3 else (i, i, (20, 20, 32), 0) for i in (1, 2, 3)],
             [(i, 1, (20, 20, 32), 0.5) for i in (3, 2, 1)] + [(2, 1, (50, 50, 32), 0.5)], photos=3),
        case(one + [(2, 1, (10, 10, 40), 0)], [(1, 1, (10, 10, 40), 0.5)] * 3),
        case(one, [(1, 2, (10, 10, 40), 0.9), (1, 1, (12, 10, 40), 0.3)], classes=3),
    ]


# --- random cases -----------------------------------------------------------------------------------------------------

class Chance(random.Random):
    def often(self, share: float) -> bool:
        return self.random() < share


def random_case(seed: int) -> dict:
    """Ground truth, detections and the types for which they can be compared."""
    chance = Chance(seed)
    with_masks = chance.often(0.5)
    height, width = chance.choice([(20, 30), (64, 48), (130, 120)] if with_masks else [(100, 100), (480, 640)])
    names = chance.often(0.05)
    numbers = chance.sample(range(1, 1000), chance.randint(1, 6))
    images = [{"id": f"photo {n}" if names else n, "height": height, "width": width} for n in numbers]
    categories = [{"id": n, "name": f"class {n}"} for n in chance.sample(range(0, 91), chance.randint(1, 4))]
    step = chance.choice([1, 0.5, 0.01])
    crowds = chance.choice([0, 0.1, 0.5])
    annotations = []
    first = -2 if chance.often(0.03) else 0 if chance.often(0.15) else 1
    ids = iter(chance.sample(range(first, 400), 200) if chance.often(0.5) else range(first, 400))
    for image in images:
        for _ in range(chance.choice([0, 1, 2, 4, 9])):
            annotation = {
                "id": next(ids), "image_id": image["id"], "category_id": chance.choice(categories)["id"],
                "iscrowd": int(chance.often(crowds)),
            }
            annotation["bbox"] = random_box(chance, height, width, step)
            if with_masks:
                annotation["segmentation"] = random_mask(chance, annotation["bbox"], height, width)
            annotation["area"] = chance.choice(AREAS) if chance.often(0.2) else box_area(annotation["bbox"])
            if chance.often(0.05):
                annotation["ignore"] = 1
            annotations.append(annotation)
    detections = random_detections(chance, images, categories, annotations, with_masks, height, width, step)
    ground_truth = {"images": images, "categories": categories, "annotations": annotations}
    has_masks = with_masks and all("segmentation" in d or "bbox" in d for d in detections)
    return {"groundTruth": ground_truth, "detections": detections, "types": ["bbox", "segm"] if has_masks else ["bbox"]}


def random_detections(chance, images, categories, annotations, with_masks, height, width, step) -> list:
    levels = chance.choice([2, 5, 1000])
    # What the first detection has decides how areas are measured.
    fields = chance.choice([("bbox",), ("segmentation",), ("bbox", "segmentation")]) if with_masks else ("bbox",)
    detections = []

    def add(image_id, category_id, box):
        detection = {"image_id": image_id, "category_id": category_id, "score": chance.randint(0, levels) / levels}
        if "bbox" in fields:
            detection["bbox"] = box
        if "segmentation" in fields:
            size = (height, width) if not chance.often(0.02) else (height + 1, width)
            mask = random_mask(chance, box, *size)
            # pycocotools measures the area of compressed text only.
            detection["segmentation"] = mask if "bbox" in fields else compressed(mask, *size)
        detections.append(detection)

    for annotation in annotations:
        for _ in range(chance.choice([0, 1, 1, 1, 3])):
            category = annotation["category_id"] if chance.often(0.9) else chance.choice(categories)["id"]
            add(annotation["image_id"], category, jittered(chance, annotation["bbox"], step))
    for image in images:
        for _ in range(chance.choice([0, 0, 1, 5])):
            category = chance.choice(categories)["id"] if chance.often(0.95) else 1234
            add(image["id"], category, random_box(chance, height, width, step))
    if chance.often(0.03):
        image, category = chance.choice(images)["id"], chance.choice(categories)["id"]
        near = [a["bbox"] for a in annotations if a["image_id"] == image]
        for _ in range(chance.randint(95, 130)):
            box = jittered(chance, chance.choice(near), step) if near else random_box(chance, height, width, step)
            add(image, category, box)
    chance.shuffle(detections)
    return [] if chance.often(0.03) else detections


def random_box(chance, height, width, step) -> list:
    kind = chance.random()
    if kind < 0.1:  # areas exactly on the borders of small, medium and large
        w, h = chance.choice([(32, 32), (96, 96), (16, 64), (64, 16), (144, 64)])
    elif kind < 0.12:
        w, h = chance.choice([(0, 10), (10, 0), (-5, 10), (-4, -6), (1e-170, 1e-170)])
    else:
        w, h = chance.randint(1, int(width / step)) * step, chance.randint(1, int(height / step)) * step
    x, y = chance.randint(-3, width) * 1, chance.randint(-3, height) * 1
    return [rounded(value) for value in (x * chance.choice([1, step]), y, w, h)]


def jittered(chance, box, step) -> list:
    x, y, w, h = box
    kind = chance.random()
    if kind < 0.25:
        return list(box)
    if kind < 0.4:  # IoU of exactly 1/2 and 3/4
        return [x, y, rounded(w * chance.choice([0.5, 0.75, 2])), h]
    reach = max(1, int(0.2 * max(abs(w), abs(h)) / step))
    return [rounded(value + chance.randint(-reach, reach) * step) for value in box]


def rounded(value: float) -> float:
    return value if value in (1e-170,) else round(value, 2)


def box_area(box) -> float:
    return box[2] * box[3]


def random_mask(chance, box, height, width):
    """Polygons, run lengths as numbers or as text, roughly where the box is."""
    kind = chance.choice(["corners", "star", "parts", "counts", "text", "noise"])
    x, y, w, h = [float(np.clip(value, -50, 200)) for value in box]
    if kind in ("corners", "star", "parts"):
        polygons = [random_polygon(chance, kind, x, y, w, h) for _ in range(chance.randint(2, 3) if kind == "parts" else 1)]
        return polygons
    mask = np.zeros((height, width), np.uint8)
    if kind == "noise":
        share = chance.random()
        block = np.array([[chance.often(share) for _ in range(width // 6 + 1)] for _ in range(height // 6 + 1)], np.uint8)
        mask = block.repeat(6, 0).repeat(6, 1)[:height, :width]
    else:
        left, top, right, bottom = (math.floor(value) for value in (x, y, x + w, y + h))
        mask[max(0, top):max(0, bottom), max(0, left):max(0, right)] = 1
    text = mask_utils.encode(np.asfortranarray(mask))
    text = {"size": [height, width], "counts": text["counts"].decode()}
    return text if kind == "text" else {"size": [height, width], "counts": counts_of(mask)}


def random_polygon(chance, kind, x, y, w, h) -> list:
    if kind == "corners":
        return [rounded(value) for value in (x, y, x, y + h, x + w, y + h, x + w, y)]
    corners = chance.randint(3, 9)
    points = []
    for i in range(corners):
        # From the middle outwards, so that it is concave; now and then any corner, so that edges cross.
        angle = 2 * math.pi * (i if chance.often(0.9) else chance.randint(0, corners)) / corners
        reach = chance.random()
        points += [x + w / 2 + reach * w / 2 * math.cos(angle), y + h / 2 + reach * h / 2 * math.sin(angle)]
    digits = chance.choice([0, 1, 2])
    return [round(value, digits) for value in points]


def counts_of(mask: np.ndarray) -> list:
    flat = mask.flatten(order="F")
    changes = np.flatnonzero(np.diff(np.concatenate([[0], flat])))
    return [int(run) for run in np.diff(np.concatenate([[0], changes, [flat.size]]))]


def compressed(mask, height, width) -> dict:
    if isinstance(mask, list):
        mask = mask_utils.merge(mask_utils.frPyObjects(mask, height, width))
    elif isinstance(mask["counts"], list):
        mask = mask_utils.frPyObjects(mask, height, width)
    counts = mask["counts"]
    return {"size": list(mask["size"]), "counts": counts if isinstance(counts, str) else counts.decode()}


def answered(case: dict) -> dict:
    numbers = {kind: numbers_of(case["groundTruth"], case["detections"], kind) for kind in case["types"]}
    return {"groundTruth": case["groundTruth"], "detections": case["detections"], "numbers": numbers}


# --- masks alone ------------------------------------------------------------------------------------------------------

# Edges on which rounding decides, a corner on a border, crossing and doubled edges, parts outside, runs over columns.
HARD_MASKS = [
    [[20, 32, 5, 6, 25, 3]],
    [[16, 31, 15, 32, 1, 5]],
    [[16, 28, 9, 13, 1, 2]],
    [[30.8, 9.1, 28.6, 28.5, 33.9, 10.5]],
    [[22.7, 34.8, 26.9, -4.5, -4.6, 16.6]],
    [[0, 22, 1, -5, 1, 32]],
    [[5, 5, 25, 25, 25, 5, 5, 25]],
    [[3, 3, 3, 3, 12, 3, 12, 12, 3, 12]],
    [[-20, -20, -5, -20, -5, -5]],
    [[2, 2, 20, 2, 20, 20], [4.5, 4.5, 6, 6]],
    {"size": [30, 30], "counts": [35, 40, 825]},
    {"size": [30, 30], "counts": [35, 3, 0, 40, 822]},
    {"size": [30, 30], "counts": [0, 900]},
    {"size": [30, 30], "counts": [900, 0]},
    {"size": [30, 30], "counts": [0, 0, 900]},
]


def mask_cases() -> list:
    """Segmentations with their compressed text, area, box, and IoU with the one before."""
    chance = Chance(4)
    cases = []
    before = None

    def add(segmentation, height: int, width: int) -> None:
        nonlocal before
        text = compressed(segmentation, height, width)
        case = {
            "height": height, "width": width, "segmentation": segmentation, "text": text["counts"],
            "area": int(mask_utils.area(text)), "box": [float(v) for v in mask_utils.toBbox(text)],
        }
        if before is not None:
            case["iou"] = [float(mask_utils.iou([text], [before], [crowd])[0, 0]) for crowd in (0, 1)]
            if before["size"] == text["size"]:
                case["union"] = mask_utils.merge([before, text])["counts"].decode()
        cases.append(case)
        before = text

    for segmentation in HARD_MASKS:
        add(segmentation, 30, 30)
    for _ in range(60):
        height, width = chance.choice([(1, 1), (7, 5), (40, 60), (200, 100)])
        if chance.often(0.8):
            height, width = before["size"]
        box = random_box(chance, height, width, chance.choice([1, 0.5, 0.01]))
        add(random_mask(chance, box, height, width), height, width)
    return cases


# --- modes ------------------------------------------------------------------------------------------------------------

def file_numbers(folder: pathlib.Path) -> dict:
    ground_truth = json.loads((folder / "instances_val2014_100.json").read_text())
    results = folder / "cocoapi" / "results"
    numbers = {}
    for kind, name in (("bbox", "instances_val2014_fakebbox100"), ("segm", "instances_val2014_fakesegm100")):
        detections = json.loads((results / f"{name}_results.json").read_text())
        numbers[kind] = numbers_of(ground_truth, detections, kind)
    return numbers


def write_golden(data: pathlib.Path) -> None:
    folder = data / "coco-eval"
    if folder.is_dir():
        files = file_numbers(folder)
    else:
        files = json.loads(GOLDEN.read_text())["files"]
    cases = [answered(case) for case in edge_cases()]
    budget, long_cases = 220_000, 0
    for seed in range(10_000):
        case = answered(random_case(seed))
        size = len(json.dumps(case, separators=(",", ":")))
        # Long cases are left to the fuzzer, but for one with more than 100 detections in a class and photo.
        is_long = size > 4500
        if is_long and (long_cases > 0 or size > 20_000 or len(case["detections"]) < 100):
            continue
        long_cases += is_long
        budget -= size
        cases.append(case)
        if budget < 8000 and long_cases > 0:
            break
    golden = {"names": NAMES, "files": files, "masks": mask_cases(), "cases": cases}
    lines = [f'"{key}":{json.dumps(golden[key], separators=(",", ":"))}' for key in ("names", "files", "masks")]
    rows = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    GOLDEN.write_text("{" + ",\n".join(lines) + ',\n"cases":[\n' + rows + "\n]}\n")
    print(f"{len(cases)} cases, {GOLDEN.stat().st_size} bytes")


def serve() -> None:
    for line in sys.stdin:
        print(json.dumps(answered(random_case(int(line)))), flush=True)


def time_parts(ground_truth: str, detections: str, kind: str) -> None:
    """Seconds, and processor seconds, to read both files and to evaluate; and the twelve numbers."""
    print("ready", flush=True)
    for _ in sys.stdin:
        with contextlib.redirect_stdout(io.StringIO()):
            start, start_cpu = time.perf_counter(), time.process_time()
            coco = COCO(ground_truth)
            found = coco.loadRes(detections)
            read, read_cpu = time.perf_counter(), time.process_time()
            evaluation = COCOeval(coco, found, kind)
            evaluation.evaluate()
            evaluation.accumulate()
            evaluation.summarize()
            end, end_cpu = time.perf_counter(), time.process_time()
        stats = [float(value) for value in evaluation.stats]
        times = {"read": [read - start, read_cpu - start_cpu], "evaluate": [end - read, end_cpu - read_cpu]}
        print(json.dumps({**times, "stats": stats}), flush=True)
        del coco, found, evaluation


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve()
    elif sys.argv[1:2] == ["--time"]:
        time_parts(*sys.argv[2:5])
    else:
        write_golden(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "data")
