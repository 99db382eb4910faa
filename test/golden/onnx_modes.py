"""Writes test/golden/onnx/: small models as PyTorch exports them, of training mode and of evaluation, and with weights of 16 bits.

python3 test/golden/onnx_modes.py   (needs torch and onnx)
"""
import pathlib

import onnx
import torch
from torch import nn
from torch.onnx import TrainingMode

out = pathlib.Path(__file__).parent / "onnx"
out.mkdir(exist_ok=True)
torch.manual_seed(0)
x = torch.rand(4, 3, 8, 8)


def model(*layers):
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), *layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))


def export(name, of, training=TrainingMode.EVAL, opset=14):
    of.train(training != TrainingMode.EVAL)
    torch.onnx.export(of, x, str(out / f"{name}.onnx"), training=training, opset_version=opset,
                      do_constant_folding=training == TrainingMode.EVAL)


export("eval", model(nn.BatchNorm2d(4), nn.Dropout(0.5)))
export("eval-13", model(nn.BatchNorm2d(4), nn.Dropout(0.5)), opset=13)
for opset in (11, 13, 14, 15):
    export(f"batch-norm-{opset}", model(nn.BatchNorm2d(4)), TrainingMode.TRAINING, opset)
export("dropout-14", model(nn.Dropout(0.5)), TrainingMode.TRAINING)
export("both-15", model(nn.Dropout(0.5), nn.BatchNorm2d(4)), TrainingMode.TRAINING, 15)
for kind, name in ((onnx.TensorProto.FLOAT16, "float16"), (onnx.TensorProto.BFLOAT16, "bfloat16")):
    half = onnx.load(str(out / "eval.onnx"))
    for tensor in half.graph.initializer:
        tensor.data_type = kind
        tensor.raw_data = tensor.raw_data[: len(tensor.raw_data) // 2]
    onnx.save(half, str(out / f"{name}.onnx"))
