"""RT-DETR-R18 with rule weights as ONNX files, and what transformers' own post-processing reports for picture files.

    python reference/side_by_side.py FOLDER

Reads FOLDER/cases.json, a list of {"name", "classes", "seed", "height", "width", "threshold", "images"}; writes
FOLDER/NAME/onnx/model.onnx and FOLDER/expected.json: per case and image a list of {"label", "score", "box"}, best first,
boxes xyxy in pixels. Pictures are resized as transformers does with Pillow. bench/transformers-js-table.ts compares.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image
from transformers.models.rt_detr.image_processing_pil_rt_detr import RTDetrImageProcessorPil

from export_onnx import OUTPUTS, Network
from rtdetr_weights import SMALL, build


@torch.inference_mode()
def detections(model, processor, path: str, threshold: float) -> list:
    image = Image.open(path).convert("RGB")
    out = model(**processor(images=image, return_tensors="pt"))
    (found,) = processor.post_process_object_detection(out, threshold, [(image.height, image.width)])
    columns = (found[key].tolist() for key in ("labels", "scores", "boxes"))
    return [dict(zip(("label", "score", "box"), row)) for row in zip(*columns)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    expected = []
    for case in json.loads((folder / "cases.json").read_text()):
        model = build(replace(SMALL, classes=case["classes"]), case["seed"], attention="sdpa")
        size = {name: case[name] for name in ("height", "width")}
        processor = RTDetrImageProcessorPil(size=size, do_normalize=False, do_pad=False)
        torch.onnx.export(
            Network(model).eval(),
            (torch.zeros(1, 3, case["height"], case["width"]),),
            str(folder / case["name"] / "onnx" / "model.onnx"),
            opset_version=17,
            dynamo=False,
            input_names=["pixel_values"],
            output_names=OUTPUTS,
        )
        expected.append([detections(model, processor, path, case["threshold"]) for path in case["images"]])
    (folder / "expected.json").write_text(json.dumps(expected))


if __name__ == "__main__":
    main()
