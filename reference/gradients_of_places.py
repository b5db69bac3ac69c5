"""Cases of gradients.py whose operators slide windows, read at computed places or move elements."""

import numpy as np
import torch
import torch.nn.functional as F

from operator_case import CONSTANT, GIVEN, case, coarse, ints, stream


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
    for name, shape, indices in (
        ("distinct", (2, 5, 3), ints([4, 0, 2], [1, 3, 0])),
        ("repeated", (2, 4, 3), ints([1, 1, 3, 1], [0, 0, 0, 2])),
    ):

        def gather_rows(x, i):
            return torch.gather(x, 1, i.expand(-1, -1, x.shape[2]))

        case(f"GatherND/{name}", gather_rows, [shape, (GIVEN, indices[..., None])], {"batch_dims": 1})
    for name, shape, indices, axis, reduction in (
        ("add", (6,), ints(5, 1, 1, 0), 0, "add"),
        ("add-columns", (2, 4), ints([3, 3], [0, 2]), 1, "add"),
        ("replace", (3, 4), ints([3, 1], [0, 2], [1, 0]), 1, "none"),
    ):

        def scatter(x, i, updates):
            return x.scatter_add(axis, i, updates) if reduction == "add" else x.scatter(axis, i, updates)

        inputs = [shape, (GIVEN, indices), tuple(indices.shape)]
        case(f"ScatterElements/{name}", scatter, inputs, {"axis": axis, "reduction": reduction})
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


def shapes():
    case("Cast/float64", lambda x: x * 1, [(2, 3)], {"to": 11})
    case("Concat/rows", lambda *xs: torch.cat(xs, 0), [(2, 3), (1, 3), (3, 3)], {"axis": 0})
    case("Concat/last", lambda *xs: torch.cat(xs, -1), [(2, 2, 1), (2, 2, 3)], {"axis": -1})
    case("Concat/one", lambda x: x * 1, [(2, 3)], {"axis": 1})
    for name, x, to in (
        ("rows", (3, 1), (2, 3, 4)),
        ("vector", (1,), (5,)),
        ("scalar", (), (2, 3)),
        ("same", (2, 3), (1, 3)),
    ):
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
        dropped = [n for n, size in enumerate(shape) if size == 1] if axes is None else [a % len(shape) for a in axes]
        squeezed = [size for n, size in enumerate(shape) if n not in dropped]
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
