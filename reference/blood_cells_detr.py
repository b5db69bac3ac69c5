"""Trains the network of `detr-small` on the blood-cell photos in PyTorch, with the recipe of `detrs train`, so that the
two learning curves can be compared.

    python reference/blood_cells_detr.py --data ../shared/data/bccd --out RUN [--epochs 646] [--seed 0] [--threads 2]
    python reference/blood_cells_detr.py --data ../shared/data/bccd --out RUN --resume

Network: src/models/detr, positions and object queries at the input, too; recipe: src/train/recipe.ts and fit.node.ts,
from nothing. Photos are of one size, hence batches without padding and attention without masks. `curve.csv` in RUN has
one row per epoch: mean loss, seconds of training so far (loading included, evaluation and saving not; of all threads'
processors in `cpu_seconds`) and, every `--evaluate-every` epochs, pycocotools' figures of the averaged weights on the
validation photos. Every epoch draws from its own seed: a resumed run goes on as if it had not stopped.

On a machine with other work to do, set OMP_WAIT_POLICY=PASSIVE: threads that spin while they wait for each other made a
step ten times as long there.
"""

import argparse
import contextlib
import copy
import csv
import io
import math
import os
import platform
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import torch
import torch.nn.functional as F
import torchvision
from PIL import Image
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from scipy.optimize import linear_sum_assignment
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import tv_tensors
from torchvision.models.resnet import BasicBlock
from torchvision.ops import box_convert, generalized_box_iou
from torchvision.transforms import v2

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SHORTEST, LONGEST = 256, 320
BATCH, LEARNING_RATE, WEIGHT_DECAY, CLIP_NORM, DROP_AT = 8, 3e-4, 1e-4, 0.1, 0.8
CLASS_WEIGHT, L1_WEIGHT, GIOU_WEIGHT, NO_OBJECT_WEIGHT = 1, 5, 2, 0.1
HIDDEN, HEADS, FEEDFORWARD, ENCODER_LAYERS, DECODER_LAYERS, QUERIES = 128, 8, 512, 2, 4, 100
COLUMNS = ("epoch", "step", "seconds", "loss", "ap", "ap50", "ap75", "cpu_seconds")
PROGRESS = ("epoch", "step", "seconds", "cpu_seconds", "rows")


# Network


def backbone() -> nn.Sequential:
    """ResNet-18 of half the width without its last stage: [batch, 3, h, w] to [batch, 128, h / 16, w / 16]."""

    def block(inputs: int, width: int, stride: int) -> BasicBlock:
        shortcut = None
        if stride != 1 or inputs != width:
            shortcut = nn.Sequential(nn.Conv2d(inputs, width, 1, stride, bias=False), nn.BatchNorm2d(width))
        return BasicBlock(inputs, width, stride, shortcut)

    stem = [nn.Conv2d(3, 32, 7, 2, 3, bias=False), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    stages = ((32, 32, 1), (32, 64, 2), (64, 128, 2))
    body = nn.Sequential(*stem, *(m for i, w, stride in stages for m in (block(i, w, stride), block(w, w, 1))))
    for module in body.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return body


def feed_forward() -> nn.Sequential:
    return nn.Sequential(nn.Linear(HIDDEN, FEEDFORWARD), nn.ReLU(), nn.Linear(FEEDFORWARD, HIDDEN))


class EncoderLayer(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(HIDDEN, HEADS, batch_first=True)
        self.mlp = feed_forward()
        self.norm1, self.norm2 = nn.LayerNorm(HIDDEN), nn.LayerNorm(HIDDEN)

    def forward(self, tokens, positions):
        placed = tokens + positions
        tokens = self.norm1(tokens + self.attention(placed, placed, tokens, need_weights=False)[0])
        return self.norm2(tokens + self.mlp(tokens))


class DecoderLayer(nn.Module):
    def __init__(self):
        super().__init__()
        self.self_attention = nn.MultiheadAttention(HIDDEN, HEADS, batch_first=True)
        self.cross_attention = nn.MultiheadAttention(HIDDEN, HEADS, batch_first=True)
        self.mlp = feed_forward()
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(HIDDEN) for _ in range(3))

    def forward(self, content, queries, memory, keys):
        placed = content + queries
        content = self.norm1(content + self.self_attention(placed, placed, content, need_weights=False)[0])
        looked = self.cross_attention(content + queries, keys, memory, need_weights=False)[0]
        content = self.norm2(content + looked)
        return self.norm3(content + self.mlp(content))


class Detr(nn.Module):
    def __init__(self, classes: int):
        super().__init__()
        self.backbone = backbone()
        self.projection = nn.Conv2d(HIDDEN, HIDDEN, 1)
        self.encoder = nn.ModuleList(EncoderLayer() for _ in range(ENCODER_LAYERS))
        self.decoder = nn.ModuleList(DecoderLayer() for _ in range(DECODER_LAYERS))
        self.norm = nn.LayerNorm(HIDDEN)
        self.queries = nn.Embedding(QUERIES, HIDDEN)
        self.class_head = nn.Linear(HIDDEN, classes + 1)
        widths = (HIDDEN, HIDDEN, HIDDEN)
        hidden = [m for width in widths[:2] for m in (nn.Linear(width, HIDDEN), nn.ReLU())]
        self.box_head = nn.Sequential(*hidden, nn.Linear(HIDDEN, 4))
        for parameter in (*self.encoder.parameters(), *self.decoder.parameters()):
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)

    def forward(self, pixels):
        """[batch, 3, h, w] to logits and boxes (cxcywh) of every decoder layer: [layers, batch, queries, ·]."""
        features = self.projection(self.backbone(pixels))
        positions = sine_positions(*features.shape[2:])
        memory = features.flatten(2).transpose(1, 2) + positions
        for layer in self.encoder:
            memory = layer(memory, positions)
        queries = self.queries.weight.expand(len(pixels), -1, -1)
        content, states = queries, []
        for layer in self.decoder:
            content = layer(content, queries, memory, memory + positions)
            states.append(self.norm(content))
        hidden = torch.stack(states)
        return self.class_head(hidden), self.box_head(hidden).sigmoid()


def sine_positions(height: int, width: int) -> torch.Tensor:
    """DETR's position encoding of an image without padding: [1, height · width, HIDDEN], y before x."""
    per_axis = HIDDEN // 2
    divisors = 10000 ** (2 * torch.arange(per_axis // 2) / per_axis)

    def axis(size: int) -> torch.Tensor:
        angles = torch.arange(1, size + 1)[:, None] / (size + 1e-6) * 2 * math.pi / divisors
        return torch.stack((angles.sin(), angles.cos()), 2).flatten(1)

    y = axis(height)[:, None].expand(height, width, per_axis)
    x = axis(width)[None].expand(height, width, per_axis)
    return torch.cat((y, x), 2).flatten(0, 1)[None]


# Criterion


@torch.no_grad()
def match(logits, boxes, targets):
    """Queries and objects that belong together, per image."""
    pairs = []
    for image_logits, image_boxes, target in zip(logits, boxes, targets):
        cost = (
            -CLASS_WEIGHT * image_logits.softmax(-1)[:, target["labels"]]
            + L1_WEIGHT * torch.cdist(image_boxes, target["boxes"], p=1)
            - GIOU_WEIGHT * generalized_box_iou(corners(image_boxes), corners(target["boxes"]))
        )
        pairs.append([torch.as_tensor(indices) for indices in linear_sum_assignment(cost)])
    return pairs


def corners(boxes):
    return box_convert(boxes, "cxcywh", "xyxy")


def layer_loss(logits, boxes, targets):
    """Cross-entropy, L1 and generalised IoU of one decoder layer, not weighted."""
    pairs = match(logits, boxes, targets)
    no_object = logits.shape[-1] - 1
    wanted = torch.full(logits.shape[:2], no_object)
    for row, target, (queries, objects) in zip(wanted, targets, pairs):
        row[queries] = target["labels"][objects]
    weights = torch.ones(no_object + 1)
    weights[no_object] = NO_OBJECT_WEIGHT
    cross_entropy = F.cross_entropy(logits.flatten(0, 1), wanted.flatten(), weights)
    ours = torch.cat([image[queries] for image, (queries, _) in zip(boxes, pairs)])
    theirs = torch.cat([target["boxes"][objects] for target, (_, objects) in zip(targets, pairs)])
    count = max(1, sum(len(target["labels"]) for target in targets))
    giou = generalized_box_iou(corners(ours), corners(theirs)).diagonal()
    return torch.stack((cross_entropy, (ours - theirs).abs().sum() / count, (1 - giou).sum() / count))


def set_loss(logits, boxes, targets):
    """Weighted sum over all decoder layers, and the last layer's terms."""
    terms = torch.stack([layer_loss(*layer, targets) for layer in zip(logits, boxes)])
    return (terms * torch.tensor([CLASS_WEIGHT, L1_WEIGHT, GIOU_WEIGHT])).sum(), terms[-1].detach()


# Photos


class BloodCells(Dataset):
    """Photos of a split, decoded once, with their boxes as edges in pixels from 0 (VOC counts pixels from 1)."""

    def __init__(self, folder: Path, split: str, classes: list, transforms):
        stems = (folder / "ImageSets" / "Main" / f"{split}.txt").read_text().split()
        self.transforms = transforms
        self.photos = [Image.open(folder / "JPEGImages" / f"{stem}.jpg").convert("RGB") for stem in stems]
        self.objects = [read_objects(folder / "Annotations" / f"{stem}.xml", classes) for stem in stems]

    def __len__(self):
        return len(self.photos)

    def __getitem__(self, index):
        photo, (labels, boxes) = self.photos[index], self.objects[index]
        size = (photo.height, photo.width)
        target = {"labels": labels, "boxes": tv_tensors.BoundingBoxes(boxes, format="XYXY", canvas_size=size)}
        pixels, target = self.transforms(photo, target)
        height, width = pixels.shape[1:]
        centres = box_convert(target["boxes"].as_subclass(torch.Tensor), "xyxy", "cxcywh")
        return pixels, {**target, "boxes": centres / torch.tensor([width, height, width, height])}


def read_objects(path: Path, classes: list):
    labels, boxes = [], []
    for element in ElementTree.parse(path).getroot().iter("object"):
        sides = ("xmin", "ymin", "xmax", "ymax")
        xmin, ymin, xmax, ymax = (float(element.findtext(f"bndbox/{side}")) for side in sides)
        if xmin == xmax and ymin == ymax:
            continue
        labels.append(classes.index(element.findtext("name")))
        boxes.append([xmin - 1, ymin - 1, xmax, ymax])
    return torch.tensor(labels), torch.tensor(boxes)


def class_names(folder: Path) -> list:
    paths = (folder / "Annotations").glob("*.xml")
    return sorted({e.findtext("name") for path in paths for e in ElementTree.parse(path).getroot().iter("object")})


def resized() -> list:
    return [v2.Resize(SHORTEST, max_size=LONGEST), v2.ToImage()]


NORMALIZE = v2.Compose([v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)])


def collate(samples):
    pixels, targets = zip(*samples)
    return NORMALIZE(torch.stack(pixels)), targets


# Evaluation


@torch.no_grad()
def evaluate(model: Detr, photos: BloodCells, classes: list):
    """AP, AP50, AP75, and AP50 per class: the best real class of every query, at every score."""
    model.eval()
    detections, annotations = [], []
    loader = DataLoader(photos, batch_size=BATCH, collate_fn=collate)
    outputs = [tuple(part[-1] for part in model(pixels)) for pixels, _ in loader]
    logits, boxes = (torch.cat(part) for part in zip(*outputs))
    best = logits.softmax(-1)[..., :-1].max(-1)
    for image, (photo, (labels, edges)) in enumerate(zip(photos.photos, photos.objects), 1):
        scale = torch.tensor([photo.width, photo.height] * 2)
        found = box_convert(boxes[image - 1], "cxcywh", "xywh") * scale
        for score, label, box in zip(best.values[image - 1].tolist(), best.indices[image - 1].tolist(), found.tolist()):
            detections.append({"image_id": image, "category_id": label + 1, "bbox": box, "score": score})
        for label, box in zip(labels.tolist(), box_convert(edges, "xyxy", "xywh").tolist()):
            entry = {"id": len(annotations) + 1, "image_id": image, "category_id": label + 1, "bbox": box}
            annotations.append({**entry, "area": box[2] * box[3], "iscrowd": 0})
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "info": {},
            "images": [{"id": i + 1} for i in range(len(photos))],
            "annotations": annotations,
            "categories": [{"id": i + 1, "name": name} for i, name in enumerate(classes)],
        }
        truth.createIndex()
        judge = COCOeval(truth, truth.loadRes(detections), "bbox")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    precision = judge.eval["precision"][0, :, :, 0, -1]  # IoU 0.5, every recall, class, all areas, 100 detections
    return judge.stats[:3].tolist(), dict(zip(classes, precision.mean(0).tolist()))


# Training


class Training:
    """Network, optimizer, average and the rows of the curve: all that a checkpoint holds."""

    def __init__(self, classes: int, total_steps: int):
        self.model = Detr(classes)
        self.average = copy.deepcopy(self.model).requires_grad_(False)
        # Everything decays, norms and biases included.
        self.optimizer = torch.optim.AdamW(self.model.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY)
        self.total_steps = total_steps
        self.warm_up = min(200, math.ceil(total_steps / 20))
        self.ramp = min(500, math.ceil(total_steps / 20))
        self.decay = min(0.9999, max(0.9, 1 - 40 / total_steps))
        self.epoch = self.step = 0
        self.seconds = self.cpu_seconds = 0.0
        self.rows = []

    def run(self, pixels, targets):
        """One step. Returns the loss, the last layer's terms and the norm of the gradient."""
        dropped = 1 if self.step < math.floor(DROP_AT * self.total_steps) else 0.1
        for group in self.optimizer.param_groups:
            group["lr"] = LEARNING_RATE * dropped * min(1, (self.step + 1) / self.warm_up)
        loss, terms = set_loss(*self.model(pixels), targets)
        self.optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), CLIP_NORM, error_if_nonfinite=True)
        self.optimizer.step()
        self.step += 1
        decay = self.decay * (1 - math.exp(-self.step / self.ramp))
        with torch.no_grad():
            for mean, value in zip(self.average.parameters(), self.model.parameters()):
                mean.lerp_(value, 1 - decay)
            # Running statistics are an average already: the current ones go with the averaged weights.
            for kept, value in zip(self.average.buffers(), self.model.buffers()):
                kept.copy_(value)
        return loss.item(), terms.tolist(), norm.item()

    def save(self, folder: Path):
        parts = {name: getattr(self, name).state_dict() for name in ("model", "average", "optimizer")}
        values = {name: getattr(self, name) for name in (*PROGRESS, "total_steps")}
        partial = folder / "checkpoint.pt.part"
        torch.save({**parts, **values}, partial)
        os.replace(partial, folder / "checkpoint.pt")
        partial = folder / "curve.csv.part"
        with partial.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows((COLUMNS, *self.rows))
        os.replace(partial, folder / "curve.csv")

    def load(self, folder: Path):
        state = torch.load(folder / "checkpoint.pt")
        if state["total_steps"] != self.total_steps:
            raise SystemExit(f"the run in {folder} has {state['total_steps']} steps, not {self.total_steps}")
        for name in ("model", "average", "optimizer"):
            getattr(self, name).load_state_dict(state[name])
        for name in PROGRESS:
            setattr(self, name, state[name])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="the bccd folder")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--epochs", type=int, default=646)
    parser.add_argument("--evaluate-every", type=int, default=7, help="epochs")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    if not options.resume and (options.out / "checkpoint.pt").exists():
        parser.error(f"{options.out} holds a run: give --resume or another --out")

    def log(line: str):
        print(line, flush=True)
        with (options.out / "log.txt").open("a") as file:
            file.write(f"{line}\n")

    classes = class_names(options.data)
    augmentation = [v2.RandomPhotometricDistort(), v2.RandomHorizontalFlip()]
    train = BloodCells(options.data, "train", classes, v2.Compose([*augmentation, *resized()]))
    val = BloodCells(options.data, "val", classes, v2.Compose(resized()))
    loader = DataLoader(train, batch_size=BATCH, shuffle=True, drop_last=True, collate_fn=collate)
    torch.manual_seed(options.seed)
    training = Training(len(classes), options.epochs * len(loader))
    if options.resume:
        training.load(options.out)
    log(f"python {platform.python_version()}, torch {torch.__version__}, torchvision {torchvision.__version__}")
    log(f"{platform.system()} {platform.machine()}, {torch.get_num_threads()} threads, seed {options.seed}")
    log(f"{len(train)} photos to train, {len(val)} to validate, classes {', '.join(classes)}")
    log(f"{sum(p.numel() for p in training.model.parameters())} parameters, {training.total_steps} steps")
    log(f"warm-up {training.warm_up} steps, average: decay {training.decay:.4f}, ramp {training.ramp} steps")

    for epoch in range(training.epoch, options.epochs):
        torch.manual_seed(1_000_000 * options.seed + epoch + 1)
        losses, start, cpu_start = [], time.perf_counter(), time.process_time()
        training.model.train()
        for pixels, targets in loader:
            loss, terms, norm = training.run(pixels, targets)
            losses.append(loss)
            if training.step == 1 or training.step % 30 == 0:
                named = ", ".join(f"{name} {value:.3f}" for name, value in zip(("ce", "l1", "giou"), terms))
                log(f"step {training.step} · loss {loss:.3f} ({named}) · gradient {norm:.1f}")
        training.seconds += time.perf_counter() - start
        training.cpu_seconds += time.process_time() - cpu_start
        training.epoch = epoch + 1
        figures = [""] * 3
        per_class = {}
        if training.epoch % options.evaluate_every == 0 or training.epoch == options.epochs:
            values, per_class = evaluate(training.average, val, classes)
            figures = [f"{value:.4f}" for value in values]
        mean = sum(losses) / len(losses)
        times = (f"{training.seconds:.1f}", f"{training.cpu_seconds:.1f}")
        training.rows.append([training.epoch, training.step, times[0], f"{mean:.4f}", *figures, times[1]])
        training.save(options.out)
        judged = " · AP {} AP50 {} AP75 {}".format(*figures) if per_class else ""
        log(f"epoch {training.epoch} · loss {mean:.3f}{judged} · {training.seconds:.0f} s")
        if training.epoch == options.epochs:
            log("AP50 per class: " + ", ".join(f"{name} {value:.4f}" for name, value in per_class.items()))


if __name__ == "__main__":
    main()
