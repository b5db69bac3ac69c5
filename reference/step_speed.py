"""One training step in PyTorch per line read: forward, Hungarian matching, losses, backward, clipping, AdamW.

    python reference/step_speed.py --serve [--model detr-r50] [--height 480] [--width 640] [--batch 2] [--objects 7]

Random weights and pictures, auxiliary losses on, 91 classes of DETR and 80 of RT-DETR. DETR: dropout 0 unless --dropout says
otherwise, stem and first stage frozen. RT-DETR: its own criterion and denoising queries, everything trained, norms included.
Prints `ready`, then for every line `milliseconds peak-megabytes`. bench/step-speed.ts takes turns with it.
"""

import argparse
import resource
import sys
import time

import torch
from transformers import (
    DetrConfig,
    DetrForObjectDetection,
    RTDetrConfig,
    RTDetrForObjectDetection,
    RTDetrResNetConfig,
)


def detr(backbone: str, dropout: float):
    config = DetrConfig(
        backbone=backbone,
        use_timm_backbone=True,
        use_pretrained_backbone=False,
        dropout=dropout,
        attention_dropout=dropout,
        activation_dropout=dropout,
        auxiliary_loss=True,
        num_labels=91,
    )
    model = DetrForObjectDetection(config).train()
    for name, parameter in model.named_parameters():
        frozen = "backbone" in name and ("layer1." in name or ".conv1.weight" in name and "layer" not in name)
        parameter.requires_grad_(not frozen)
    return model


def rtdetr(stem: int, width: int, feedforward: int, queries: int):
    """ResNet-18-vd whose stem has `stem` channels, three decoder layers."""
    stages = [stem << stage for stage in range(4)]
    config = RTDetrConfig(
        backbone_config=RTDetrResNetConfig(
            embedding_size=stem, hidden_sizes=stages, depths=[2, 2, 2, 2], layer_type="basic", out_indices=[2, 3, 4]
        ),
        freeze_backbone_batch_norms=False,
        num_labels=80,
        encoder_in_channels=stages[1:],
        encoder_hidden_dim=width,
        encoder_ffn_dim=feedforward,
        hidden_expansion=0.5,
        d_model=width,
        decoder_ffn_dim=feedforward,
        decoder_in_channels=[width] * 3,
        decoder_layers=3,
        num_queries=queries,
    )
    return RTDetrForObjectDetection(config).train()


def rtdetr_r50():
    """transformers' own configuration: bottleneck blocks with frozen norms, six decoder layers."""
    return RTDetrForObjectDetection(RTDetrConfig(num_labels=80)).train()


MODELS = {
    "detr-r18": lambda dropout: detr("resnet18", dropout),
    "detr-r50": lambda dropout: detr("resnet50", dropout),
    "rtdetr-r18": lambda dropout: rtdetr(64, 256, 1024, 300),
    "rtdetr-r50": lambda dropout: rtdetr_r50(),
    "rtdetr-small": lambda dropout: rtdetr(32, 128, 512, 100),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--serve", action="store_true", required=True)
    parser.add_argument("--model", choices=MODELS, default="detr-r50")
    parser.add_argument("--height", type=int, default=480)
    parser.add_argument("--width", type=int, default=640)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--objects", type=int, default=7)
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    model = MODELS[options.model](options.dropout)
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=1e-4, weight_decay=1e-4)
    inputs = {"pixel_values": torch.randn(options.batch, 3, options.height, options.width)}
    if options.model.startswith("detr"):
        inputs["pixel_mask"] = torch.ones(options.batch, options.height, options.width, dtype=torch.long)
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
        loss = model(**inputs, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 0.1)
        optimizer.step()
        milliseconds = 1000 * (time.perf_counter() - start)
        print(f"{milliseconds:.1f} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f}", flush=True)


if __name__ == "__main__":
    main()
