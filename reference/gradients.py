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

from rule import GOLDEN, uniform

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
    """Records a case. `inputs` are the node's, in order: a shape tuple (a stream "wrt"), a float32 tensor ("wrt"), a pair
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


def convolutions():
    for name, x, weight, stride, padding, dilation, bias in (
        ("3x3", (1, 3, 5, 7), (4, 3, 3, 3), 1, 1, 1, True),
        ("3x3-batch2", (2, 3, 6, 4), (2, 3, 3, 3), 1, 1, 1, False),
        ("3x3-unpadded", (2, 2, 5, 6), (3, 2, 3, 3), 1, 0, 1, True),
        ("3x3-padding2", (1, 2, 4, 3), (3, 2, 3, 3), 1, 2, 1, False),
        ("3x3-padding3", (1, 2, 4, 3), (3, 2, 3, 3), 1, 3, 1, False),
        ("3x3-one-pixel", (2, 3, 1, 1), (2, 3, 3, 3), 1, 1, 1, True),
        ("3x3-stride2-odd", (2, 3, 7, 9), (4, 3, 3, 3), 2, 1, 1, True),
        ("3x3-stride2-even", (1, 3, 8, 6), (4, 3, 3, 3), 2, 1, 1, False),
        ("3x3-stride2-mixed", (2, 2, 8, 5), (3, 2, 3, 3), 2, 1, 1, False),
        ("3x3-stride2-unpadded", (1, 2, 8, 7), (3, 2, 3, 3), 2, 0, 1, False),
        ("3x3-stride3", (1, 2, 9, 7), (3, 2, 3, 3), 3, 1, 1, True),
        ("3x3-dilation2", (2, 3, 7, 6), (2, 3, 3, 3), 1, 2, 2, True),
        ("3x3-dilation2-padding1", (1, 2, 7, 6), (3, 2, 3, 3), 1, 1, 2, False),
        ("3x3-stride2-dilation2-odd", (1, 2, 9, 7), (3, 2, 3, 3), 2, 2, 2, False),
        ("3x3-stride2-dilation2-even", (2, 2, 8, 10), (2, 2, 3, 3), 2, 2, 2, True),
        ("1x1", (1, 6, 5, 4), (5, 6, 1, 1), 1, 0, 1, True),
        ("1x1-batch2", (2, 5, 3, 4), (3, 5, 1, 1), 1, 0, 1, False),
        ("1x1-stride2-odd", (2, 4, 7, 5), (3, 4, 1, 1), 2, 0, 1, True),
        ("1x1-stride2-even", (1, 4, 6, 8), (3, 4, 1, 1), 2, 0, 1, False),
        ("1x1-stride3", (2, 2, 8, 7), (3, 2, 1, 1), 3, 0, 1, False),
        ("1x1-padding1", (2, 2, 3, 4), (3, 2, 1, 1), 1, 1, 1, True),
        ("7x7-stride2-odd", (1, 3, 17, 13), (4, 3, 7, 7), 2, 3, 1, False),
        ("7x7-stride2-even", (2, 3, 14, 16), (2, 3, 7, 7), 2, 3, 1, True),
        ("7x7", (1, 2, 8, 9), (2, 2, 7, 7), 1, 3, 1, False),
        ("2x2-stride2", (2, 2, 5, 6), (3, 2, 2, 2), 2, 0, 1, False),
        ("2x2-padding1", (1, 2, 4, 5), (3, 2, 2, 2), 1, 1, 1, False),
        ("3x1", (2, 2, 5, 4), (3, 2, 3, 1), 1, 0, 1, True),
        ("1x3-stride2", (1, 2, 6, 7), (3, 2, 1, 3), 2, 0, 1, False),
    ):
        attributes = {"strides": [stride] * 2, "pads": [padding] * 4, "dilations": [dilation] * 2}

        def convolve(x, w, b=None):
            return F.conv2d(x, w, b, stride, padding, dilation)

        case(f"Conv/{name}", convolve, [x, weight, *([(weight[0],)] if bias else [])], attributes)
    case("Conv/defaults", F.conv2d, [(1, 2, 4, 4), (3, 2, 3, 3)])
    for name, shape, kernel, stride, padding, ties in (
        ("3x3-stride2-1x1", (1, 2, 1, 1), 3, 2, 1, False),
        ("3x3-stride2-2x3", (2, 2, 2, 3), 3, 2, 1, False),
        ("3x3-stride2-7x10", (2, 3, 7, 10), 3, 2, 1, False),
        ("3x3-stride2-8x7-ties", (2, 3, 8, 7), 3, 2, 1, True),
        ("3x3-stride1-ties", (1, 2, 5, 6), 3, 1, 1, True),
        ("2x2-stride2-ties", (2, 2, 5, 6), 2, 2, 0, True),
    ):
        x = stream(f"MaxPool/{name}/0", *shape)
        # As after ReLU: windows in which all elements are 0.
        x = coarse(x).clamp(min=0) if ties else x
        attributes = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "pads": [padding] * 4}

        def pool(x):
            return F.max_pool2d(x, kernel, stride, padding)

        case(f"MaxPool/{name}", pool, [x], attributes, smooth=False)
    for name, shape in (("4x5", (2, 3, 4, 5)), ("1x1", (1, 2, 1, 1)), ("row", (2, 3, 6))):
        axes = tuple(range(2, len(shape)))
        case(f"GlobalAveragePool/{name}", lambda x: x.mean(axes, keepdim=True), [shape])


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
    for name, bounds in (("both", (low, high)), ("low", (low, None)), ("high", (None, high)), ("neither", (None, None))):
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


def indexing():
    for name, shape, indices, axis in (
        ("rows-repeated", (5, 3), ints(4, 0, 4, 4, 2), 0),
        ("columns", (2, 4, 3), ints(3, 1, 1), 1),
        ("last-negative-axis", (2, 3, 4), ints(0, 3, 3), -1),
        ("negative-indices", (5, 3), ints(-1, 4, -5, 1), 0),
        ("grid", (4, 3), ints(0, 1, 1, 3, 2, 0).reshape(2, 3), 0),
        ("grid-middle", (2, 4, 3), ints(3, 0, 3, 1).reshape(2, 2), 1),
        ("one", (4, 3), torch.tensor(2), 0),
        ("vector", (6,), ints(5, 5, 0), 0),
        ("int32", (4, 2), torch.tensor([1, 1], dtype=torch.int32), 0),
    ):

        def gather(x, i):
            at = [slice(None)] * x.dim()
            at[axis] = i.long()
            return x[tuple(at)]

        case(f"Gather/{name}", gather, [shape, (GIVEN, indices)], {"axis": axis})
    for name, shape, indices, axis in (
        ("rows", (4, 3), ints(0, 1, 2, 0, 3, 2).reshape(2, 3), 0),
        ("columns-repeated", (2, 3), ints(2, 2, 0, 1, 1, 1, 1, 0).reshape(2, 4), 1),
        ("negative", (2, 3), ints(-1, 0, -3, 1).reshape(2, 2), -1),
        ("fewer-rows", (3, 2, 3), ints(1, 0, 2, 2).reshape(1, 2, 2), 2),
    ):

        def gather_elements(x, i):
            return torch.gather(x, axis, i % x.shape[axis])

        case(f"GatherElements/{name}", gather_elements, [shape, (GIVEN, indices)], {"axis": axis})
    for name, shape, k, axis, largest in (
        ("last", (2, 3, 5), 3, -1, 1),
        ("first", (6, 2), 2, 0, 1),
        ("smallest", (2, 5), 2, 1, 0),
        ("all", (4,), 4, 0, 1),
    ):

        def top(x, _):
            values, positions = torch.topk(x, k, axis, bool(largest))
            return values, positions

        case(f"TopK/{name}", top, [shape, (CONSTANT, ints(k))], {"axis": axis, "largest": largest}, smooth=False)


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


def shapes():
    case("Cast/float64", lambda x: x * 1, [(2, 3)], {"to": 11})
    case("Concat/rows", lambda *xs: torch.cat(xs, 0), [(2, 3), (1, 3), (3, 3)], {"axis": 0})
    case("Concat/last", lambda *xs: torch.cat(xs, -1), [(2, 2, 1), (2, 2, 3)], {"axis": -1})
    case("Concat/one", lambda x: x * 1, [(2, 3)], {"axis": 1})
    for name, x, to in (("rows", (3, 1), (2, 3, 4)), ("vector", (1,), (5,)), ("scalar", (), (2, 3)), ("same", (2, 3), (1, 3))):
        shape = torch.broadcast_shapes(x, to)
        case(f"Expand/{name}", lambda x, _: x.expand(shape), [x, (CONSTANT, ints(*to))])
    for axis, shape in ((0, (1, 24)), (1, (2, 12)), (2, (6, 4)), (-1, (6, 4))):
        case(f"Flatten/axis{axis}", lambda x: x.reshape(shape), [(2, 3, 4)], {"axis": axis})
    case("Pad/both", lambda x, _: F.pad(x, (3, 1, 1, 0)), [(2, 3), (CONSTANT, ints(1, 3, 0, 1))])
    value = (CONSTANT, torch.tensor(0.5))
    case("Pad/value", lambda x, _, v: F.pad(x, (0, 2), value=0.5), [(2, 3), (CONSTANT, ints(0, 0, 0, 2)), value])
    case("Pad/crop", lambda x, _: F.pad(x, (-1, 2, 1, -1)), [(3, 4), (CONSTANT, ints(1, -1, -1, 2))])
    inputs = [(2, 3, 2), (CONSTANT, ints(2, 1, 1, 0)), None, (CONSTANT, ints(-2, 0))]
    case("Pad/axes", lambda x, _, __: F.pad(x, (0, 0, 2, 1, 1, 0)), inputs)
    for name, to in (("flat", (-1,)), ("copied", (0, -1)), ("split", (2, 2, 3, 2))):
        shape = [(2, 3, 4)[n] if size == 0 else size for n, size in enumerate(to)]
        case(f"Reshape/{name}", lambda x, _: x.reshape(shape), [(2, 3, 4), (CONSTANT, ints(*to))])
    far = 2**31 - 1
    for name, starts, ends, axes, at in (
        ("rows", (1,), (3,), (0,), np.s_[1:3]),
        ("open-end", (2,), (far,), (1,), np.s_[:, 2:]),
        ("negative", (-3,), (-1,), (-1,), np.s_[:, -3:-1]),
        ("two-axes", (1, 0), (4, 2), (1, 0), np.s_[0:2, 1:4]),
        ("far-start", (-9,), (2,), (0,), np.s_[:2]),
        ("without-axes", (1, 1), (2, 3), None, np.s_[1:2, 1:3]),
    ):
        given = [(CONSTANT, ints(*part)) for part in (starts, ends, *([] if axes is None else [axes]))]
        case(f"Slice/{name}", lambda x, *_: x[at], [(4, 5), *given])
    for name, shape, sizes, axis, unused in (
        ("thirds", (6, 2), (2, 2, 2), 0, ()),
        ("uneven", (2, 7), (1, 4, 2), 1, ()),
        ("first-unused", (6, 2), (2, 1, 3), 0, (0,)),
        ("last-unused", (2, 5, 2), (2, 3), -2, (1,)),
        ("only-middle", (2, 6), (2, 2, 2), -1, (0, 2)),
    ):
        inputs = [shape, (CONSTANT, ints(*sizes))]
        case(f"Split/{name}", lambda x, _: torch.split(x, sizes, axis), inputs, {"axis": axis}, unused=unused)
    case("Split/counted", lambda x: torch.split(x, 3), [(7, 2)], {"num_outputs": 3, "axis": 0})
    for name, shape, axes in (("named", (2, 1, 3, 1), (1,)), ("last", (2, 1, 3, 1), (-1, 1)), ("all", (1, 2, 1), None)):
        squeezed = [size for n, size in enumerate(shape) if size > 1 or axes and n not in [a % len(shape) for a in axes]]
        inputs = [shape, *([] if axes is None else [(CONSTANT, ints(*axes))])]
        case(f"Squeeze/{name}", lambda x, *_: x.reshape(squeezed), inputs)
    for name, axes, shape in (("first", (0,), (1, 2, 3)), ("several", (-1, 1), (2, 1, 3, 1))):
        case(f"Unsqueeze/{name}", lambda x, _: x.reshape(shape), [(2, 3), (CONSTANT, ints(*axes))])
    for name, shape, repeats in (("rows", (2, 3), (2, 1)), ("once", (2, 3), (1, 1)), ("all", (2, 1, 3), (2, 3, 2))):
        case(f"Tile/{name}", lambda x, _: x.repeat(repeats), [shape, (CONSTANT, ints(*repeats))])
    for name, perm in (("cycle", (2, 0, 1)), ("swap", (1, 0, 2)), ("same", (0, 1, 2)), ("reversed", None)):
        order = perm or (2, 1, 0)
        case(f"Transpose/{name}", lambda x: x.permute(order), [(2, 3, 4)], {"perm": list(perm)} if perm else {})
    for upper, k in ((1, None), (0, None), (1, 1), (0, -1)):
        function = torch.triu if upper else torch.tril
        inputs = [(2, 3, 4), *([] if k is None else [(CONSTANT, torch.tensor(k))])]
        name = f"Trilu/{'upper' if upper else 'lower'}{'' if k is None else k}"
        case(name, lambda x, *_: function(x, k or 0), inputs, {"upper": upper})


if __name__ == "__main__":
    torch.set_num_threads(1)
    for part in (arithmetic, convolutions, elementwise, indexing, matrices, normalizations, reductions, shapes):
        part()
    arrays = {name: np.array(value.numpy(), order="C") for name, value in TENSORS.items()}
    (GOLDEN / "gradients.safetensors").write_bytes(save(arrays))
    rows = ",\n".join(json.dumps(row) for row in CASES)
    (GOLDEN / "gradients.json").write_text(f"[\n{rows}\n]\n")
