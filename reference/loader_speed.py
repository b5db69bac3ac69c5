"""Photos through PyTorch's DataLoader with DETR's augmentation, for bench/loader-speed.ts.

    python reference/loader_speed.py ANNOTATIONS PHOTOS [--decode pil|torchvision] [--float] [--workers 1] [--repeat 4]

One pass over the photos for every line read, as JSON: {"photos", "seconds", "cpu"}; cpu counts this process and its
workers, their start included, which `--repeat` passes over the photos in a row make small.

`pil` decodes and resizes with Pillow, as the official repository does; `torchvision` decodes to a tensor and resizes
that, which is faster and gives other pixels. With `--float` pixels are scaled and normalised, as a PyTorch model wants
them; without they stay bytes. Batches of 8, padded to a multiple of 64.
"""

import argparse
import json
import pathlib
import random
import resource
import sys
import time

import torch
import torchvision.transforms.v2.functional as F
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision.io import ImageReadMode, decode_image

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
SCALES = list(range(480, 801, 32))


class Photos(Dataset):
    def __init__(self, options):
        content = json.loads(pathlib.Path(options.annotations).read_text())
        self.options = options
        self.photos = sorted(content["images"], key=lambda image: image["id"]) * options.repeat
        self.objects = {image["id"]: [] for image in content["images"]}
        for annotation in content["annotations"]:
            if not annotation.get("iscrowd"):
                self.objects[annotation["image_id"]].append(annotation)

    def __len__(self):
        return len(self.photos)

    def __getitem__(self, index):
        photo = self.photos[index]
        path = f"{self.options.photos}/{photo['file_name']}"
        objects = self.objects[photo["id"]]
        if self.options.decode == "pil":
            image = Image.open(path).convert("RGB")
        else:
            image = decode_image(path, mode=ImageReadMode.RGB)
        boxes = torch.tensor([o["bbox"] for o in objects], dtype=torch.float32).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        labels = torch.tensor([o["category_id"] for o in objects], dtype=torch.int64)
        if random.random() < 0.5:
            height, width = F.get_size(image)
            image = F.horizontal_flip(image)
            boxes = boxes[:, [2, 1, 0, 3]] * torch.tensor([-1, 1, -1, 1]) + torch.tensor([width, 0, width, 0])
        if random.random() < 0.5:
            image, boxes = resize(image, boxes, random.choice(SCALES), 1333)
        else:
            image, boxes = resize(image, boxes, random.choice([400, 500, 600]), None)
            image, boxes, keep = crop(image, boxes)
            labels = labels[keep]
            image, boxes = resize(image, boxes, random.choice(SCALES), 1333)
        height, width = F.get_size(image)
        image = F.pil_to_tensor(image) if self.options.decode == "pil" else image
        if self.options.float:
            image = F.normalize(F.to_dtype(image, torch.float32, scale=True), MEAN, STD)
        centres = torch.stack([boxes[:, 0] + boxes[:, 2], boxes[:, 1] + boxes[:, 3]], 1) / 2
        boxes = torch.cat([centres, boxes[:, 2:] - boxes[:, :2]], 1) / torch.tensor([width, height, width, height])
        return image, boxes, labels


def resize(image, boxes, shortest, longest):
    height, width = F.get_size(image)
    short, long = min(height, width), max(height, width)
    if longest is not None and long / short * shortest > longest:
        shortest = round(longest * short / long)
    other = int(shortest * long / short)
    size = [shortest, other] if height < width else [other, shortest]
    return F.resize(image, size, antialias=True), boxes * torch.tensor([size[1] / width, size[0] / height] * 2)


def crop(image, boxes):
    height, width = F.get_size(image)
    w, h = random.randint(384, min(width, 600)), random.randint(384, min(height, 600))
    top, left = random.randint(0, height - h), random.randint(0, width - w)
    boxes = boxes - torch.tensor([left, top, left, top])
    boxes = torch.min(boxes.reshape(-1, 2, 2), torch.tensor([w, h])).clamp(min=0).reshape(-1, 4)
    keep = (boxes[:, 2:] > boxes[:, :2]).all(1)
    return F.crop(image, top, left, h, w), boxes[keep], keep


def collate(photos):
    height, width = (-(-max(image.shape[i] for image, *_ in photos) // 64) * 64 for i in (1, 2))
    batch = torch.zeros(len(photos), 3, height, width, dtype=photos[0][0].dtype)
    for row, (image, *_) in zip(batch, photos):
        row[:, :image.shape[1], :image.shape[2]].copy_(image)
    return batch, [photo[1:] for photo in photos]


def cpu_seconds():
    times = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(t.ru_utime + t.ru_stime for t in times)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("annotations")
    parser.add_argument("photos")
    parser.add_argument("--decode", choices=["pil", "torchvision"], default="pil")
    parser.add_argument("--float", action="store_true")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=4)
    options = parser.parse_args()
    torch.set_num_threads(1)
    loader = DataLoader(Photos(options), batch_size=8, shuffle=True, num_workers=options.workers, collate_fn=collate)
    print("ready", flush=True)
    for _ in sys.stdin:
        start, cpu = time.perf_counter(), cpu_seconds()
        photos = sum(len(batch) for batch, _ in loader)
        print(json.dumps({"photos": photos, "seconds": time.perf_counter() - start, "cpu": cpu_seconds() - cpu}), flush=True)


if __name__ == "__main__":
    main()
