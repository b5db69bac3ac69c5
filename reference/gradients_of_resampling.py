"""Gradients of operators that read images between pixels, and of average pooling: test/golden/resampling.safetensors
and resampling.json, in the format of gradients.py.

Where a coordinate of GridSample lies on the centre of a pixel its derivative jumps: PyTorch takes the one to the right.
Such cases, and those that clamp or round, are not "smooth"; the others stay away from the jumps.
"""

import json

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save

from operator_case import CASES, CONSTANT, TENSORS, case, ints, stream
from rule import GOLDEN, uniform


def places(name: str, batch: int, rows: int, columns: int, size, low: float, high: float, apart: float = 0.1):
    """A grid [batch, rows, columns, 2] whose pixel coordinates lie in [low, high) times the size of the map, each at
    least `apart` from any pixel's centre."""
    u = (uniform(name, (batch, rows, columns, 2), 1) + 1) / 2
    extent = np.array(size[::-1], np.float64)  # width, height
    pixel = (low + (high - low) * u) * extent - 0.5
    pixel = np.floor(pixel) + apart + (1 - 2 * apart) * (pixel - np.floor(pixel))
    return torch.tensor(np.float32((pixel + 0.5) / extent * 2 - 1))


def sampling():
    for name, shape, rows, columns, low, high in (
        ("inside", (1, 3, 5, 6), 4, 3, 0.15, 0.85),
        ("across-the-border", (2, 2, 4, 7), 5, 4, -0.3, 1.3),
        ("wide-map", (1, 2, 1, 9), 3, 4, -0.1, 1.1),
        ("one-pixel", (2, 3, 1, 1), 4, 2, -1.0, 2.0),
        ("outside", (1, 2, 4, 3), 3, 3, 2.0, 3.0),
        ("points-of-queries", (4, 4, 8, 8), 10, 4, -0.1, 1.1),
        ("same-place", (1, 2, 5, 5), 1, 1, 0.4, 0.5),
        ("both-borders", (1, 2, 6, 4), 6, 6, -0.5, 1.5),
    ):
        batch, _, height, width = shape
        grid = places(f"GridSample/{name}", batch, rows, columns, (height, width), low, high)
        if name == "same-place":  # several samples read the same four pixels
            grid = grid.expand(1, 3, 4, 2).contiguous()
        if name == "outside":
            grid[:, 0] *= -1
        add_grid_sample(name, shape, grid, smooth=True)
    # The centres of pixels, the border of the map (half a pixel beyond the last centre), a pixel beyond it, far away.
    x = [-1 - 2 / 4, -1 - 1 / 4, -1.0, -1 + 1 / 4, 0.0, 1 / 4, 1 - 1 / 4, 1.0, 1 + 1 / 4, 1 + 2 / 4, 1e4, -1e4]
    y = torch.tensor([-1 + 1 / 4, 0.1, 1.0, 1 + 1 / 4])
    exact = torch.stack(torch.meshgrid(torch.tensor(x), y, indexing="xy"), -1)[None]
    add_grid_sample("exact-centres", (1, 2, 4, 4), exact, smooth=False)


def add_grid_sample(name, shape, grid, smooth):
    def sample(x, grid):
        return F.grid_sample(x, grid, mode="bilinear", padding_mode="zeros", align_corners=False)

    attributes = {"align_corners": 0, "mode": "bilinear", "padding_mode": "zeros"}
    case(f"GridSample/{name}", sample, [shape, grid], attributes, smooth=smooth)


def upsampling():
    attributes = {"coordinate_transformation_mode": "asymmetric", "mode": "nearest", "nearest_mode": "floor"}
    for name, shape, size in (
        ("doubled", (2, 3, 4, 5), (8, 10)),
        ("doubled-one-pixel", (1, 2, 1, 1), (2, 2)),
        ("doubled-row", (1, 2, 1, 7), (2, 14)),
        ("tripled", (1, 2, 3, 2), (9, 6)),
        ("same", (1, 2, 3, 4), (3, 4)),
        ("uneven", (1, 2, 3, 5), (7, 8)),
        ("shrunk", (1, 2, 6, 9), (3, 4)),
    ):
        sizes = (CONSTANT, ints(*shape[:2], *size))
        inputs = [shape, None, None, sizes]
        case(f"Resize/{name}", lambda x, _: F.interpolate(x, size, mode="nearest"), inputs, attributes)
    scales = (CONSTANT, torch.tensor([1.0, 1.0, 2.0, 2.0]))
    doubled = lambda x, _: F.interpolate(x, scale_factor=2.0, mode="nearest")  # noqa: E731
    case("Resize/doubled-by-scales", doubled, [(2, 2, 3, 5), None, scales], attributes)


def pooling():
    for name, shape, ceil in (
        ("odd", (2, 3, 5, 7), 1),
        ("even", (1, 2, 4, 6), 1),
        ("odd-height", (1, 2, 7, 4), 1),
        ("one-pixel", (2, 3, 1, 1), 1),
        ("row", (1, 2, 1, 5), 1),
        ("odd-floor", (1, 2, 5, 7), 0),
        ("even-floor", (2, 2, 4, 2), 0),
    ):
        attributes = {"kernel_shape": [2, 2], "strides": [2, 2], "ceil_mode": ceil}
        case(f"AveragePool/{name}", lambda x: F.avg_pool2d(x, 2, 2, 0, ceil_mode=bool(ceil)), [shape], attributes)
    # The pooling of HGNetv2's stem: stride 1 after a row and a column of zeros at the end.
    attributes = {"kernel_shape": [2, 2], "strides": [1, 1], "ceil_mode": 1}
    function = lambda x: F.max_pool2d(x, 2, 1, ceil_mode=True)  # noqa: E731
    case("MaxPool/2x2-stride1", function, [(2, 3, 5, 4)], attributes, smooth=False)


def grouped_convolutions():
    """Depthwise, as in HGNetv2, and with an even kernel."""
    for name, x, weight, stride, padding, groups in (
        ("depthwise-3x3-stride2-odd", (2, 4, 7, 5), (4, 1, 3, 3), 2, 1, 4),
        ("depthwise-3x3-stride2-even", (1, 4, 6, 8), (4, 1, 3, 3), 2, 1, 4),
        ("depthwise-5x5", (2, 3, 6, 7), (3, 1, 5, 5), 1, 2, 3),
        ("two-groups-3x3", (1, 4, 5, 6), (6, 2, 3, 3), 1, 1, 2),
        ("2x2", (2, 3, 5, 6), (4, 3, 2, 2), 1, 0, 1),
    ):
        attributes = {"strides": [stride] * 2, "pads": [padding] * 4, "group": groups}

        def convolve(x, w):
            return F.conv2d(x, w, None, stride, padding, 1, groups)

        case(f"Conv/{name}", convolve, [x, weight], attributes)


if __name__ == "__main__":
    torch.set_num_threads(1)
    for part in (sampling, upsampling, pooling, grouped_convolutions):
        part()
    arrays = {name: np.array(value.numpy(), order="C") for name, value in TENSORS.items()}
    (GOLDEN / "resampling.safetensors").write_bytes(save(arrays))
    rows = ",\n".join(json.dumps(row) for row in CASES)
    (GOLDEN / "resampling.json").write_text(f"[\n{rows}\n]\n")
