"""One training step of DETR in PyTorch per line read: forward, Hungarian matching, losses, backward, clipping, AdamW.

    python reference/step_speed.py --serve [--backbone resnet50] [--height 480] [--width 640] [--batch 2] [--objects 7]

Random weights and pictures, dropout 0 unless --dropout says otherwise, auxiliary losses on, stem and first stage frozen.
Prints `ready`, then for every line `milliseconds peak-megabytes`. bench/step-speed.ts takes turns with it.
"""

import argparse
import resource
import sys
import time

import torch
from transformers import DetrConfig, DetrForObjectDetection


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--serve", action="store_true", required=True)
    parser.add_argument("--backbone", choices=("resnet18", "resnet50"), default="resnet50")
    parser.add_argument("--height", type=int, default=480)
    parser.add_argument("--width", type=int, default=640)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--objects", type=int, default=7)
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    config = DetrConfig(
        backbone=options.backbone,
        use_timm_backbone=True,
        use_pretrained_backbone=False,
        dropout=options.dropout,
        attention_dropout=options.dropout,
        activation_dropout=options.dropout,
        auxiliary_loss=True,
        num_labels=91,
    )
    model = DetrForObjectDetection(config).train()
    for name, parameter in model.named_parameters():
        frozen = "backbone" in name and ("layer1." in name or ".conv1.weight" in name and "layer" not in name)
        parameter.requires_grad_(not frozen)
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=1e-4, weight_decay=1e-4)
    pixels = torch.randn(options.batch, 3, options.height, options.width)
    mask = torch.ones(options.batch, options.height, options.width, dtype=torch.long)
    labels = [
        {
            "class_labels": torch.arange(1, options.objects + 1),
            "boxes": torch.rand(options.objects, 4) * 0.4 + 0.2,
        }
        for _ in range(options.batch)
    ]
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        loss = model(pixel_values=pixels, pixel_mask=mask, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 0.1)
        optimizer.step()
        milliseconds = 1000 * (time.perf_counter() - start)
        print(f"{milliseconds:.1f} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f}", flush=True)


if __name__ == "__main__":
    main()
