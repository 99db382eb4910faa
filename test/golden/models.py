"""Writes models.json beside this file: three SGD steps of ResNet-10, VGG-16, PreAct-ResNet-18 and ViT in PyTorch, for
test/models/parity.test.ts.

    python3 test/golden/models.py            needs torch and numpy

Initial weights, images and labels come from `uniform` of resnet18.py, which the tests compute too. The file holds, for each
model, the number of parameters at its standard width and with ten classes; logits in training mode before the first step;
the loss before each step; logits in evaluation mode after the last; and for every tensor its shape, the norm of its change,
and the change's product with a vector of `uniform("along." + name)`.

PyTorch runs in double precision, so that no rounding of its own is in the reference; how far its own single precision
leaves it is printed at the end.
"""
import json
import math
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from resnet18 import ResNet18, uniform
from torch import nn

torch.set_num_threads(1)
OUT = pathlib.Path(__file__).with_suffix(".json")
WIDTH, BATCH, CLASSES, STEPS = 4, 16, 10, 3
RATE, MOMENTUM, DECAY = 2e-3, 0.9, 5e-4


class ResNet10(ResNet18):
    """One block a stage."""

    standard = 64
    blocks = 1


class VGG16(nn.Module):
    """torchvision's vgg16_bn without its three fully connected layers: features, then one linear classifier."""

    standard = 64

    def __init__(self, width):
        super().__init__()
        layers, i = [], 3
        for convs, factor in ((2, 1), (2, 2), (3, 4), (3, 8), (3, 8)):
            for _ in range(convs):
                layers += [nn.Conv2d(i, factor * width, 3, padding=1), nn.BatchNorm2d(factor * width), nn.ReLU()]
                i = factor * width
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(i, CLASSES)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


class PreActBlock(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(i)
        self.conv1 = nn.Conv2d(i, o, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(o)
        self.conv2 = nn.Conv2d(o, o, 3, 1, 1, bias=False)
        if stride > 1 or i != o:
            self.shortcut = nn.Sequential(nn.Conv2d(i, o, 1, stride, bias=False))

    def forward(self, x):
        a = F.relu(self.bn1(x))
        skip = self.shortcut(a) if hasattr(self, "shortcut") else x
        return self.conv2(F.relu(self.bn2(self.conv1(a)))) + skip


class PreActResNet18(nn.Module):
    """With the last batch norm and ReLU of the paper: 1,024 parameters more than the 11,171,146 without."""

    standard = 64

    def __init__(self, width):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, 1, 1, bias=False)
        i = width
        for s in range(4):
            o = width << s
            stage = nn.Sequential(PreActBlock(i, o, 1 if s == 0 else 2), PreActBlock(o, o, 1))
            setattr(self, f"layer{s + 1}", stage)
            i = o
        self.bn = nn.BatchNorm2d(i)
        self.fc = nn.Linear(i, CLASSES)

    def forward(self, x):
        h = self.conv1(x)
        for s in range(4):
            h = getattr(self, f"layer{s + 1}")(h)
        return self.fc(F.relu(self.bn(h)).mean((2, 3)))


class Attention(nn.Module):
    def __init__(self, d, heads=4):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.proj = (nn.Linear(d, d) for _ in range(4))

    def forward(self, x):
        n, t, d = x.shape
        q, k, v = (f(x).view(n, t, self.heads, -1).transpose(1, 2) for f in (self.q, self.k, self.v))
        weights = (q @ k.transpose(2, 3) / math.sqrt(d // self.heads)).softmax(-1)
        return self.proj((weights @ v).transpose(1, 2).reshape(n, t, d))


class Block(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.norm1, self.norm2, self.attn = nn.LayerNorm(d), nn.LayerNorm(d), Attention(d)
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(d, 2 * d), "fc2": nn.Linear(2 * d, d)})

    def forward(self, x):
        h = x + self.attn(self.norm1(x))
        return h + self.mlp["fc2"](F.gelu(self.mlp["fc1"](self.norm2(h))))


class ViT(nn.Module):
    """ViT-Lite-6/4 at width 32."""

    standard = 32

    def __init__(self, width):
        super().__init__()
        d = 8 * width
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(3, d, 4, 4)})
        self.cls_token = nn.Parameter(torch.zeros(1, 1, d))
        self.pos_embed = nn.Parameter(torch.zeros(1, 65, d))
        self.blocks = nn.Sequential(*(Block(d) for _ in range(6)))
        self.norm = nn.LayerNorm(d)
        self.head = nn.Linear(d, CLASSES)

    def forward(self, x):
        words = self.patch_embed["proj"](x).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.cls_token.expand(len(x), 1, -1), words], 1) + self.pos_embed
        return self.head(self.norm(self.blocks(tokens)[:, 0]))


MAKE = {
    "resnet18": ResNet18,
    "resnet10": ResNet10,
    "vgg16": VGG16,
    "preact-resnet18": PreActResNet18,
    "vit": ViT,
}


def initial(name, shape):
    """Weights U(-1/sqrt(fan in), 1/sqrt(fan in)); vectors are off 0, or 1 for scales and variances, by up to 0.1."""
    u = uniform(name, shape)
    if len(shape) > 1:
        value = u / np.sqrt(np.prod(shape[1:]))
    else:
        value = u * 0.1 + (0.0 if name.endswith(("bias", "running_mean")) else 1.0)
    return value.astype(np.float32)


def train(make, dtype):
    model = make(WIDTH)
    start = {k: initial(k, tuple(v.shape)) for k, v in model.state_dict().items() if "num_batches" not in k}
    model.load_state_dict({k: torch.tensor(v) for k, v in start.items()}, strict=False)
    model.to(dtype)
    x = torch.tensor(np.floor((uniform("pixels", (BATCH, 32, 32, 3)) + 1) * 128), dtype=dtype).permute(0, 3, 1, 2) / 255
    y = torch.arange(BATCH) % CLASSES
    optimizer = torch.optim.SGD(model.parameters(), RATE, MOMENTUM, weight_decay=DECAY)
    losses, first = [], None
    for _ in range(STEPS):
        optimizer.zero_grad()
        logits = model(x)
        first = logits.detach() if first is None else first
        loss = F.cross_entropy(logits, y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        last = model(x)
    change = {k: v.double().numpy() - start[k] for k, v in model.state_dict().items() if k in start}
    return {"losses": losses, "training": first.flatten().tolist(), "evaluation": last.flatten().tolist()}, change


if __name__ == "__main__":
    norm = np.linalg.norm
    golden = {"width": WIDTH, "batch": BATCH, "rate": RATE, "momentum": MOMENTUM, "weightDecay": DECAY, "models": {}}
    # ResNet-18 has a file of its own.
    for name, make in list(MAKE.items())[1:]:
        found, change = train(make, torch.float64)
        single, single_change = train(make, torch.float32)
        rounded = {k: [float(f"{x:.9g}") for x in v] for k, v in found.items()}
        tensors = {}
        for k, d in change.items():
            along = float((d * uniform(f"along.{k}", d.shape)).sum())
            tensors[k] = {"shape": list(d.shape), "norm": float(f"{norm(d):.7g}"), "along": float(f"{along:.7g}")}
        parameters = sum(p.numel() for p in make(make.standard).parameters())
        golden["models"][name] = {"parameters": parameters, **rounded, "tensors": tensors}
        print(name, parameters, "losses", found["losses"])
        print("  single precision: losses", np.abs(np.array(single["losses"]) / found["losses"] - 1).max())
        for k in ("training", "evaluation"):
            print(f"  {k} logits", np.abs(np.array(single[k]) - found[k]).max(), "of", np.abs(found[k]).max())
        off = sorted(((norm(single_change[k] - d) / norm(d), k, norm(d)) for k, d in change.items()), reverse=True)
        print("  changes", [(f"{o:.1e}", k, f"{d:.1e}") for o, k, d in off[:5]])
    OUT.write_text(json.dumps(golden) + "\n")
    print(f"{OUT.name}: {OUT.stat().st_size} bytes")
