"""PyTorch's own ONNX export of DETR with rule weights, for comparisons of speed and of graphs; not committed.

    python reference/export_onnx.py FILE [--exporter dynamo|legacy] [--variant detr-r50] [--height 800] [--width 1066]

Static shapes, batch 1, no padding mask. Input `pixel_values` float32 [1, 3, H, W], outputs `logits`, `pred_boxes`.
Prints the largest difference between PyTorch and Python's ONNX Runtime on a rule image.
"""

import argparse

import onnxruntime
import torch

from detr import VARIANTS, batch, build


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
    parser.add_argument("--variant", choices=VARIANTS, default="detr-r50")
    parser.add_argument("--height", type=int, default=800)
    parser.add_argument("--width", type=int, default=1066)
    parser.add_argument("--attention", choices=("eager", "sdpa"), default="sdpa")
    options = parser.parse_args()
    network = Network(build(VARIANTS[options.variant], 1, options.attention)).eval()
    pixels, _ = batch([(5, options.height, options.width)], torch.float32)
    names = {"input_names": ["pixel_values"], "output_names": ["logits", "pred_boxes"]}
    extra = {"external_data": False} if options.exporter == "dynamo" else {}
    torch.onnx.export(
        network, (pixels,), options.file, opset_version=18, dynamo=options.exporter == "dynamo", **names, **extra
    )
    session = onnxruntime.InferenceSession(options.file, providers=["CPUExecutionProvider"])
    outputs = session.run(names["output_names"], {"pixel_values": pixels.numpy()})
    with torch.inference_mode():
        for name, expected, got in zip(names["output_names"], network(pixels), outputs):
            print(f"{name}: largest difference {(expected - torch.from_numpy(got)).abs().max():.1e}")


if __name__ == "__main__":
    main()
