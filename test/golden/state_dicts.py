"""Writes state dicts of PyTorch, as collections of models name and wrap them, and what these networks make of some images.

    python3 test/golden/state_dicts.py OUT WIDTH        needs torch and numpy

OUT/NAME.pt is a checkpoint; OUT/expected.json has `images` [n, h, w, c] bytes and, for each checkpoint, `logits` [n, classes] and the
`features` [n, d] that the last layer reads. `test/golden/state-dicts` is of width 1.
"""
import json
import pathlib
import sys

import numpy as np
import torch
from torch import nn

import models
from resnet18 import ResNet18

out, width = pathlib.Path(sys.argv[1]), int(sys.argv[2])
out.mkdir(exist_ok=True)
torch.manual_seed(0)


class WithoutLast(models.PreActResNet18):
    """kuangliu/pytorch-cifar and BackdoorBench pool the last sum as it is."""

    def __init__(self, width):
        super().__init__(width)
        del self.bn

    def features(self, x):
        h = self.conv1(x)
        for s in range(4):
            h = getattr(self, f"layer{s + 1}")(h)
        return h.mean((2, 3))

    def forward(self, x):
        return self.fc(self.features(x))


def others(state):
    """The names of kuangliu/pytorch-cifar."""
    return {k.replace(".downsample.", ".shortcut.").replace("fc.", "linear."): v for k, v in state.items()}


def features(model, x):
    kept = {}
    last = model.classifier if hasattr(model, "classifier") else model.fc
    hook = last.register_forward_pre_hook(lambda _, inputs: kept.update(t=inputs[0]))
    logits = model(x)
    hook.remove()
    return logits, kept["t"]


CHECKPOINTS = {
    "resnet18": (ResNet18, lambda state: state),
    "resnet10-parallel": (models.ResNet10, lambda state: {"epoch": 3, "state_dict": {f"module.{k}": v for k, v in state.items()}}),
    "resnet18-shortcut": (ResNet18, lambda state: {"net": {f"module.{k}": v for k, v in others(state).items()}, "acc": 93.2, "epoch": 5}),
    "preact-record": (WithoutLast, lambda state: {"model_name": "preactresnet18", "num_classes": 10, "model": others(state), "img_size": (32, 32, 3)}),
    "preact-last": (models.PreActResNet18, lambda state: state),
    "vgg16-double": (models.VGG16, lambda state: {k: v.double() if v.is_floating_point() else v for k, v in state.items()}),
}

images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)
x = torch.tensor(images).permute(0, 3, 1, 2).float() / 255
expected = {"images": images.reshape(-1).tolist(), "outputs": {}}
for name, (make, wrap) in CHECKPOINTS.items():
    model = make(width)
    model.train()
    for _ in range(3):
        model(torch.rand(32, 3, 32, 32))
    with torch.no_grad():
        for parameter in model.parameters():
            scale = 0.05 if parameter.dim() == 1 else 0.5 * float(parameter.abs().mean())
            parameter.add_(scale * torch.randn_like(parameter))
        logits, t = features(model.eval(), x)
    torch.save(wrap(model.state_dict()), out / f"{name}.pt")
    expected["outputs"][name] = {"logits": logits.reshape(-1).tolist(), "features": t.reshape(-1).tolist()}
(out / "expected.json").write_text(json.dumps(expected))
