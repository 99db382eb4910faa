"""Training steps of the transformer of test/golden/transformer.py on texts, for bench/text-speed.ts: one thread, float32.

    python3 bench/peer_texts.py '{"file": "texts.bin", "texts": 2560, ...}'            needs torch and numpy

AdamW; every batch is read up to its longest text; with noise after the GELU of every block, after every block but the last, and twice on T. Prints one
JSON line: seconds for all texts once, after a first time that is not counted, and the losses of the first two steps. The fields of the request are those of
bench/text-speed/child.ts.
"""
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "test" / "golden"))
import models
import numpy as np
import torch
import torch.nn.functional as F
import transformer

torch.set_num_threads(1)
torch.manual_seed(0)
r = json.loads(sys.argv[1])


def jitter(x):
    return x + r["noise"] * torch.randn_like(x) if r["noise"] else x


def block(self, x, padding):
    h = x + self.attn(self.norm1(x), padding)
    return h + self.mlp["fc2"](jitter(F.gelu(self.mlp["fc1"](self.norm2(h)))))


def forward(self, tokens):
    h = self.token_embed(tokens) + self.pos_embed[:, : tokens.shape[1]]
    for i, b in enumerate(self.blocks):
        h = b(jitter(h) if i else h, tokens == 0)
    return self.head(jitter(jitter(self.norm(h[:, 0]))))


transformer.Block.forward, transformer.Transformer.forward = block, forward
transformer.WIDTH, transformer.LENGTH = r["width"], r["length"]
transformer.VOCABULARY, transformer.CLASSES = r["vocabulary"], r["classes"]
model = transformer.Transformer()
model.load_state_dict({k: torch.from_numpy(models.initial(k, tuple(v.shape))) for k, v in model.state_dict().items()})
optimizer = torch.optim.AdamW(model.parameters(), 1e-3, weight_decay=5e-4)
everything = np.fromfile(r["file"], np.int32).astype(np.int64)
tokens = torch.from_numpy(everything[: r["texts"] * r["length"]]).view(-1, r["length"])
labels = torch.from_numpy(everything[r["texts"] * r["length"] :])
losses = []


def once():
    started = time.perf_counter()
    for x, y in zip(tokens.split(r["batch"]), labels.split(r["batch"])):
        x = x[:, : int((x > 0).sum(1).max())]
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return time.perf_counter() - started


once()
print(json.dumps({"seconds": once(), "first": losses[0], "second": losses[1]}))
