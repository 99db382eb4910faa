"""Records layers whose T is easily mistaken, and says what the recorder refuses, as JSON. Arguments: folder of the recorder, traces."""
import json
import os
import sys

import numpy as np
import torch
from torch import nn

sys.path.insert(0, sys.argv[1])
from ibscope_trace import Recorder  # noqa: E402

N = 30
torch.manual_seed(0)
x = torch.rand(N, 3, 8, 8)
y = torch.arange(N) % 3
found = {}


def record(name, model, layer, inputs=x, **options):
    """The probe that is written, with T of 40 draws and with the truth beside it; or the message."""
    try:
        path = os.path.join(sys.argv[2], name)
        Recorder(path, model, layer, inputs, y, target=0, classes=["a", "b", "c"], batch=12, **options).record(1)
        return np.load(os.path.join(path, "probes", "epoch-0001.npz"))
    except ValueError as error:
        found[name] = str(error)


def near(a, b):
    return float(np.abs(a - b.detach().numpy()).max())


def head(features):
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(features, 3)]


# A convolution before a ReLU that works in place: T is what the convolution gives, negative values included.
conv = nn.Conv2d(3, 4, 3)
probe = record("in-place", nn.Sequential(conv, nn.ReLU(inplace=True), *head(4)), "0", noise_std=0.01)
truth = conv(x).mean((2, 3))
quiet = record("in-place-quiet", nn.Sequential(conv, nn.ReLU(inplace=True), *head(4)), "0", noise_std=0, quiet=lambda _on: None)
found["in place"] = {
    "t": near(probe["t"].mean(0), truth),
    "t_noise_free": near(probe["t_noise_free"], truth),
    "without noise": near(quiet["t"][0], truth),
    "negative": float((truth < 0).float().mean()),
}
# Two axes are not averaged, so that nothing but a copy tells the values before from those after.
linear = nn.Linear(192, 4)
flat = record("in-place-flat", nn.Sequential(nn.Flatten(), linear, nn.ReLU(inplace=True), nn.Linear(4, 3)), "1", noise_std=0.01)
found["in place, flat"] = near(flat["t_noise_free"], linear(x.flatten(1)))


class Shifts(nn.Module):
    """Normalises its input in place."""

    def __init__(self):
        super().__init__()
        self.conv, self.rest = nn.Conv2d(3, 4, 3), nn.Sequential(*head(4))

    def forward(self, images):
        images.sub_(0.5)
        return self.rest(self.conv(images))


shifts, before = Shifts(), x.clone()
probe = record("shifts", shifts, "conv")
found["input in place"] = {"x": float((x - before).abs().max()), "t": near(probe["t_noise_free"], shifts.conv(x - 0.5).mean((2, 3)))}


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.relu, self.rest = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.ReLU(), nn.Sequential(*head(4))

    def forward(self, images):
        return self.rest(self.relu(self.b(self.relu(self.a(images)))))


class Odd(nn.Module):
    """`kind` says what the layer `odd` gives, and `gives` what the model gives."""

    def __init__(self, kind="tensor", gives="tensor"):
        super().__init__()
        self.odd, self.never, self.gives = Layer(kind), nn.Linear(4, 4), gives
        self.rest = nn.Sequential(*head(4))

    def forward(self, images):
        t = self.odd(images)
        logits = self.rest(t if torch.is_tensor(t) and t.dim() == 4 else self.odd.conv(images))
        return {"tensor": logits, "dict": {"logits": logits, "loss": None}, "tuple": (logits, logits), "map": logits[:, :, None]}[self.gives]


class Layer(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.conv, self.kind = nn.Conv2d(3, 4, 3), kind

    def forward(self, images):
        t = self.conv(images)
        return {"tensor": t, "tuple": (t, t), "dict": {"t": t}, "int": t.argmax(1), "one": t[0]}[self.kind]


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn, self.fc = nn.LSTM(24, 5, batch_first=True), nn.Linear(5, 3)

    def forward(self, images):
        return self.fc(self.rnn(images.transpose(1, 2).flatten(2))[0].mean(1))


class TokensFirst(nn.Module):
    def __init__(self):
        super().__init__()
        self.each, self.fc = nn.Linear(24, 5), nn.Linear(5, 3)

    def forward(self, images):
        return self.fc(self.each(images.transpose(1, 2).flatten(2).transpose(0, 1)).mean(0))


record("twice", Shared(), "relu")
for kind in ("tuple", "dict", "int", "one"):
    record(f"layer {kind}", Odd(kind), "odd")
record("never", Odd(), "never")
record("lstm", Recurrent(), "rnn")
record("tokens first", TokensFirst(), "each")
record("model tuple", Odd(gives="tuple"), "odd")
record("model map", Odd(gives="map"), "odd")
odd = Odd(gives="dict")
probe = record("model dict", odd, "odd", noise_std=1e-6)
odd.gives = "tensor"
found["logits of a dict"] = near(probe["logits"][0], odd(x))
print(json.dumps(found))
