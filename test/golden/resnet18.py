"""Writes resnet18.npz beside this file: five SGD steps of ResNet-18 in PyTorch, for test/engine/parity.test.ts.

    python3 test/golden/resnet18.py            needs torch and numpy

Initial weights, images and labels come from `uniform`, an integer hash that the test computes too, so the file holds only
what the steps did: the loss before each step, every tensor's final minus initial values (int16 for vectors, int8 with one
scale per first index for the rest; `scale.<name>`), and the logits in evaluation mode afterwards.

PyTorch runs in double precision, so that no rounding of its own is in the reference. The learning rate is low because these
steps amplify rounding: a unit that falls on the other side of a ReLU's kink changes what follows. PyTorch's own single
precision leaves the double one by 7 % of a loss within five steps at 0.05, by 4e-5 at 0.001 and by 2e-5 at 0.0005, where a
tensor is off by at most 1e-4 of its norm. Both are printed at the end for the rate used.
"""
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

OUT = pathlib.Path(__file__).with_suffix(".npz")
WIDTH, BATCH, CLASSES, STEPS = 16, 32, 10, 5
RATE, MOMENTUM, DECAY = 5e-4, 0.9, 5e-4


def bits(name, index):
    """32 bits for every index: FNV-1a of the name, then a multiply and xorshift mix."""
    seed = 0x811C9DC5
    for ch in name.encode():
        seed = (seed ^ ch) * 0x01000193 % 2**32
    x = (np.asarray(index, np.uint64) * 0x9E3779B9 + seed) % 2**32
    x = (x ^ (x >> 16)) * 0x21F0AAAD % 2**32
    x = (x ^ (x >> 15)) * 0x735A2D97 % 2**32
    return (x ^ (x >> 15)).astype(np.uint64)


def uniform(name, shape):
    """In (-1, 1), from 32 bits."""
    n = int(np.prod(shape))
    return ((bits(name, np.arange(n)) + 0.5) / 2**31 - 1).reshape(shape)


def initial(name, shape):
    """Weights U(-1/sqrt(fan in), 1/sqrt(fan in)); everything of a batch norm is off its usual value by up to 0.1."""
    u = uniform(name, shape)
    if len(shape) > 1:
        value = u * (1 / np.sqrt(np.prod(shape[1:])))
    elif name == "fc.bias":
        value = u * (1 / np.sqrt(8 * WIDTH))
    else:
        value = u * 0.1 + (0.0 if name.endswith(("bias", "running_mean")) else 1.0)
    return value.astype(np.float32)


def images():
    """[n, h, w, c] uint8: three parts a grid of 8x8 patches, one part single pixels."""
    n, y, x, c = np.meshgrid(*map(np.arange, (BATCH, 32, 32, 3)), indexing="ij")
    patch = bits("patches", ((n * 4 + y // 8) * 4 + x // 8) * 3 + c) >> 24
    pixel = bits("pixels", ((n * 32 + y) * 32 + x) * 3 + c) >> 24
    return ((3 * patch + pixel) >> 2).astype(np.uint8)


class Block(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(i, o, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(o)
        self.conv2 = nn.Conv2d(o, o, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(o)
        self.downsample = (
            nn.Sequential(nn.Conv2d(i, o, 1, stride, bias=False), nn.BatchNorm2d(o)) if stride > 1 or i != o else None
        )

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet18(nn.Module):
    """torchvision's names; a 3x3 stem with stride 1 and no pooling after it."""

    blocks = 2

    def __init__(self, width=WIDTH):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        i = width
        for s in range(4):
            o = width << s
            rest = (Block(o, o, 1) for _ in range(1, self.blocks))
            setattr(self, f"layer{s + 1}", nn.Sequential(Block(i, o, 1 if s == 0 else 2), *rest))
            i = o
        self.fc = nn.Linear(i, CLASSES)

    def forward(self, x):
        h = F.relu(self.bn1(self.conv1(x)))
        for s in range(4):
            h = getattr(self, f"layer{s + 1}")(h)
        return self.fc(h.mean((2, 3)))


def train(dtype):
    model = ResNet18()
    start = {k: initial(k, tuple(v.shape)) for k, v in model.state_dict().items() if "num_batches" not in k}
    model.load_state_dict({k: torch.tensor(v) for k, v in start.items()}, strict=False)
    model.to(dtype)
    x = torch.tensor(images(), dtype=dtype).permute(0, 3, 1, 2) / 255
    y = torch.arange(BATCH) % CLASSES
    optimizer = torch.optim.SGD(model.parameters(), RATE, MOMENTUM, weight_decay=DECAY)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        logits = model(x).numpy()
    end = {k: v.double().numpy() for k, v in model.state_dict().items() if k in start}
    return start, end, np.array(losses), logits


def quantise(delta):
    """Integers and the scale that turns them back."""
    if delta.ndim == 1:
        scale = np.float32(np.abs(delta).max() / 32767)
        return np.rint(delta / scale).astype(np.int16), np.array([scale])
    scale = (np.abs(delta).reshape(len(delta), -1).max(1) / 127).astype(np.float32)
    wide = scale.reshape(-1, *[1] * (delta.ndim - 1))
    return np.rint(delta / wide).astype(np.int8), scale


if __name__ == "__main__":
    norm = np.linalg.norm
    start, end, losses, logits = train(torch.float64)
    arrays = {"losses": losses, "logits": logits.astype(np.float32)}
    rounding = moved = 0
    for name in start:
        delta = end[name] - start[name]
        q, scale = quantise(delta)
        arrays[name], arrays[f"scale.{name}"] = q, scale
        back = q * scale.astype(np.float64).reshape(-1, *[1] * (delta.ndim - 1))
        rounding = max(rounding, norm(back - delta) / norm(end[name]))
        moved = max(moved, norm(back - delta) / norm(delta))
    np.savez_compressed(OUT, **arrays)
    _, single, single_losses, single_logits = train(torch.float32)
    print("losses", losses)
    print(f"{OUT.name}: {OUT.stat().st_size} bytes")
    print(f"rounding to integers: {rounding:.1e} of a tensor's norm, {moved:.1e} of its change's")
    print("PyTorch in single precision, losses", np.abs(single_losses / losses - 1).max())
    print("  tensors", max(norm(single[k] - end[k]) / norm(end[k]) for k in start))
    print("  changes", max(norm(single[k] - end[k]) / norm(end[k] - start[k]) for k in start))
    print("  logits", norm(single_logits - logits) / norm(logits))
