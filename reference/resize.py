"""Goldens of src/data/resize.ts, made with Pillow: test/golden/resize.json.

    python reference/resize.py [data folder]

1. `sizes`: DETR's size rule (get_size_with_aspect_ratio), with Python's rounding.
2. `noise`: SHA-256 of Pillow's bilinear resizes of images that the test makes again from the same rule.
3. `photos`: SHA-256 of the decoded and of the resized pixels of photos in the data folder (default ../shared/data).
   Only hashes leave that folder; without it the photos of the last run are kept.
"""

import hashlib
import json
import pathlib
import random
import sys

import numpy as np
import PIL
from PIL import Image, ImageOps

from rule import uniform

ROOT = pathlib.Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "test" / "golden" / "resize.json"


# --- images from a rule ------------------------------------------------------------------------------------------------

def noise_bytes(name: str, seed: int, count: int) -> np.ndarray:
    """Bytes of the stream (name, seed): (u + 1) * 128, rounded down."""
    return np.floor((uniform(name, [count], seed) + 1) * 128).astype(np.int64)


def noise_image(name: str, seed: int, width: int, height: int) -> Image.Image:
    """Fine noise averaged with noise in blocks of 8x8; the lowest and highest blocks are pure black and white."""
    fine = noise_bytes(f"image.{name}", seed, width * height * 3).reshape(height, width, 3)
    columns, rows = (width + 7) // 8, (height + 7) // 8
    block = noise_bytes(f"image.{name}.block", seed, columns * rows * 3).reshape(rows, columns, 3)
    block = block.repeat(8, 0).repeat(8, 1)[:height, :width]
    pixels = np.where(block < 40, 0, np.where(block >= 216, 255, (fine + block) >> 1))
    return Image.fromarray(pixels.astype(np.uint8), "RGB")


# --- the size rule ----------------------------------------------------------------------------------------------------

def size_rule(width: int, height: int, size: int, max_size: int | None) -> tuple[int, int]:
    if max_size is not None:
        low, high = float(min(width, height)), float(max(width, height))
        if high / low * size > max_size:
            size = int(round(max_size * low / high))
    if (width <= height and width == size) or (height <= width and height == size):
        return width, height
    if width < height:
        return size, int(size * height / width)
    return int(size * width / height), size


def size_table() -> list[str]:
    chance = random.Random(7)
    cases = [(640, 480, 800, 1333), (480, 640, 800, 1333), (1000, 500, 800, 1333), (500, 1000, 800, 1333),
             (800, 800, 800, 1333), (800, 1200, 800, 1333), (1333, 800, 800, 1333), (1, 1, 800, 1333),
             (2, 1, 800, 1333), (1, 100, 800, 1333), (5000, 4, 800, 1333), (7, 3, 800, None), (800, 7, 800, None)]
    # An odd long side twice the odd multiple gives exact halves: both directions of the tie.
    cases += [(2 * n, n, 800, longest) for n in (250, 333, 500, 667, 1000) for longest in (1331, 1333, 1335, 1337)]
    for _ in range(220):
        cases.append((chance.randint(1, 2000), chance.randint(1, 2000), 800, 1333))
    for _ in range(120):
        cases.append((chance.randint(200, 6000), chance.randint(200, 6000),
                      chance.choice(range(480, 801, 32)), chance.choice([1333, 1333, 800, 1000, None])))
    table = []
    for width, height, size, max_size in cases:
        out = size_rule(width, height, size, max_size)
        if min(out) > 0:
            table.append(" ".join(map(str, (width, height, size, max_size or 0, *out))))
    return table


# --- resizes ----------------------------------------------------------------------------------------------------------

def digest(image: Image.Image) -> str:
    return hashlib.sha256(image.tobytes()).hexdigest()


def resized(image: Image.Image, width: int, height: int) -> str:
    """Width first, then height: what `image.resize((width, height), BILINEAR)` does in every Pillow before 13, with which
    all published checkpoints were trained. Pillow 13 goes height first when the height shrinks by more than twice what
    the width shrinks (never for a resize that keeps the ratio); a quarter of the values then differ by one level."""
    wide = image.resize((width, image.height), Image.Resampling.BILINEAR)
    return digest(wide.resize((width, height), Image.Resampling.BILINEAR))


NOISE = [
    # width, height, then the sizes to resize to
    ("plain", 640, 480, [(1066, 800), (640, 640), (333, 480), (640, 481), (17, 11), (640, 480)]),
    ("odd", 331, 247, [(1072, 800), (330, 246), (332, 248), (1, 1), (331, 1), (1, 247), (165, 1000)]),
    ("large", 1600, 1203, [(1064, 800), (533, 401), (100, 75), (3, 800)]),
    ("column", 1, 700, [(1, 350), (9, 1401), (3, 5)]),
    ("row", 900, 1, [(450, 1), (1803, 7), (5, 3)]),
    ("pixel", 1, 1, [(1, 2), (13, 9)]),
    ("strip", 4000, 3, [(1333, 1), (61, 30), (4001, 4)]),
    ("tiny", 3, 2, [(1200, 800), (2, 3), (4, 1)]),
    ("small", 5, 7, [(640, 640)]),
    ("weights", 20000, 2, [(1, 1), (2, 5), (3, 2)]),
]

PHOTOS = [
    "coco-tiny/val2017/*.jpg", "coco-tiny/train2017/*.jpg", "bccd/JPEGImages/*.jpg", "facemask/train2017/*",
    "voc-formats/database/**/*.jpg", "photos/**/*.jpg", "coco128/train2017/*.jpg", "raccoon/images/*",
]


def choose_photos(data: pathlib.Path) -> list[pathlib.Path]:
    """Thirty photos, spread evenly over each folder, and with every grey file of coco128 and raccoon among them."""
    chosen: list[pathlib.Path] = []
    for pattern in PHOTOS:
        files = [f for f in sorted(data.glob(pattern)) if f.suffix.lower() in (".jpg", ".jpeg", ".png")]
        spread = 4 if pattern.startswith(("coco128", "raccoon")) else 3
        chosen += files[:: max(1, len(files) // spread)][:spread]
        if pattern.startswith(("coco128", "raccoon")):
            chosen += [f for f in files if Image.open(f).mode == "L"][:3]
    return list(dict.fromkeys(chosen))[:30]


def photo_goldens(data: pathlib.Path) -> list[dict]:
    goldens = []
    for file in choose_photos(data):
        image = ImageOps.exif_transpose(Image.open(file)).convert("RGB")
        width, height = image.size
        sizes = [size_rule(width, height, 800, 1333), (640, 640), size_rule(width, height, 480, 1333)]
        goldens.append({
            "file": file.relative_to(data).as_posix(), "width": width, "height": height, "pixels": digest(image),
            "resized": {f"{w}x{h}": resized(image, w, h) for w, h in sizes},
        })
    return goldens


def main() -> None:
    data = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT.parent / "shared" / "data")
    if data.is_dir():
        photos = photo_goldens(data)
    else:
        photos = json.loads(GOLDEN.read_text())["photos"]
    noise = []
    for name, width, height, sizes in NOISE:
        image = noise_image(name, 11, width, height)
        noise.append({
            "name": name, "seed": 11, "width": width, "height": height, "pixels": digest(image),
            "resized": {f"{w}x{h}": resized(image, w, h) for w, h in sizes},
        })
    golden = {"pillow": PIL.__version__, "sizes": size_table(), "noise": noise, "photos": photos}
    GOLDEN.parent.mkdir(parents=True, exist_ok=True)
    GOLDEN.write_text(json.dumps(golden, indent=1) + "\n")
    print(f"{GOLDEN.relative_to(ROOT)}: {len(golden['sizes'])} sizes, {sum(len(n['resized']) for n in noise)} resizes "
          f"of noise, {len(photos)} photos, Pillow {PIL.__version__}")


if __name__ == "__main__":
    main()
