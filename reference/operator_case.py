"""Recording of gradients of single operators; gradients.py says what a case is."""

import numpy as np
import torch

from rule import uniform

TENSORS, CASES = {}, []
WRT, GIVEN, CONSTANT = "wrt", "given", "constant"


def stream(name: str, *shape) -> torch.Tensor:
    """Unit variance: float32(sqrt(3) u) of the stream (name, 1)."""
    return torch.tensor(np.float32(np.sqrt(np.float64(3)) * uniform(name, shape, 1)))


def coarse(x: torch.Tensor) -> torch.Tensor:
    """Few different values, zero among them: ties, and operands at the kinks."""
    return torch.round(x * 1.5) / 1.5


def positive(x: torch.Tensor) -> torch.Tensor:
    return x.abs() + 0.5


def apart(x: torch.Tensor) -> torch.Tensor:
    """Away from 0 on both sides."""
    return x + torch.where(x < 0, -0.5, 0.5)


def ints(*values) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.int64)


def case(name, function, inputs, attributes=None, *, smooth=True, unused=()):
    """Records a case. `inputs` are the node's, in order: a shape (a stream, "wrt"), a float32 tensor ("wrt"), a pair
    (kind, tensor), or None. `function` takes the tensors that are there and gives the output or a tuple of outputs;
    those of `unused` have no part in the loss, the others are multiplied by cotangents."""
    kinds, tensors, exact = [], [], []
    for n, given in enumerate(inputs):
        if given is None:
            kinds.append(None)
            continue
        if isinstance(given, tuple) and (given == () or isinstance(given[0], int)):
            given = stream(f"{name}/{n}", *given)
        kind, value = given if isinstance(given, tuple) else (WRT, given)
        TENSORS[f"{name}/{n}"] = value
        kinds.append(kind)
        exact.append(value.double().requires_grad_() if kind == WRT else value)
        tensors.append(n)
    outputs = function(*exact)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    total = 0
    for n, output in enumerate(outputs):
        if n in unused or not output.is_floating_point():
            continue
        r = stream(f"{name}/r{n}", *output.shape)
        TENSORS[f"{name}/r{n}"] = r
        total = total + (output * r.double()).sum()
    wanted = [(n, x) for n, x in zip(tensors, exact) if kinds[n] == WRT]
    for (n, x), gradient in zip(wanted, torch.autograd.grad(total, [x for _, x in wanted])):
        assert gradient.shape == x.shape and torch.isfinite(gradient).all(), name
        TENSORS[f"{name}/grad{n}"] = gradient
    row = {"name": name, "op": name.split("/")[0], "inputs": kinds, "outputs": len(outputs), "smooth": smooth}
    CASES.append({**row, "attributes": attributes or {}})
