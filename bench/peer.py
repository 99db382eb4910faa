"""One SGD step, or one pass in evaluation mode, of a model of test/golden in PyTorch, for bench/engine.ts: all cores, channels last, float32.

    python3 bench/peer.py MODEL WIDTH BATCH [step|pass]            needs torch and numpy

Prints one JSON line: images per second (median of seven steps after two of warm-up), peak resident memory in MiB less what
the imports take, and the losses of the first two steps, from the weights, images and labels that bench/step/build.ts has.
"""
import json
import os
import pathlib
import resource
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "test" / "golden"))
import models
import numpy as np
import torch
import torch.nn.functional as F

WARM_UP, STEPS, RATE = 2, 7, 5e-4


def peak_kb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


# The golden scripts run on one thread.
torch.set_num_threads(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())
imported = peak_kb()
name, width, batch = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
model = models.MAKE[name](width)
start = {k: models.initial(k, tuple(v.shape)) for k, v in model.state_dict().items() if "num_batches" not in k}
model.load_state_dict({k: torch.from_numpy(v) for k, v in start.items()}, strict=False)
del start
model.to(memory_format=torch.channels_last)
pixels = np.floor((models.uniform("pixels", (batch, 32, 32, 3)) + 1) * 128).astype(np.float32)
x = (torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255).contiguous(memory_format=torch.channels_last)
y = torch.arange(batch) % models.CLASSES
optimizer = torch.optim.SGD(model.parameters(), RATE, models.MOMENTUM, weight_decay=models.DECAY)
only_pass = sys.argv[4:] == ["pass"]
model.train(not only_pass)
losses, times = [], []
for _ in range(WARM_UP + STEPS):
    started = time.perf_counter()
    optimizer.zero_grad()
    with torch.set_grad_enabled(not only_pass):
        loss = F.cross_entropy(model(x), y)
    if not only_pass:
        loss.backward()
        optimizer.step()
    losses.append(loss.item())
    times.append(time.perf_counter() - started)
median = sorted(times[WARM_UP:])[STEPS // 2]
print(json.dumps({
    "peer": f"torch {torch.__version__}",
    "images_per_s": batch / median,
    "peak_mb": (peak_kb() - imported) / 1024,
    "losses": losses[:WARM_UP],
}))
