"""Writes transformer.json beside this file: five SGD steps, in double precision, of the transformer that reads texts, for
test/models/transformer.test.ts.

    python3 test/golden/transformer.py       needs torch and numpy

Initial weights are those of models.py. The file holds the tokens, logits before the first and after the last step, the loss
before each step, and for every tensor its shape, the norm of its change, and the change's product with a fixed vector.
"""

import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from models import DECAY, MOMENTUM, RATE, initial, uniform

OUT = pathlib.Path(__file__).with_suffix(".json")
WIDTH, DEPTH, HEADS = 2, 3, 4
BATCH, LENGTH, VOCABULARY, CLASSES, STEPS = 8, 12, 40, 5, 5


class Attention(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.q, self.k, self.v, self.proj = (nn.Linear(d, d) for _ in range(4))

    def forward(self, x, padding):
        n, t, d = x.shape
        q, k, v = (f(x).view(n, t, HEADS, -1).transpose(1, 2) for f in (self.q, self.k, self.v))
        scores = q @ k.transpose(2, 3) / (d // HEADS) ** 0.5
        weights = scores.masked_fill(padding[:, None, None, :], float("-inf")).softmax(-1)
        return self.proj((weights @ v).transpose(1, 2).reshape(n, t, d))


class Block(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.norm1, self.norm2, self.attn = nn.LayerNorm(d), nn.LayerNorm(d), Attention(d)
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(d, 2 * d), "fc2": nn.Linear(2 * d, d)})

    def forward(self, x, padding):
        h = x + self.attn(self.norm1(x), padding)
        return h + self.mlp["fc2"](F.gelu(self.mlp["fc1"](self.norm2(h))))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        d = 8 * WIDTH
        self.token_embed = nn.Embedding(VOCABULARY, d)
        self.pos_embed = nn.Parameter(torch.zeros(1, LENGTH, d))
        self.blocks = nn.ModuleList(Block(d) for _ in range(DEPTH))
        self.norm = nn.LayerNorm(d)
        self.head = nn.Linear(d, CLASSES)

    def forward(self, tokens):
        h = self.token_embed(tokens) + self.pos_embed
        for block in self.blocks:
            h = block(h, tokens == 0)
        return self.head(self.norm(h[:, 0]))


def tokens():
    """The class token, then words of few kinds, then padding; the first text is as long as can be, the second has no word."""
    u = (uniform("tokens", (BATCH, LENGTH)) + 1) / 2
    words = 1 + np.floor(u**3 * (VOCABULARY - 1)).astype(int)
    ends = [LENGTH, 1] + [3 + 2 * i % 9 for i in range(BATCH - 2)]
    for row, end in zip(words, ends):
        row[0] = 2
        row[end:] = 0
    return words


if __name__ == "__main__":
    model = Transformer()
    start = {k: initial(k, tuple(v.shape)) for k, v in model.state_dict().items()}
    model.load_state_dict({k: torch.tensor(v) for k, v in start.items()})
    model.double()
    x, y = torch.tensor(tokens()), torch.arange(BATCH) % CLASSES
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
    with torch.no_grad():
        last = model(x)
    tensors = {}
    for k, v in model.state_dict().items():
        change = v.double().numpy() - start[k]
        along = float((change * uniform(f"along.{k}", change.shape)).sum())
        tensors[k] = {"shape": list(change.shape), "norm": float(f"{np.linalg.norm(change):.7g}"), "along": float(f"{along:.7g}")}
    golden = {
        "width": WIDTH, "classes": CLASSES, "vocabulary": VOCABULARY, "length": LENGTH, "rate": RATE, "momentum": MOMENTUM,
        "weightDecay": DECAY, "tokens": tokens().flatten().tolist(), "losses": losses,
        "first": first.flatten().tolist(), "last": last.flatten().tolist(), "tensors": tensors,
    }
    OUT.write_text(json.dumps(golden) + "\n")
    print(losses, OUT.stat().st_size)
