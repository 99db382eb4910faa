"""Golden values for optimizers, gradient clipping and the plateau schedule, from PyTorch. Writes optim.json beside this file.

    python3 test/golden/optim.py

Gradients do not depend on the parameters, so each case is the optimizer alone: parameters and a list of gradients in,
parameters after every step out, in double precision.
"""
import json
import pathlib

import numpy as np
import torch

SHAPES = [[3, 2], [4], [1]]
STEPS = 6
rng = np.random.default_rng(5)
start = [rng.normal(size=s).round(3) for s in SHAPES]
# Gradients of very different sizes, some exactly zero.
grads = [[(rng.normal(size=s) * 10.0 ** rng.integers(-3, 2)).round(4) for s in SHAPES] for _ in range(STEPS)]
grads[0][1][2] = 0
grads[1][1][:] = 0


def follow(make, clip=None):
    params = [torch.tensor(p, dtype=torch.float64, requires_grad=True) for p in start]
    optimizer = make(params)
    after = []
    for step in grads:
        for p, g in zip(params, step):
            p.grad = torch.tensor(g, dtype=torch.float64)
        if clip:
            torch.nn.utils.clip_grad_norm_(params, clip)
        optimizer.step()
        after.append([p.detach().flatten().tolist() for p in params])
    return after


def adamw(**o):
    return lambda params: torch.optim.AdamW(params, **o)


def sgd(**o):
    return lambda params: torch.optim.SGD(params, **o)


cases = {
    "AdamW": follow(adamw(lr=1e-2, weight_decay=0)),
    "AdamW with weight decay": follow(adamw(lr=1e-2, weight_decay=0.1)),
    "AdamW with other betas": follow(adamw(lr=3e-3, weight_decay=1e-2, betas=(0.8, 0.95), eps=1e-6)),
    "AdamW, gradients clipped at 0.5": follow(adamw(lr=1e-2, weight_decay=1e-2), 0.5),
    "SGD": follow(sgd(lr=0.1)),
    "SGD with weight decay": follow(sgd(lr=0.1, weight_decay=5e-4)),
    "SGD with momentum and weight decay": follow(sgd(lr=0.1, momentum=0.9, weight_decay=5e-4)),
    "SGD, gradients clipped at 0.5": follow(sgd(lr=0.1), 0.5),
}

# Falls, then noise, flat stretches, and improvements just below and just above the threshold of 1e-4.
losses = [2.3 * 0.9**i for i in range(8)]
losses += [losses[-1] * (1 + 0.05 * rng.normal()) for _ in range(12)]
losses += [min(losses) * (1 - 0.5e-4)] * 7 + [min(losses) * (1 - 2e-4)] + [min(losses)] * 20
losses += [0.3, 0.2] + [0.25] * 14
losses = [round(float(v), 7) for v in losses]
weight = torch.zeros(1, requires_grad=True)
optimizer = torch.optim.SGD([weight], lr=0.1)
plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=5)
rates = []
for loss in losses:
    rates.append(optimizer.param_groups[0]["lr"])
    plateau.step(loss)

pathlib.Path(__file__).with_suffix(".json").write_text(
    json.dumps(
        {
            "shapes": SHAPES,
            "start": [p.flatten().tolist() for p in start],
            "gradients": [[g.flatten().tolist() for g in step] for step in grads],
            "cases": cases,
            "plateau": {"losses": losses, "rates": rates},
        }
    )
    + "\n"
)
