"""Writes test/golden/torch/: files of torch.save in both forms, and expected.json with the values in them.

python3 test/golden/torch_files.py   (needs torch)
"""
import collections
import json
import pathlib

import numpy as np
import torch

out = pathlib.Path(__file__).parent / "torch"
out.mkdir(exist_ok=True)
torch.manual_seed(0)

KINDS = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool]
base = torch.arange(24).reshape(2, 3, 4)


def values():
    tensors = {str(kind)[6:]: ((base - 11) / 8 if kind.is_floating_point else base % 7).to(kind) for kind in KINDS}
    tensors["transposed"] = base.transpose(0, 2)
    tensors["slice"] = base[1, :, 1:3]
    tensors["row"] = base[1, 1]
    tensors["expanded"] = torch.tensor([[3.0], [4.0]]).expand(2, 3)
    tensors["scalar"] = torch.tensor(2.5)
    tensors["empty"] = torch.zeros(0, 3)
    tensors["parameter"] = torch.nn.Parameter(torch.ones(2, 2))
    tensors["one axis of one"] = base[:, :1].transpose(0, 1)
    return tensors


def content():
    layer = torch.nn.Sequential(collections.OrderedDict(conv=torch.nn.Conv2d(1, 2, 3), bn=torch.nn.BatchNorm2d(2)))
    return {
        "tensors": values(),
        "state_dict": layer.state_dict(),
        "epoch": 3,
        "size": torch.Size([1, 2]),
        "device": torch.device("cpu"),
        "dtype": torch.float32,
        "index": {np.int64(7): {"other_info": [1, 2]}},
        "flags": np.array([0.0, 1.0]),
        "counter": collections.Counter({30: 1}),
    }


torch.manual_seed(0)
saved = content()
torch.save(saved, out / "zip.pt")
torch.save(saved, out / "old.pt", _use_new_zipfile_serialization=False)
torch.save(torch.nn.Linear(2, 2), out / "module.pt")


def plain(tensor):
    return {"shape": list(tensor.shape), "data": tensor.detach().double().reshape(-1).tolist()}


expected = {name: plain(tensor) for name, tensor in {**saved["tensors"], **saved["state_dict"]}.items()}
(out / "expected.json").write_text(json.dumps(expected))
