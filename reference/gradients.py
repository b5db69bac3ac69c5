"""Gradients of single operators: test/golden/gradients.safetensors and gradients.json.

A case is one ONNX node: its operator, its attributes and, per input, what it is: "wrt" (a float32 tensor whose gradient
is wanted), "given" (a tensor that comes at run time), "constant" (one that is known while building) or null (left out).
Tensors are CASE/N for input N, CASE/rN for output N's cotangent (float32) and CASE/gradN (float64): the gradient by
input N of the sum over outputs of output * r, as PyTorch computes it in float64. Inputs come from the rule.

"smooth" says that the case has no kink or jump near its inputs, so that differences approximate its gradient.
"""

import json
from itertools import product

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save

from gradients_of_places import convolutions, indexing, shapes
from operator_case import CASES, CONSTANT, GIVEN, TENSORS, apart, case, coarse, ints, positive, stream
from rule import GOLDEN

BROADCASTS = {
    "same": ((3, 4), (3, 4)),
    "rows": ((2, 3, 4), (4,)),
    "both": ((3, 1), (2, 1, 4)),
    "scalar": ((2, 3), ()),
    "one": ((1,), (2, 1, 3)),
}


def arithmetic():
    for shape, (a, b) in BROADCASTS.items():
        case(f"Add/{shape}", torch.add, [a, b])
        case(f"Sub/{shape}", torch.sub, [a, b])
        case(f"Mul/{shape}", torch.mul, [a, b])
        case(f"Div/{shape}", torch.div, [a, apart(stream(f"Div/{shape}/1", *b))])
        case(f"Pow/{shape}", torch.pow, [positive(stream(f"Pow/{shape}/0", *a)), b])
        for op, function in (("Max", torch.maximum), ("Min", torch.minimum)):
            x, y = (coarse(stream(f"{op}/{shape}/{n}", *part)) for n, part in enumerate((a, b)))
            case(f"{op}/{shape}-ties", function, [x, y], smooth=False)
    for op, function in (("Max", torch.amax), ("Min", torch.amin)):

        def extreme(*xs):
            return function(torch.stack(torch.broadcast_tensors(*xs)), 0)

        three = [coarse(stream(f"{op}/three/{n}", *shape)) for n, shape in enumerate(((2, 3, 4), (4,), (3, 1)))]
        case(f"{op}/three-ties", extreme, three, smooth=False)
        case(f"{op}/single", lambda x: x * 1, [(2, 3)])
        # A clamp written as two extremes, at its bound.
        bound = (CONSTANT, torch.tensor(0.0))
        case(f"{op}/zero", function_of_two(op), [coarse(stream(f"{op}/zero/0", 3, 5)), bound], smooth=False)
    for exponent in (2.0, 3.0, 1.0, 0.5):
        base = stream(f"Pow/{exponent}/0", 3, 4)
        base = positive(base) if exponent == 0.5 else base
        constant = (CONSTANT, torch.tensor(exponent))
        case(f"Pow/constant-{exponent:g}", lambda x, e: torch.pow(x, e.double()), [base, constant])
    case("Pow/integer", torch.pow, [(2, 3), (CONSTANT, ints(3))])
    zeros = torch.tensor([0.0, 0.0, 0.0, 1.0, 2.0])
    case("Pow/zero", torch.pow, [zeros, torch.tensor([0.0, 1.0, 2.0, 0.0, 0.0])], smooth=False)
    x = stream("PRelu/channels/0", 2, 3, 4, 4)
    case("PRelu/channels", lambda x, s: torch.where(x > 0, x, s * x), [x, (3, 1, 1)])
    case("PRelu/one", F.prelu, [coarse(stream("PRelu/one/0", 2, 5)), (1,)], smooth=False)
    for name, shape, (a, b) in (
        ("same", (3, 4), ((3, 4), (3, 4))),
        ("wide-condition", (2, 3, 4), ((4,), ())),
        ("narrow-condition", (3, 1), ((2, 3, 4), (3, 4))),
    ):
        condition = (GIVEN, stream(f"Where/{name}/0", *shape) > 0)
        case(f"Where/{name}", torch.where, [condition, a, b])


def function_of_two(op):
    return lambda x, bound: (torch.maximum if op == "Max" else torch.minimum)(x, bound.double())


def elementwise():
    for op, function in (
        ("Abs", torch.abs),
        ("Cos", torch.cos),
        ("Erf", torch.erf),
        ("Exp", torch.exp),
        ("Identity", lambda x: x * 1),
        ("Neg", torch.neg),
        ("Relu", torch.relu),
        ("Sigmoid", torch.sigmoid),
        ("Sin", torch.sin),
        ("Softplus", lambda x: F.softplus(x, threshold=1000)),
        ("Tanh", torch.tanh),
    ):
        case(f"{op}/cube", function, [apart(stream(f"{op}/cube/0", 2, 3, 4))])
        case(f"{op}/scalar", function, [apart(stream(f"{op}/scalar/0"))])
        # 0, where |x| and ReLU have their kink, and values at which what can saturate does.
        wide = torch.tensor([-1e4, -90.0, -30.0, -1e-3, 0.0, 1e-3, 30.0, 90.0, 1e4])
        case(f"{op}/wide", function, [wide.clamp(-9, 9) if op == "Exp" else wide], smooth=False)
    for op, function in (("Log", torch.log), ("Sqrt", torch.sqrt), ("Reciprocal", torch.reciprocal)):
        x = stream(f"{op}/cube/0", 2, 3, 4)
        case(f"{op}/cube", function, [apart(x) if op == "Reciprocal" else positive(x)])
        case(f"{op}/small", function, [torch.tensor([1e-6, 1e-3, 1.0, 1e6])], smooth=False)
    low, high = torch.tensor(-2 / 3), torch.tensor(2 / 3)
    limits = {"both": (low, high), "low": (low, None), "high": (None, high), "neither": (None, None)}
    for name, bounds in limits.items():
        x = coarse(stream(f"Clip/{name}/0", 4, 6))
        assert name == "neither" or (x == low).any() and (x == high).any()

        def clamp(x, *_):
            # The bound itself passes, as in PyTorch 1.13; 2.15 lets nothing through there.
            inside = torch.ones_like(x, dtype=torch.bool)
            inside &= True if bounds[0] is None else x >= bounds[0]
            inside &= True if bounds[1] is None else x <= bounds[1]
            return torch.where(inside, x, 0)

        constants = [None if bound is None else (CONSTANT, bound) for bound in bounds]
        case(f"Clip/{name}-at-bounds", clamp, [x, *constants], smooth=False)
    case("Clip/learned", torch.clamp, [(4, 6), torch.tensor(-0.4), torch.tensor(0.7)])
    for axis, exclusive, reverse in ((0, 0, 0), (1, 0, 1), (1, 1, 0), (-1, 1, 1)):

        def running(x, _):
            x = x.flip(axis) if reverse else x
            sums = x.cumsum(axis) - (x if exclusive else 0)
            return sums.flip(axis) if reverse else sums

        name = f"CumSum/axis{axis}{'-exclusive' * exclusive}{'-reverse' * reverse}"
        attributes = {"exclusive": exclusive, "reverse": reverse}
        case(name, running, [(3, 4), (CONSTANT, torch.tensor(axis, dtype=torch.int32))], attributes)


def matrices():
    for name, a, b in (
        ("matrices", (3, 4), (4, 5)),
        ("weight", (2, 3, 4), (4, 5)),
        ("weight-4d", (2, 2, 3, 4), (4, 3)),
        ("batches", (2, 3, 4), (2, 4, 5)),
        ("heads", (2, 3, 4, 5), (2, 3, 5, 4)),
        ("broadcast-both", (2, 1, 3, 4), (3, 4, 2)),
        ("broadcast-left", (3, 4), (5, 4, 2)),
        ("broadcast-one", (1, 3, 4), (2, 4, 2)),
        ("row-times-column", (1, 4), (4, 1)),
        ("narrow-heads", (2, 3, 5, 16), (2, 3, 16, 2)),
        ("narrow-broadcast", (2, 1, 5, 16), (3, 16, 2)),
        ("narrow-left", (5, 16), (3, 16, 2)),
    ):
        case(f"MatMul/{name}", torch.matmul, [a, b])
    for trans_a, trans_b in product((0, 1), (0, 1)):
        for alpha, beta, c in ((1.0, 1.0, (5,)), (0.5, 2.0, (3, 1)), (2.0, 1.0, None), (1.0, 0.25, ())):
            a, b = ((4, 3) if trans_a else (3, 4)), ((5, 4) if trans_b else (4, 5))

            def gemm(a, b, c=None):
                y = alpha * (a.T if trans_a else a) @ (b.T if trans_b else b)
                return y if c is None else y + beta * c

            name = f"Gemm/{'t' if trans_a else 'n'}{'t' if trans_b else 'n'}-alpha{alpha:g}-beta{beta:g}"
            attributes = {"alpha": alpha, "beta": beta, "transA": trans_a, "transB": trans_b}
            case(name, gemm, [a, b, *([] if c is None else [c])], attributes)


def normalizations():
    for name, shape, epsilon in (("images", (2, 3, 4, 5), 1e-5), ("rows", (4, 3), 1e-3), ("signals", (2, 3, 5), 1e-5)):
        case_name = f"BatchNormalization/{name}"
        mean, variance = (GIVEN, stream(f"{case_name}/3", 3)), (GIVEN, positive(stream(f"{case_name}/4", 3)) * 0.02)

        def batch_norm(x, weight, bias, mean, variance):
            return F.batch_norm(x, mean.double(), variance.double(), weight, bias, eps=epsilon)

        case(case_name, batch_norm, [shape, (3,), (3,), mean, variance], {"epsilon": epsilon})
    for name, shape in (("images", (2, 3, 4, 5)), ("one-image", (1, 2, 5, 3)), ("rows", (6, 3))):
        case_name, channels = f"BatchNormalization/trained-{name}", shape[1]
        old = (GIVEN, torch.zeros(channels)), (GIVEN, torch.ones(channels))

        def trained_norm(x, weight, bias, *_):
            y = F.batch_norm(x, None, None, weight, bias, training=True, eps=1e-5)
            return y, x.mean(), x.var()

        x = stream(f"{case_name}/0", *shape) * 2 + 1
        attributes = {"epsilon": 1e-5, "momentum": 0.0, "training_mode": 1}
        case(case_name, trained_norm, [x, (channels,), (channels,), *old], attributes, unused=(1, 2))
    for name, shape, axis, epsilon, bias, scale in (
        ("tokens", (2, 3, 8), -1, 1e-5, True, 1.0),
        ("rows-without-bias", (4, 6), -1, 1e-5, False, 1.0),
        ("large-epsilon", (2, 5), -1, 0.5, True, 1.0),
        ("small-variance", (3, 8), -1, 1e-5, True, 2.0**-9),
        ("two-axes", (2, 3, 4), 1, 1e-5, True, 1.0),
        ("all-axes", (3, 4), 0, 1e-5, True, 1.0),
    ):
        case_name = f"LayerNormalization/{name}"
        normed = shape[axis:]

        def layer_norm(x, weight, bias=None):
            return F.layer_norm(x, normed, weight, bias, epsilon)

        inputs = [stream(f"{case_name}/0", *shape) * scale, normed, *([normed] if bias else [])]
        case(case_name, layer_norm, inputs, {"axis": axis, "epsilon": epsilon}, smooth=scale == 1.0)
    for op, function in (("Softmax", torch.softmax), ("LogSoftmax", torch.log_softmax)):
        for axis in (-1, 0, 1):
            case(f"{op}/axis{axis}", lambda x: function(x, axis), [(3, 4, 5)], {"axis": axis})
        case(f"{op}/default", lambda x: function(x, -1), [(2, 4)])
        wide = torch.tensor([[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4], [88.0, -88.0, 87.0]])
        case(f"{op}/wide", lambda x: function(x, -1), [wide], smooth=False)
        hidden = torch.tensor([[1.0, -1e30, 2.0, -1e30], [-1e30] * 4])
        case(f"{op}/hidden", lambda x: function(x, -1), [hidden], smooth=False)


def reductions():
    for op, function in (
        ("ReduceMax", torch.amax),
        ("ReduceMin", torch.amin),
        ("ReduceMean", torch.mean),
        ("ReduceSum", torch.sum),
        ("ReduceSumSquare", lambda x, axes, keepdim: x.pow(2).sum(axes, keepdim)),
    ):
        extreme = op in ("ReduceMax", "ReduceMin")
        for name, axes, keep in (
            ("last", (-1,), 0),
            ("last-kept", (-1,), 1),
            ("middle", (1,), 0),
            ("outer", (0, 2), 0),
            ("outer-kept", (2, 0), 1),
            ("all", None, 0),
            ("all-kept", None, 1),
            ("all-named", (0, 1, 2), 0),
        ):
            case_name = f"{op}/{name}"
            x = stream(f"{case_name}/0", 2, 3, 4)

            def reduce(x, _=None):
                return function(x, (0, 1, 2) if axes is None else axes, keepdim=bool(keep))

            inputs = [coarse(x) if extreme else x, *([] if axes is None else [(CONSTANT, ints(*axes))])]
            case(case_name, reduce, inputs, {"keepdims": keep}, smooth=not extreme)
        none, attributes = (CONSTANT, ints()), {"noop_with_empty_axes": 1}
        # Over no axes, the square is all that remains of the sum of squares.
        alone = (lambda x, _: x * x) if op == "ReduceSumSquare" else (lambda x, _: x * 1)
        case(f"{op}/none", alone, [(2, 3), none], attributes, smooth=not extreme)


if __name__ == "__main__":
    torch.set_num_threads(1)
    for part in (arithmetic, convolutions, elementwise, indexing, matrices, normalizations, reductions, shapes):
        part()
    arrays = {name: np.array(value.numpy(), order="C") for name, value in TENSORS.items()}
    (GOLDEN / "gradients.safetensors").write_bytes(save(arrays))
    rows = ",\n".join(json.dumps(row) for row in CASES)
    (GOLDEN / "gradients.json").write_text(f"[\n{rows}\n]\n")
