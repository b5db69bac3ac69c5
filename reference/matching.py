"""Goldens of src/matching/, made with scipy and transformers: test/golden/matching.json.

    python reference/matching.py             writes the golden file
    python reference/matching.py --serve     solves matrices for test/fuzz-assignment.ts and bench/assignment-speed.ts

1. `assignments`: scipy's pairs and total cost on matrices that the test makes again from the same rule.
2. `refused`: what scipy says of matrices with invalid entries, or without an assignment.
3. `matchings`: cost matrices and pairs of transformers' matchers (DETR's own code, and Deformable DETR's focal cost) in
   float64 on predictions from a rule.
"""

import json
import pathlib
import sys
import time

import numpy as np
from scipy.optimize import linear_sum_assignment

from rule import uniform

ROOT = pathlib.Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "test" / "golden" / "matching.json"


# --- matrices from a rule: test/support/assignment-matrices.ts --------------------------------------------------------

def matrix(kind: str, rows: int, columns: int, seed: int) -> np.ndarray:
    u = uniform(f"assignment.{kind}", [rows, columns], seed)
    if kind == "real":
        return u
    if kind == "integer":
        return np.floor(u * 1000)
    if kind == "tied":
        return np.floor((u + 1) * 2)
    if kind == "sparse":
        return np.where(u < -0.4, np.inf, u)
    if kind == "sparse-tied":
        return np.where(u < 0.2, np.inf, np.floor(u * 5))
    if kind == "product":
        return u[:, :1] * u[:1, :]
    if kind == "constant":
        return np.ones((rows, columns))
    raise ValueError(kind)


SIZES = [(1, 1), (1, 7), (7, 1), (5, 5), (20, 20), (30, 8), (8, 30), (100, 20), (40, 60)]
KINDS = ["real", "integer", "tied", "sparse", "sparse-tied", "product", "constant"]


def solve(costs: np.ndarray):
    """Rows, columns and total cost; None when there is no assignment."""
    try:
        rows, columns = linear_sum_assignment(costs)
    except ValueError:
        return None
    return rows, columns, float(costs[rows, columns].sum())


def assignments():
    for kind in KINDS:
        for seed, (rows, columns) in enumerate(SIZES):
            found = solve(matrix(kind, rows, columns, seed))
            pairs = {} if found is None else {"pairs": [found[0].tolist(), found[1].tolist()], "total": found[2]}
            yield {"kind": kind, "rows": rows, "columns": columns, "seed": seed, **pairs}


REFUSED = {
    "nan": [[1, 2, 3], [4, "nan", 6]],
    "minus infinity": [[1, 2], ["-inf", 4], [5, 6]],
    "nan after a row without a way": [["inf", "inf"], ["nan", 1]],
    "row without a way": [[1, 2, 3], ["inf", "inf", "inf"]],
    "two rows for one column": [[1, "inf", "inf"], [2, "inf", "inf"]],
    "column without a way": [[1, "inf"], [2, "inf"], [3, "inf"]],
}


def refused():
    for name, entries in REFUSED.items():
        try:
            linear_sum_assignment(np.array([[float(entry) for entry in row] for row in entries]))
        except ValueError as error:
            yield {"name": name, "matrix": entries, "message": str(error)}


# --- matchers on predictions from a rule ------------------------------------------------------------------------------

def rule_boxes(name: str, shape: list[int], seed: int) -> np.ndarray:
    u = uniform(name, shape, seed)
    return np.float32(np.where(np.arange(4) < 2, 0.5 + 0.4 * u, 0.3 + 0.29 * u))


MATCHINGS = [
    {"cost": "softmax", "queries": 12, "classes": 6, "targets": [3, 0, 5], "seed": 1},
    {"cost": "softmax", "queries": 4, "classes": 92, "targets": [7, 1], "seed": 2},
    {"cost": "focal", "queries": 12, "classes": 5, "targets": [4, 2], "seed": 3},
    {"cost": "focal", "queries": 3, "classes": 91, "targets": [1, 0, 6], "seed": 4},
]


def matchings():
    import torch
    from transformers.loss import loss_deformable_detr, loss_for_object_detection

    sources = {
        "softmax": (loss_for_object_detection, loss_for_object_detection.HungarianMatcher, 1),
        "focal": (loss_deformable_detr, loss_deformable_detr.DeformableDetrHungarianMatcher, 2),
    }
    for case in MATCHINGS:
        batch, queries, classes, seed = len(case["targets"]), case["queries"], case["classes"], case["seed"]
        logits = np.float32(4 * uniform("matching.logits", [batch, queries, classes], seed))
        boxes = rule_boxes("matching.boxes", [batch, queries, 4], seed)
        total = sum(case["targets"])
        target_boxes = rule_boxes("matching.target.boxes", [total, 4], seed)
        real = classes - 1 if case["cost"] == "softmax" else classes
        labels = np.floor((uniform("matching.target.labels", [total], seed) + 1) / 2 * real).astype(np.int64)
        ends = np.cumsum(case["targets"])[:-1]
        targets = [
            {"class_labels": torch.from_numpy(l), "boxes": torch.from_numpy(b).double()}
            for l, b in zip(np.split(labels, ends), np.split(target_boxes, ends))
        ]
        module, matcher, class_cost = sources[case["cost"]]
        costs = []

        def keep_costs(matrix):
            costs.append(np.asarray(matrix))
            return linear_sum_assignment(matrix)

        module.linear_sum_assignment = keep_costs
        predictions = {"logits": torch.from_numpy(logits).double(), "pred_boxes": torch.from_numpy(boxes).double()}
        pairs = matcher(class_cost=class_cost, bbox_cost=5, giou_cost=2)(predictions, targets)
        module.linear_sum_assignment = linear_sum_assignment
        yield {
            **case,
            "images": [
                {"costs": cost.T.ravel().tolist(), "pairs": [query.tolist(), target.tolist()]}
                for cost, (query, target) in zip(costs, pairs)
            ],
        }


# --- a solver for other programs --------------------------------------------------------------------------------------

def read_matrices(path: str) -> list[np.ndarray]:
    """int32 count, rows[count], columns[count], filled up to 8 bytes; then the matrices, float64."""
    data = np.fromfile(path, np.int32)
    count = data[0]
    rows, columns = data[1 : 1 + count], data[1 + count : 1 + 2 * count]
    values = data[(2 + 2 * count) // 2 * 2 :].view(np.float64)
    ends = np.cumsum(rows.astype(np.int64) * columns)
    return [part.reshape(r, c) for part, r, c in zip(np.split(values, ends[:-1]), rows, columns)]


def serve() -> None:
    """Reads lines `solve FILE` and `time FILE`. Answers with one line of JSON: per matrix the total cost, or null, and
    the pairs; or milliseconds."""
    for line in sys.stdin:
        command, path = line.rstrip("\n").split(" ", 1)
        answers = []
        for costs in read_matrices(path):
            start = time.perf_counter()
            found = solve(costs) if command == "solve" else linear_sum_assignment(costs)
            elapsed = (time.perf_counter() - start) * 1000
            if command == "time":
                answers.append(elapsed)
            else:
                answers.append(None if found is None else [found[2], found[0].tolist(), found[1].tolist()])
        print(json.dumps(answers), flush=True)


def main() -> None:
    if "--serve" in sys.argv:
        serve()
        return
    golden = {"assignments": list(assignments()), "refused": list(refused()), "matchings": list(matchings())}
    lines = ",\n".join(
        f'"{name}": [\n' + ",\n".join(json.dumps(entry) for entry in entries) + "\n]" for name, entries in golden.items()
    )
    GOLDEN.write_text("{\n" + lines + "\n}\n")
    print(f"{GOLDEN}: {GOLDEN.stat().st_size} bytes")


if __name__ == "__main__":
    main()
