"""The official RT-DETR code with rule weights, and how far it is from transformers'.

    python reference/rtdetr_official.py FOLDER [NAME ...]    FOLDER: a clone of lyuwenyu/RT-DETR at 068dfde, bare or not

Run as a script, it compares all outputs of all golden cases in float64 and prints the largest differences; it writes
nothing. The official code makes position encoding and anchors in float32, whatever the network's type: the comparison is
made as published and, with float32 replaced by float64 in its text, exactly. On maps that are not square the published
encoding numbers positions column by column, the features row by row, and discrete sampling keeps columns, too, below the
height; the exact comparison has both put right.

Only the files of networks, denoising, matching and losses are imported, below packages that are empty otherwise.
"""

import argparse
import importlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import types
from io import BytesIO
from pathlib import Path

import torch

from rtdetr import FOLDER, OUTPUTS, aligned, batch, run
from rtdetr_weights import CLASSES, LEVELS, QUERIES, VARIANTS, Variant, backbone_channels, build, official_shapes
from rule import rule_state_dict

COMMIT = "068dfde65f2667ad6555883c69d73de886518cad"
WITHIN_MAP = "torch.minimum(sampling_coord.clamp(min=0), torch.tensor([w - 1, h - 1]))"
PACKAGES = ("", ".core", ".misc", ".nn", ".nn.backbone", ".zoo", ".zoo.rtdetr")


def register(*given):
    """The official registry's decorator, used with and without a call; there is no registry."""
    return given[0] if given else lambda thing: thing


def load(folder: str, exact: bool):
    """A function that imports a module of the clone: version 1 or 2, dotted name below `src`. With `exact`, what is
    float32 in its text becomes float64, and what is wrong on maps that are not square is put right."""
    place = tempfile.mkdtemp()
    for name in [name for name in sys.modules if re.match(r"src2?(\.|$)", name)]:
        del sys.modules[name]
    for version, source in ((1, "rtdetr_pytorch/src"), (2, "rtdetrv2_pytorch/src")):
        command = ["git", "-C", folder, "archive", COMMIT, source]
        archive = subprocess.run(command, check=True, capture_output=True).stdout
        tarfile.open(fileobj=BytesIO(archive)).extractall(place, filter="data")
        root = Path(place) / source
        for path in root.rglob("*.py") if exact else ():
            text = path.read_text().replace("torch.float32", "torch.float64")
            path.write_text(text.replace("sampling_coord.clamp(0, h - 1)", WITHIN_MAP))
        for package in PACKAGES:  # version 1 imports absolutely, as `src`; version 2 only relatively
            name = f"src{'' if version == 1 else '2'}{package}"
            module = types.ModuleType(name)
            module.__path__ = [str(root.joinpath(*package.split(".")[1:]))]
            module.register = register
            sys.modules[name] = module

    def load_module(version, name):
        module = importlib.import_module(f"src{'' if version == 1 else '2'}.{name}")
        if exact and name == "zoo.rtdetr.hybrid_encoder":
            column_major = module.HybridEncoder.build_2d_sincos_position_embedding
            row_major = staticmethod(lambda w, h, *options: column_major(h, w, *options))
            module.HybridEncoder.build_2d_sincos_position_embedding = row_major
        return module

    return load_module


def fresh_network(load_module, variant: Variant, denoising: int, frozen: bool):
    """(The official network as its own code starts it, version). HGNetv2 exists in version 2 only, which then makes the
    rest, too. `frozen` are the batch norms of the backbone."""
    version = 1 if variant.sampling == "v1" and isinstance(variant.backbone, int) else 2
    if isinstance(variant.backbone, int):
        backbone = load_module(version, "nn.backbone.presnet").PResNet(
            variant.backbone, return_idx=[1, 2, 3], freeze_norm=frozen
        )
    else:
        backbone = load_module(2, "nn.backbone.hgnetv2").HGNetv2(variant.backbone.upper(), freeze_norm=frozen)
    encoder = load_module(version, "zoo.rtdetr.hybrid_encoder").HybridEncoder(
        in_channels=backbone_channels(variant),
        hidden_dim=variant.width,
        dim_feedforward=variant.feedforward,
        num_encoder_layers=variant.encoder_layers,
        expansion=variant.expansion,
    )
    common = dict(feat_channels=[variant.width] * LEVELS, num_levels=LEVELS, eval_idx=variant.used - 1)
    common |= dict(num_classes=CLASSES, num_queries=QUERIES, num_denoising=denoising)
    if version == 1:
        transformer = load_module(1, "zoo.rtdetr.rtdetr_decoder").RTDETRTransformer
        decoder = transformer(num_decoder_layers=variant.layers, **common)
    else:
        decoder = load_module(2, "zoo.rtdetr.rtdetrv2_decoder").RTDETRTransformerv2(
            num_layers=variant.layers,
            num_points=[4] * LEVELS,
            cross_attn_method="default" if variant.sampling == "v1" else variant.sampling,
            **common,
        )
    return load_module(version, "zoo.rtdetr.rtdetr").RTDETR(backbone, encoder, decoder), version


def network(
    load_module, variant: Variant, seed: int, training: bool = False, denoising: int = 0, frozen: bool | None = None
):
    """The official network with rule weights, float32. As in transformers' build, with `training` all batch norms are
    trained, unless those of the backbone are `frozen`."""
    model, version = fresh_network(load_module, variant, denoising, not training if frozen is None else frozen)
    state = rule_state_dict(official_shapes(variant), seed)
    if version == 2:
        state = {second_name(key): value for key, value in state.items()}
    if denoising == 0:
        del state["decoder.denoising_class_embed.weight"]
    left = model.load_state_dict({key: torch.from_numpy(value) for key, value in state.items()}, strict=False)
    missing = [key for key in left.missing_keys if not key.endswith(("num_batches_tracked", "num_points_scale"))]
    assert not missing and not left.unexpected_keys, (missing, left.unexpected_keys)
    return model.train(training)


def second_name(key: str) -> str:
    """A key of version 1 in version 2."""
    key = re.sub(r"(encoder\.input_proj\.\d)\.0\.", r"\1.conv.", key)
    key = re.sub(r"(encoder\.input_proj\.\d)\.1\.", r"\1.norm.", key)
    return key.replace("enc_output.0.", "enc_output.proj.").replace("enc_output.1.", "enc_output.norm.")


@torch.no_grad()
def outputs(model, pixels, used) -> dict:
    """What rtdetr.run gives, without probes; the outputs of layers before the last come from further runs."""
    seen = {}

    def keep(name):
        return lambda module, inputs, output: seen.update({name: output})

    decoder = model.decoder
    hooks = [getattr(decoder, name).register_forward_hook(keep(name)) for name in ("enc_score_head", "enc_bbox_head")]

    def keep_first(module, inputs, output):
        # Nothing is returned: what a hook returns takes the place of the module's output.
        seen.setdefault("query_pos", output)

    hooks.append(decoder.query_pos_head.register_forward_hook(keep_first))
    hooks.append(decoder.decoder.register_forward_pre_hook(lambda module, inputs: seen.update(unact=inputs[1])))
    levels = model.encoder(model.backbone(pixels))
    if model.training:
        out = decoder(levels)
        layers = [*out["aux_outputs"][: used - 1], out]
    else:
        layers = []
        for n in range(used):
            decoder.decoder.eval_idx = n
            layers.append(decoder(levels))
    for hook in hooks:
        hook.remove()
    scores = seen["enc_score_head"].amax(-1)
    tokens = scores.topk(QUERIES, dim=1).indices
    logits = seen["enc_score_head"].gather(1, tokens[..., None].expand(-1, -1, CLASSES))
    return {
        "logits": torch.stack([layer["pred_logits"] for layer in layers]),
        "boxes": torch.stack([layer["pred_boxes"] for layer in layers]),
        "encoder_logits": logits[None],
        "encoder_boxes": seen["unact"].sigmoid()[None],
        "query_pos": seen["query_pos"][None],
        "tokens": tokens,
        "scores": scores,
        "probes": {},
    }


def main():
    parser = argparse.ArgumentParser(description="Compare the official RT-DETR code with transformers'.")
    parser.add_argument("folder", help="a clone of lyuwenyu/RT-DETR")
    parser.add_argument("names", nargs="*", metavar="NAME", help="entries of index.json; default: all")
    options = parser.parse_args()
    torch.set_num_threads(1)
    index = json.loads((FOLDER / "index.json").read_text())
    for name in options.names or index:
        entry = index[name]
        variant, seed, training = VARIANTS[entry["variant"]], entry["seed"], entry["training"]
        for case, statistics in entry["cases"].items():
            images = [tuple(image.values()) for image in statistics["images"]]
            pixels = batch(images, torch.float64)
            ours = run(build(variant, seed, training).double(), pixels, variant)
            for exact in (True, False):
                torch.set_default_dtype(torch.float64 if exact else torch.float32)
                model = network(load(options.folder, exact), variant, seed, training).double()
                theirs = aligned(outputs(model, pixels, variant.used), ours["tokens"])
                torch.set_default_dtype(torch.float32)
                label = f"{name} {case} {'exact' if exact else 'as published'}:"
                if theirs is None:
                    print(label, "other tokens", flush=True)
                    continue
                found = {key: (theirs[key] - ours[key]).abs().max().item() for key in OUTPUTS}
                print(label, ", ".join(f"{key} {value:.2g}" for key, value in found.items()), flush=True)


if __name__ == "__main__":
    main()
