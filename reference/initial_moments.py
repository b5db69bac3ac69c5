"""How the official networks start: test/golden/initial-moments.json.

    python reference/initial_moments.py DETR RTDETR    clones of facebookresearch/detr at 29901c5 and of lyuwenyu/RT-DETR
                                                       at 068dfde, bare or not

DETR-R50 and RT-DETR-R18 and R50 are built by their own code, without pretrained weights (a ResNet of DETR then starts as
torchvision starts it), with the seeds 0 to 3. README.md describes the file.
"""

import argparse
import json
import subprocess
import sys
import tarfile
import tempfile
import types
from collections import defaultdict
from io import BytesIO

import numpy as np
import torch

from rtdetr_official import fresh_network, load
from rtdetr_weights import VARIANTS
from rule import GOLDEN

COMMIT = "29901c51d7fe8712168b8d0d64351170bc0f83e0"
SEEDS = 4
DENOISING = 100
# What the models' files take from util/misc.py, which does not import with recent versions of torchvision. Only the last
# one is called here: nothing is downloaded where it says no.
MISC = ("NestedTensor", "nested_tensor_from_tensor_list", "accuracy", "get_world_size", "interpolate")
MISC += ("is_dist_avail_and_initialized", "is_main_process")


def detr(folder: str):
    """A function that makes an official DETR-R50."""
    paths = ["models", "util/box_ops.py", "util/__init__.py"]
    archive = subprocess.run(["git", "-C", folder, "archive", COMMIT, *paths], check=True, capture_output=True).stdout
    place = tempfile.mkdtemp()
    tarfile.open(fileobj=BytesIO(archive)).extractall(place, filter="data")
    sys.path.insert(0, place)
    misc = types.ModuleType("util.misc")
    for name in MISC:
        setattr(misc, name, lambda *_: False)
    sys.modules["util.misc"] = misc
    from models.backbone import Backbone
    from models.detr import DETR
    from models.transformer import Transformer

    def make():
        backbone = Backbone("resnet50", train_backbone=True, return_interm_layers=False, dilation=False)
        # As main.py's defaults are; the position encoding has no parameters, so that a Joiner would only add to the keys.
        joined = torch.nn.Sequential(backbone)
        joined.num_channels = backbone.num_channels
        transformer = Transformer(
            d_model=256, dim_feedforward=2048, num_encoder_layers=6, num_decoder_layers=6, return_intermediate_dec=True
        )
        return DETR(joined, transformer, num_classes=91, num_queries=100)

    return make


def rounded(value: float) -> float:
    """Four significant digits."""
    return float(f"{value:.4g}")


def moments(make) -> dict:
    states = []
    for seed in range(SEEDS):
        torch.manual_seed(seed)
        states.append({key: value.double().numpy() for key, value in make().state_dict().items()})
    constants, tables, drawn = defaultdict(list), defaultdict(list), {}
    for key, first in states[0].items():
        if key.endswith("num_batches_tracked"):
            continue
        values = np.stack([state[key] for state in states])
        if (values == values[0]).all():
            if (first == first.flat[0]).all():
                constants[repr(first.flat[0].item())].append(key)
            else:
                tables[tuple(rounded(value) for value in first.flat)].append(key)
            continue
        # Rows that start at zero are the last ones, and not counted among what is drawn.
        alive = (values != 0).reshape(SEEDS, len(first), -1).any((0, 2))
        rows = int(alive.sum())
        assert alive[:rows].all(), key
        some = values[:, :rows]
        row = [rounded(value) for value in (some.mean(), some.std(), some.min(), some.max())]
        drawn[key] = row if rows == len(first) else [*row, rows]
    return {
        "constants": dict(constants),
        "tables": [{"keys": keys, "values": list(values)} for values, keys in tables.items()],
        "drawn": drawn,
    }


def main():
    parser = argparse.ArgumentParser(description="Write the golden file of how networks start.")
    parser.add_argument("detr", help="a clone of facebookresearch/detr")
    parser.add_argument("rtdetr", help="a clone of lyuwenyu/RT-DETR")
    options = parser.parse_args()
    torch.set_num_threads(1)
    load_module = load(options.rtdetr, exact=False)
    found = {"detr-r50": moments(detr(options.detr))}
    for name, frozen in (("rtdetr-r18", False), ("rtdetr-r50", True)):
        found[name] = moments(lambda: fresh_network(load_module, VARIANTS[name], DENOISING, frozen)[0])
    models = ",\n".join(
        f'"{name}": {{\n' + ",\n".join(f'"{part}": {lines(value)}' for part, value in one.items()) + "\n}"
        for name, one in found.items()
    )
    (GOLDEN / "initial-moments.json").write_text(f'{{\n"seeds": {SEEDS},\n"models": {{\n{models}\n}}\n}}\n')


def lines(value) -> str:
    """JSON with one line for each entry."""
    if isinstance(value, list):
        return "[\n" + ",\n".join(json.dumps(one) for one in value) + "\n]"
    return "{\n" + ",\n".join(f"{json.dumps(key)}: {json.dumps(one)}" for key, one in value.items()) + "\n}"


if __name__ == "__main__":
    main()
