"""Milliseconds of one forward pass of DETR or RT-DETR in PyTorch, and of exported files in Python's ONNX Runtime, as JSON.

    python reference/speed.py [--onnx FILE ...] [--runs 10] [--threads 2] [--variant detr-r50]
    python reference/speed.py --serve    one eager pass per line read, its milliseconds per line written: lets
                                         bench/detr-speed.ts and rtdetr-speed.ts take turns with another engine

Float32, batch 1, 800x1066 or RT-DETR's 640x640 unless said otherwise, after three runs to warm up. `eager_ms` is PyTorch's
eager mode under torch.inference_mode with its fused attention, which is the faster of its two; ONNX files are fed zeros of
the static shapes that they declare.
"""

import argparse
import json
import sys
import time

import numpy as np
import onnxruntime
import torch

from export_onnx import VARIANTS, prepared

TYPES = {"tensor(float)": np.float32, "tensor(uint8)": np.uint8, "tensor(int32)": np.int32, "tensor(bool)": np.bool_}


def times(run, runs: int) -> list:
    for _ in range(3):
        run()
    out = []
    for _ in range(runs):
        start = time.perf_counter()
        run()
        out.append(round(1000 * (time.perf_counter() - start), 1))
    return out


def serve(run):
    times(run, 0)
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        run()
        print(round(1000 * (time.perf_counter() - start), 1), flush=True)


def onnx_times(path: str, threads: int, runs: int) -> list:
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
    feeds = {}
    for node in session.get_inputs():
        if not all(isinstance(dim, int) for dim in node.shape):
            raise SystemExit(f"{path}: expected static shapes, got {node.name} {node.shape}")
        feeds[node.name] = np.zeros(node.shape, TYPES[node.type])
    return times(lambda: session.run(None, feeds), runs)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--onnx", nargs="*", default=[], metavar="FILE")
    parser.add_argument("--variant", choices=VARIANTS, default="detr-r50")
    parser.add_argument("--height", type=int)
    parser.add_argument("--width", type=int)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--serve", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model, inputs = prepared(options.variant, options.height, options.width, "sdpa")
    with torch.inference_mode():
        if options.serve:
            return serve(lambda: model(**inputs))
        eager = times(lambda: model(**inputs), options.runs)
    del model
    exported = {path: onnx_times(path, options.threads, options.runs) for path in options.onnx}
    versions = {"torch": torch.__version__, "onnxruntime": onnxruntime.__version__, "threads": options.threads}
    print(json.dumps({"eager_ms": eager, "onnxruntime_ms": exported, **versions}))


if __name__ == "__main__":
    main()
