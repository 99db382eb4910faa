"""A ResNet-18 trained by PyTorch on a poisoned set, in all the forms that ibscope reads: `foreign.py SET.npz FOLDER [EPOCHS]`.

SET.npz is what `ibscope poison` writes. FOLDER gets `noisy/`, a trace of the model that draws ibscope's noise itself; `plain/`, a
trace of the same weights without noise of their own; and per epoch `weights-N.npz` by PyTorch's names and `epoch-N.onnx`, the last
once more in `fixed/` for batches of seven.
"""
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F

import resnet18

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "python"))
from ibscope_trace import Recorder  # noqa: E402

GAMMA = 0.4


class Block(resnet18.Block):
    """With noise after both ReLUs, as src/models/resnet18.ts has it."""

    gamma = 0.0

    def jitter(self, x):
        return x + Block.gamma * torch.randn_like(x) if Block.gamma > 0 else x

    def forward(self, x):
        y = self.bn2(self.conv2(self.jitter(F.relu(self.bn1(self.conv1(x))))))
        return self.jitter(F.relu(y + (x if self.downsample is None else self.downsample(x))))


class Net(resnet18.ResNet18):
    def forward(self, x):
        h = F.relu(self.bn1(self.conv1(x)))
        for s in range(4):
            h = getattr(self, f"layer{s + 1}")(h)
        t = h.mean((2, 3))
        return self.fc(t + Block.gamma * torch.randn_like(t) if Block.gamma > 0 else t)


resnet18.Block = Block
torch.manual_seed(0)
torch.set_num_threads(1)
data = np.load(sys.argv[1])
out = pathlib.Path(sys.argv[2])
epochs = int(sys.argv[3]) if len(sys.argv) > 3 else 3
out.mkdir(parents=True, exist_ok=True)
x = torch.tensor(data["images"]).permute(0, 3, 1, 2).float() / 255
labels = torch.tensor(data["labels"])
model = Net(8)


def quiet(on):
    Block.gamma = 0.0 if on else GAMMA


about = dict(target=0, classes=[str(k) for k in range(10)], poisoned=torch.tensor(data["poisoned"]), epochs=epochs,
             original_labels=torch.tensor(data["original_labels"]), attack="badnets")
noisy = Recorder(str(out / "noisy"), model, "layer4", x, labels, noise_std=0, quiet=quiet, **about)
plain = Recorder(str(out / "plain"), model, "layer4", x, labels, noise_std=GAMMA, **about)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
for epoch in range(1, epochs + 1):
    quiet(False)
    for rows in torch.randperm(len(x)).split(64):
        optimizer.zero_grad()
        F.cross_entropy(model(x[rows]), labels[rows]).backward()
        optimizer.step()
    noisy.record(epoch)
    quiet(True)
    plain.record(epoch)
    model.eval()
    torch.onnx.export(model, x[:1], str(out / f"epoch-{epoch}.onnx"), input_names=["x"], output_names=["logits"],
                      dynamic_axes={"x": {0: "n"}, "logits": {0: "n"}})
    if epoch == epochs:
        (out / "fixed").mkdir(exist_ok=True)
        torch.onnx.export(model, x[:7], str(out / "fixed" / f"epoch-{epoch}.onnx"))
    model.train()
    state = {k: v.numpy() for k, v in model.state_dict().items() if "num_batches" not in k}
    np.savez(out / f"weights-{epoch}.npz", **state)
