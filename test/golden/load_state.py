"""Loads a safetensors file into the PyTorch modules of this folder, and writes one from them.

    python3 test/golden/load_state.py MODEL WIDTH FILE OUT        needs torch and numpy

FILE holds the weights by PyTorch's names and, beside them, `images` [n, c, h, w]. `load_state_dict` takes the weights strictly;
it sets `num_batches_tracked`, a counter that batch norm does not read, by itself where a file lacks it. Then all parameters
change, the running statistics in a pass in training mode, and OUT gets the module's state dict, counters and all. Prints the
logits in evaluation mode, `loaded` and `changed`.
"""
import json
import struct
import sys

import numpy as np
import torch

import models

name, width, path, out = sys.argv[1], int(sys.argv[2]), *sys.argv[3:]
raw = open(path, "rb").read()
(length,) = struct.unpack("<Q", raw[:8])
header = json.loads(raw[8 : 8 + length])
tensors = {}
for key, t in header.items():
    if key == "__metadata__":
        continue
    begin, end = t["data_offsets"]
    values = np.frombuffer(raw[8 + length + begin : 8 + length + end], "<f4")
    tensors[key] = torch.tensor(values.reshape(t["shape"]).copy())
images = tensors.pop("images")
model = models.MAKE[name](width)
model.load_state_dict(tensors, strict=True)
with torch.no_grad():
    loaded = model.eval()(images)
    for parameter in model.parameters():
        parameter.mul_(1.1).add_(0.01)
    model.train()(images)
    changed = model.eval()(images)

header, data = {}, b""
for key, t in model.state_dict().items():
    raw = t.contiguous().numpy().tobytes()
    kind = {torch.float32: "F32", torch.int64: "I64"}[t.dtype]
    header[key] = {"dtype": kind, "shape": list(t.shape), "data_offsets": [len(data), len(data) + len(raw)]}
    data += raw
text = json.dumps(header).encode()
open(out, "wb").write(struct.pack("<Q", len(text)) + text + data)
print(json.dumps({"loaded": loaded.tolist(), "changed": changed.tolist()}))
