"""Records a small PyTorch training at moments inside an epoch; prints what a wrong call says, as JSON. Arguments: folder of the recorder, trace."""
import json
import sys

import torch

sys.path.insert(0, sys.argv[1])
from ibscope_trace import Recorder  # noqa: E402

torch.manual_seed(0)
n, per_epoch = 360, 10
y = torch.arange(n) % 3
x = (torch.rand(n, 3, 8, 8) * 0.5 + 0.2 * y.reshape(-1, 1, 1, 1)).clamp(0, 1)
model = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(4 * 36, 3))
options = {"target": 0, "classes": ["a", "b", "c"], "epochs": 2}
recorder = Recorder(sys.argv[2], model, "1", x, y, steps_per_epoch=per_epoch, **options)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(1, 2 * per_epoch + 1):
    batch = torch.randint(0, n, (60,))
    optimizer.zero_grad()
    torch.nn.functional.cross_entropy(model(x[batch]), y[batch]).backward()
    optimizer.step()
    if step in (1, 3, 10, 15, 20):
        recorder.record(step=step, trainLoss=step / 100)

said = []
plain = Recorder(sys.argv[2] + "-plain", model, "1", x, y, **options)
for recorder, call in ((recorder, {}), (recorder, {"epoch": 1, "step": 2}), (plain, {"step": 2})):
    try:
        recorder.record(**call)
        said.append(None)
    except ValueError as error:
        said.append(str(error))
print(json.dumps(said))
