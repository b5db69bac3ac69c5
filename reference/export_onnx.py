"""PyTorch's own ONNX export of a model with rule weights, for comparisons of speed, of graphs and of results; not committed.

    python reference/export_onnx.py FILE [--exporter dynamo|legacy] [--opset 18] [--free] [--variant detr-r50]
                                         [--classes N] [--height H] [--width W]

Static shapes, batch 1, no padding mask; with --free the batch, and height and width stay open, as optimum exports RT-DETR
(legacy exporter, opset 16). Input `pixel_values` float32 [1, 3, H, W], outputs `logits`, `pred_boxes`.
Prints the largest difference between PyTorch and Python's ONNX Runtime on a rule image.
"""

import argparse
from dataclasses import replace

import onnxruntime
import torch

import detr
import rtdetr
import rtdetr_weights

RTDETR = {name: rtdetr_weights.VARIANTS[name] for name in ("rtdetr-r18", "rtdetr-r50")}
VARIANTS = {**detr.VARIANTS, **RTDETR}
OUTPUTS = ["logits", "pred_boxes"]


def prepared(name: str, height: int | None, width: int | None, attention: str, classes: int | None = None):
    """A model, and its keyword arguments for one rule image of the given size, or of the usual one."""
    if name in RTDETR:
        variant = RTDETR[name] if classes is None else replace(RTDETR[name], classes=classes)
        image = (5, height or 640, width or 640)
        return rtdetr_weights.build(variant, 1, attention=attention), {"pixel_values": rtdetr.batch([image], torch.float32)}
    pixels, mask = detr.batch([(5, height or 800, width or 1066)], torch.float32)
    return detr.build(VARIANTS[name], 1, attention), {"pixel_values": pixels, "pixel_mask": mask}


class Network(torch.nn.Module):
    """The two outputs that detection needs."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, pixel_values):
        out = self.model(pixel_values=pixel_values)
        return out.logits, out.pred_boxes


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--exporter", choices=("dynamo", "legacy"), default="dynamo")
    parser.add_argument("--opset", type=int, default=18)
    parser.add_argument("--free", action="store_true")
    parser.add_argument("--variant", choices=VARIANTS, default="detr-r50")
    parser.add_argument("--classes", type=int)
    parser.add_argument("--height", type=int)
    parser.add_argument("--width", type=int)
    parser.add_argument("--attention", choices=("eager", "sdpa"), default="sdpa")
    options = parser.parse_args()
    model, inputs = prepared(options.variant, options.height, options.width, options.attention, options.classes)
    network, pixels = Network(model).eval(), inputs["pixel_values"]
    extra = {"external_data": False} if options.exporter == "dynamo" else {}
    if options.free:
        image = {0: "batch_size", 2: "height", 3: "width"}
        extra["dynamic_axes"] = {"pixel_values": image, **{name: {0: "batch_size"} for name in OUTPUTS}}
    torch.onnx.export(
        network,
        (pixels,),
        options.file,
        opset_version=options.opset,
        dynamo=options.exporter == "dynamo",
        input_names=["pixel_values"],
        output_names=OUTPUTS,
        **extra,
    )
    session = onnxruntime.InferenceSession(options.file, providers=["CPUExecutionProvider"])
    outputs = session.run(OUTPUTS, {"pixel_values": pixels.numpy()})
    with torch.inference_mode():
        for name, expected, got in zip(OUTPUTS, network(pixels), outputs):
            print(f"{name}: largest difference {(expected - torch.from_numpy(got)).abs().max():.1e}")


if __name__ == "__main__":
    main()
