"""Loads a safetensors file into the PyTorch modules of this folder and prints what they make of some images.

    python3 test/golden/load_state.py MODEL WIDTH FILE        needs torch and numpy

FILE holds the weights by PyTorch's names and, beside them, `images` [n, c, h, w]. `load_state_dict` takes the weights as they
are; only `num_batches_tracked`, a counter that batch norm does not read, may be missing. Prints the logits in evaluation mode.
"""
import json
import struct
import sys

import numpy as np
import torch

import models
import resnet18

name, width, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
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
resnet18.WIDTH = width
makers = {"vgg16": models.VGG16, "preact-resnet18": models.PreActResNet18, "vit": models.ViT}
model = makers[name](width) if name in makers else resnet18.ResNet18()
missing, unexpected = model.load_state_dict(tensors, strict=False)
assert not unexpected and all(k.endswith("num_batches_tracked") for k in missing), (missing, unexpected)
model.eval()
with torch.no_grad():
    print(json.dumps(model(images).tolist()))
