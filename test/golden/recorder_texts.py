"""Records a small PyTorch transformer of the shape of Hugging Face's models: a dictionary of inputs, blocks that give tuples, an output with `logits`.

Arguments: folder of the recorder, folder of the traces. Writes a trace per position, and prints T without noise as the model itself gives it, and what wrong calls say.
"""
import json
import sys
from collections import OrderedDict

import numpy as np
import torch

sys.path.insert(0, sys.argv[1])
from ibscope_trace import Recorder  # noqa: E402

torch.manual_seed(0)
CLASSES, LENGTH, WORDS, WIDTH = 3, 9, 40, 16


class Block(torch.nn.Module):
    """A block that gives a tuple, as BertLayer does."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.TransformerEncoderLayer(WIDTH, 2, 32, dropout=0.1, batch_first=True)

    def forward(self, hidden, mask):
        return (self.layer(hidden, src_key_padding_mask=~mask.bool()),)


class Output(OrderedDict):
    """What models of transformers give: a dictionary with attributes."""

    def __getattr__(self, name):
        return self[name]


class Classifier(torch.nn.Module):
    def __init__(self, reads):
        super().__init__()
        self.reads = reads
        self.embeddings = torch.nn.Embedding(WORDS, WIDTH, padding_idx=0)
        self.layers = torch.nn.ModuleList([Block(), Block()])
        self.classifier = torch.nn.Linear(WIDTH, CLASSES)

    def hidden(self, input_ids, attention_mask):
        hidden = self.embeddings(input_ids)
        for block in self.layers:
            (hidden,) = block(hidden, attention_mask)
        return hidden

    def forward(self, input_ids, attention_mask=None, labels=None):
        return Output(loss=None, logits=self.classifier(read(self.hidden(input_ids, attention_mask), attention_mask, self.reads)))


def read(hidden, mask, position):
    if position == "first":
        return hidden[:, 0]
    lengths = mask.sum(1)
    if position == "last":
        return torch.stack([h[k - 1] for h, k in zip(hidden, lengths)])
    return torch.stack([h[:k].mean(0) for h, k in zip(hidden, lengths)])


n = 330
labels = torch.arange(n) % CLASSES
lengths = torch.randint(4, LENGTH + 1, (n,))
ids = torch.zeros(n, LENGTH, dtype=torch.long)
for i in range(n):
    ids[i, : lengths[i]] = torch.randint(3, WORDS, (int(lengths[i]),))
    ids[i, 1] = 3 + int(labels[i])
mask = (ids != 0).long()
texts = [" ".join(f"w{int(t)}" for t in row if t) + (" naïve “text”" if i == 5 else "") for i, row in enumerate(ids)]
x = {"input_ids": ids, "attention_mask": mask}

known = {}
for position in ("first", "last", "mean"):
    model = Classifier(position)
    recorder = Recorder(f"{sys.argv[2]}/{position}", model, "layers.1", x, labels, target=0, classes=["a", "b", "c"], draws=8, noise_std=0.3,
                        position=None if position == "first" else position, texts=texts, epochs=2)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for epoch in (1, 2):
        model.train()
        for rows in torch.randperm(n).split(66):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(ids[rows], mask[rows]).logits, labels[rows]).backward()
            optimizer.step()
        recorder.record(epoch)
    model.eval()
    with torch.no_grad():
        t = read(model.hidden(ids, mask), mask, position)
    arrays = np.load(f"{sys.argv[2]}/{position}/probes/epoch-0002.npz")
    known[position] = {
        "difference": float(np.abs(arrays["t_noise_free"] - t.numpy()).max()),
        "noise": float((arrays["t"] - arrays["t_mean"]).std()),
        "stated": float(arrays["t_noise_std"][0]),
    }

said = []
for options in ({"position": "third"}, {"texts": texts[:3]}, {"x": {"input_ids": ids, "attention_mask": mask[:4]}}):
    try:
        Recorder(f"{sys.argv[2]}/wrong", Classifier("first"), "layers.1", options.pop("x", x), labels, target=0, classes=["a", "b", "c"], **options)
        said.append(None)
    except ValueError as error:
        said.append(str(error))
print(json.dumps({"known": known, "said": said, "texts": [texts[5], texts[6]]}))
