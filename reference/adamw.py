"""Three steps of AdamW with clipping: test/golden/adamw.safetensors and adamw.json.

torch.optim.AdamW and clip_grad_norm_ in float64 on float32 weights and gradients. Tensors are KEY/start, KEY/gradN of
step N, and after the last step KEY/weight, KEY/m and KEY/v; `norms` holds the norm of all gradients before each step.
"""

import json

import numpy as np
import torch
from safetensors.numpy import save

from rule import GOLDEN, uniform

# Key -> shape and group. The first step of the largest tensor has gradients far below and far above the rest.
PARAMETERS = {
    "backbone.weight": ((3, 5, 3, 3), 0),
    "backbone.bias": ((3,), 0),
    "transformer.weight": ((40, 33), 1),
    "transformer.norm": ((33,), 1),
    "head.bias": ((1,), 2),
    "head.weight": ((4, 17), 2),
}
CLIP_NORM, STEPS = 0.1, 3
# Per step the settings of each group: (learning rate, weight decay).
SCHEDULE = (
    ((1e-5, 1e-4), (1e-4, 1e-4), (1e-3, 0.0)),
    ((1e-4, 1e-4), (1e-3, 1e-2), (1e-2, 0.0)),
    ((1e-5, 1e-4), (1e-4, 1e-2), (1e-3, 0.0)),
)
# What each step's gradients are multiplied by: two steps are clipped, the last one is not.
SCALES = (1.0, 0.3, 1e-4)


def stream(name: str, shape) -> torch.Tensor:
    return torch.tensor(np.float32(uniform(name, shape, 1)))


def gradient(key: str, shape, step: int) -> torch.Tensor:
    value = stream(f"{key}/grad{step}", shape) * SCALES[step]
    if key == "transformer.weight":
        value[0] *= 1e-9  # comparable to epsilon once clipped
        value[1] *= 100
        value[2] = 0
    return value


if __name__ == "__main__":
    torch.set_num_threads(1)
    start = {key: stream(f"{key}/start", shape) for key, (shape, _) in PARAMETERS.items()}
    weights = {key: value.double().requires_grad_() for key, value in start.items()}
    members = [[weights[key] for key, (_, group) in PARAMETERS.items() if group == n] for n in range(3)]
    optimizer = torch.optim.AdamW([{"params": params} for params in members], betas=(0.9, 0.999), eps=1e-8)
    tensors, norms = {f"{key}/start": value for key, value in start.items()}, []
    for step in range(STEPS):
        for key, weight in weights.items():
            tensors[f"{key}/grad{step}"] = gradient(key, weight.shape, step)
            weight.grad = tensors[f"{key}/grad{step}"].double()
        for group, (rate, decay) in zip(optimizer.param_groups, SCHEDULE[step]):
            group.update(lr=rate, weight_decay=decay)
        norms.append(torch.nn.utils.clip_grad_norm_(weights.values(), CLIP_NORM))
        optimizer.step()
    assert norms[1] > CLIP_NORM > norms[2]
    for key, weight in weights.items():
        state = optimizer.state[weight]
        tensors.update({f"{key}/weight": weight.detach(), f"{key}/m": state["exp_avg"], f"{key}/v": state["exp_avg_sq"]})
    tensors["norms"] = torch.stack(norms)
    arrays = {name: np.array(value.numpy(), order="C") for name, value in tensors.items()}
    (GOLDEN / "adamw.safetensors").write_bytes(save(arrays))
    parameters = [{"key": key, "shape": shape, "group": group} for key, (shape, group) in PARAMETERS.items()]
    groups = [[{"learningRate": rate, "weightDecay": decay} for rate, decay in step] for step in SCHEDULE]
    golden = {"clipNorm": CLIP_NORM, "parameters": parameters, "schedule": groups}
    (GOLDEN / "adamw.json").write_text(json.dumps(golden, indent=1) + "\n")
