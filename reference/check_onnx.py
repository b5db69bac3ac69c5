"""Is an exported file good for others? onnx.checker with full shape inference, then another ONNX Runtime's answer.

    python reference/check_onnx.py FILE [GOLDEN] [--tolerance 1e-4]

GOLDEN is a .safetensors or .npz file with arrays inputs.NAME for every input and outputs.NAME for the outputs to
compare. Prints one JSON line; leaves with 1 when the file is refused or an output differs by more than the tolerance.
"""

import argparse
import json
import sys

import numpy as np
import onnx
import onnxruntime
from safetensors.numpy import load_file


def inspect(path: str) -> dict:
    """Checks the file and says how much of it shape inference could follow."""
    onnx.checker.check_model(path, full_check=True)
    model = onnx.shape_inference.infer_shapes(onnx.load(path), check_type=True, strict_mode=True, data_prop=True)
    values = [*model.graph.value_info, *model.graph.output]
    known = {value.name for value in values if value.type.tensor_type.HasField("shape")}
    produced = [name for node in model.graph.node for name in node.output if name]
    return {
        "ir": model.ir_version,
        "opset": {entry.domain or "ai.onnx": entry.version for entry in model.opset_import},
        "nodes": len(model.graph.node),
        "operators": len({node.op_type for node in model.graph.node}),
        "withoutShape": sum(name not in known for name in produced),
    }


def run(path: str, golden: dict) -> dict:
    """Largest absolute difference of every output in the golden file."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    inputs, outputs = (
        {name.removeprefix(part): value for name, value in golden.items() if name.startswith(part)}
        for part in ("inputs.", "outputs.")
    )
    names = list(outputs)
    errors = {}
    for name, got in zip(names, session.run(names, inputs)):
        expected = outputs[name]
        if got.shape != expected.shape:
            raise SystemExit(f"{path}: expected {name} of shape {expected.shape}, got {got.shape}")
        errors[name] = float(np.max(np.abs(got.astype(np.float64) - expected.astype(np.float64)), initial=0))
    return errors


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("golden", nargs="?")
    parser.add_argument("--tolerance", type=float, default=1e-4)
    options = parser.parse_args()
    report = inspect(options.file)
    if options.golden is None:
        onnxruntime.InferenceSession(options.file, providers=["CPUExecutionProvider"])
    else:
        load = np.load if options.golden.endswith(".npz") else load_file
        report["maxError"] = run(options.file, dict(load(options.golden)))
    report["onnx"], report["onnxruntime"] = onnx.__version__, onnxruntime.__version__
    print(json.dumps(report))
    sys.exit(any(not error <= options.tolerance for error in report.get("maxError", {}).values()))


if __name__ == "__main__":
    main()
