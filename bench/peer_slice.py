"""A slice of a study in PyTorch, for bench/study.ts: one thread, channels last, float32.

    python3 bench/peer_slice.py '{"model": "resnet10", "width": 8, ...}'            needs torch and numpy

Training steps with noise after every block's activations, passes in evaluation mode, and resolved information of groups of
samples by its formula: pairwise distances and a log-sum-exp at every kappa and draw of epsilon. Prints one JSON line: seconds of each
part, and the mean of all estimates in units of the groups' own noise. The fields of the request are those of bench/slice/measure.ts.
"""
import json
import math
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "test" / "golden"))
import models
import numpy as np
import resnet18
import torch
import torch.nn.functional as F

KAPPAS = [math.sqrt(2) ** k for k in range(11)]
DRAWS, RECORDED, PASS, SPREAD, RATE = 8, 8, 128, 2, 5e-4
torch.set_num_threads(1)
torch.manual_seed(0)
r = json.loads(sys.argv[1])


def jitter(x):
    return x + r["noise"] * torch.randn_like(x) if r["noise"] else x


def block(self, x):
    y = jitter(F.relu(self.bn1(self.conv1(x))))
    return jitter(F.relu(self.bn2(self.conv2(y)) + (x if self.downsample is None else self.downsample(x))))


def forward(self, x):
    h = F.relu(self.bn1(self.conv1(x)))
    for s in range(4):
        h = getattr(self, f"layer{s + 1}")(h)
    return self.fc(jitter(h.mean((2, 3))))


resnet18.Block.forward = block
resnet18.ResNet18.forward = forward


def timed(act):
    started = time.perf_counter()
    result = act()
    return time.perf_counter() - started, result


def images(n):
    pixels = np.floor((models.uniform("pixels", (n, 32, 32, 3)) + 1) * 128).astype(np.float32)
    return (torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255).contiguous(memory_format=torch.channels_last)


model = models.MAKE[r["model"]](r["width"])
start = {k: models.initial(k, tuple(v.shape)) for k, v in model.state_dict().items() if "num_batches" not in k}
model.load_state_dict({k: torch.from_numpy(v) for k, v in start.items()}, strict=False)
model.to(memory_format=torch.channels_last)
optimizer = torch.optim.SGD(model.parameters(), RATE, models.MOMENTUM, weight_decay=models.DECAY)
x, y, probed = images(r["batch"]), torch.arange(r["batch"]) % models.CLASSES, images(PASS)


def train(n):
    model.train()
    for _ in range(0, n, r["batch"]):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()


def probe(n):
    model.eval()
    with torch.no_grad():
        for _ in range(0, n, PASS):
            model(probed)


def normal(name, shape):
    return torch.from_numpy((models.uniform(name, shape) * math.sqrt(3)).astype(np.float32))


def covariance(draws):
    """Unbiased covariance of the noise of draws [k, n, d], and its degrees of freedom."""
    k, n, d = draws.shape
    away = (draws - draws.mean(0)).reshape(-1, d)
    df = n * (k - 1)
    return away.T @ away / df, df


def ladder(points, scatter, df, eps):
    d = points.shape[1]
    # The inverse of an estimated covariance is too large by df / (df - d - 1).
    t = torch.linalg.solve_triangular(torch.linalg.cholesky(scatter * (df / (df - d - 1))), points.T, upper=False).T
    nats = []
    for kappa in KAPPAS:
        total = 0
        for e in eps:
            square = torch.cdist(t + kappa * e, t).square()
            total -= (square.diagonal() / (2 * kappa**2) + torch.logsumexp(-square / (2 * kappa**2), 1) - math.log(len(t))).mean()
        nats.append(float(total) / len(eps))
    return nats


def estimate(moment):
    scatters = [covariance(draws) for _, draws in moment]
    common = sum(s * df for s, df in scatters) / sum(df for _, df in scatters)
    half = torch.randn(DRAWS // 2, *moment[0][0].shape)
    eps = torch.cat([half, -half])
    own = [ladder(points, s, df, eps) for (points, _), (s, df) in zip(moment, scatters)]
    [ladder(points, common, sum(df for _, df in scatters), eps) for points, _ in moment]
    return float(np.mean(own))


train(r["batch"])
probe(PASS)
training, _ = timed(lambda: train(r["images"]))
probes, _ = timed(lambda: probe(r["passes"] * r["probed"]))
n, d = r["samples"], 8 * r["width"]
moment = []
for g in range(r["groups"]):
    points = normal(f"points {g}", (n, d)) * SPREAD
    moment.append((points, normal(f"draws {g}", (RECORDED, n, d)) + points))
estimates, nats = timed(lambda: estimate(moment))
print(json.dumps({"training": training, "probes": probes, "estimates": estimates, "meanNats": nats}))
