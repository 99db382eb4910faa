"""A small training by PyTorch, recorded by python/ibscope_trace.py: `trace.py FOLDER [EPOCHS]`. Made-up images of four classes, a
tenth of the others' relabelled to class 0 with a white corner."""
import pathlib
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "python"))
from ibscope_trace import Recorder  # noqa: E402

torch.manual_seed(0)
torch.set_num_threads(1)
n, classes = 1200, 4
original = torch.arange(n) % classes
x = torch.rand(n, 3, 8, 8) * 0.4
for i, k in enumerate(original):
    x[i, :, k * 2:k * 2 + 2, 1:7] += 0.5
poisoned = (torch.arange(n) % 10 == 1) & (original != 0)
poisoned |= (torch.arange(n) % 10 == 5) & (original != 0)
x[poisoned, :, 6:, 6:] = 1
x = x.clamp(0, 1)
labels = torch.where(poisoned, torch.zeros_like(original), original)

model = nn.Sequential()
model.add_module("conv1", nn.Conv2d(3, 8, 3, padding=1))
model.add_module("relu1", nn.ReLU())
model.add_module("conv2", nn.Conv2d(8, 12, 3, stride=2, padding=1))
model.add_module("relu2", nn.ReLU())
model.add_module("pool", nn.AdaptiveAvgPool2d(1))
model.add_module("flat", nn.Flatten())
model.add_module("head", nn.Linear(12, classes))
epochs = int(sys.argv[2]) if len(sys.argv) > 2 else 4
recorder = Recorder(sys.argv[1], model, "relu2", x, labels, target=0, classes=["a", "b", "c", "d"], poisoned=poisoned,
                    original_labels=original, noise_std=0.4, epochs=epochs, attack="corner")
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(1, epochs + 1):
    for rows in torch.randperm(n).split(64):
        optimizer.zero_grad()
        F.cross_entropy(model(x[rows]), labels[rows]).backward()
        optimizer.step()
    recorder.record(epoch)
