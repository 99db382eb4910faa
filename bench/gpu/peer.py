"""The train step of ResNet-18 and the critic's step in PyTorch eager, for scripts/gpu-check.mjs.

    python3 bench/gpu/peer.py FOLDER SECONDS DEVICE WIDTH:NOISE ...            needs torch and numpy

FOLDER holds the weights, images and labels that bench/gpu/step.mjs wrote. Each step gets a batch of bytes from the processor's
memory and brings its losses back, as ours do. Each configuration is timed in float32 and in TF32, in both memory layouts, with
cuDNN's search for the fastest algorithm on. Prints one JSON object a line, each as soon as it is known.
"""
import json
import pathlib
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "test" / "golden"))
from resnet18 import ResNet18

RATE, CRITIC_RATE = 5e-4, 3e-4
BLOCKS, BLOCK_SECONDS = 7, 0.5
KINDS = {"F32": np.float32, "U8": np.uint8, "I32": np.int32}
folder, seconds, device = pathlib.Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
torch.backends.cudnn.benchmark = True


def say(**line):
    print(json.dumps(line), flush=True)


def read(path):
    """Tensors of a safetensors file, by name."""
    data = path.read_bytes()
    begin = 8 + int.from_bytes(data[:8], "little")

    def tensor(dtype, shape, data_offsets):
        first, last = data_offsets
        values = np.frombuffer(data[begin + first : begin + last], KINDS[dtype])
        return torch.from_numpy(values.reshape(shape).copy())

    return {name: tensor(**entry) for name, entry in json.loads(data[8:begin]).items()}


def timed(run, limit):
    """As `time` of step.mjs; `run` waits for the device, because it brings its losses back."""
    began = time.perf_counter()

    def elapsed():
        return time.perf_counter() - began

    warm = 0
    while warm < 2 or (warm < 20 and elapsed() < limit / 5):
        run()
        warm += 1
    before = elapsed()
    run()
    steps = max(1, round(BLOCK_SECONDS / (elapsed() - before)))
    rates = []
    while True:
        started = elapsed()
        for _ in range(steps):
            run()
        last = elapsed() - started
        rates.append(steps / last)
        if len(rates) >= BLOCKS or elapsed() + last > limit:
            break
    rates.sort()
    median = rates[len(rates) // 2]
    return {
        "stepsPerSecond": median,
        "lowest": rates[0],
        "highest": rates[-1],
        "blocks": len(rates),
        "stepsPerBlock": steps,
    }


def forward(model, x, noise):
    """ResNet-18 with noise where ours has it: after both ReLUs of a block, and on the pooled features."""
    jitter = (lambda h: h + noise * torch.randn_like(h)) if noise else (lambda h: h)
    h = F.relu(model.bn1(model.conv1(x)))
    for stage in (model.layer1, model.layer2, model.layer3, model.layer4):
        for block in stage:
            y = jitter(F.relu(block.bn1(block.conv1(h))))
            y = block.bn2(block.conv2(y))
            h = jitter(F.relu(y + (h if block.downsample is None else block.downsample(h))))
    return model.fc(jitter(h.mean((2, 3))))


def network(start, width, noise, layout):
    model = ResNet18(width)
    model.load_state_dict({k: v for k, v in start.items() if k not in ("images", "labels")}, strict=False)
    model.to(device, memory_format=layout)
    optimizer = torch.optim.SGD(model.parameters(), RATE, 0.9, weight_decay=5e-4)

    def run():
        x = start["images"].to(device).permute(0, 3, 1, 2).contiguous(memory_format=layout).float() / 255
        y = start["labels"].to(device).long()
        optimizer.zero_grad()
        losses = F.cross_entropy(forward(model, x, noise), y, reduction="none")
        losses.mean().backward()
        optimizer.step()
        return losses.detach().cpu().mean().item()

    return run


def critic(start):
    p = {k: v.to(device).requires_grad_() for k, v in start.items() if k not in ("a", "b", "log_weights")}
    optimizer = torch.optim.AdamW(p.values(), CRITIC_RATE, weight_decay=1e-4)

    def run():
        a, b, weights = (start[k].to(device) for k in ("a", "b", "log_weights"))
        left, right = a @ p["a.weight"] + p["0.bias"], b @ p["b.weight"]
        h = F.relu(left[:, None] + right[None])
        h = F.relu(h @ p["1.weight"] + p["1.bias"])
        f = (h @ p["2.weight"] + p["2.bias"]).squeeze(-1) + weights
        value = (f.diagonal() - f.logsumexp(1) - weights.diagonal()).mean()
        optimizer.zero_grad()
        (-value).backward()
        torch.nn.utils.clip_grad_norm_(p.values(), 5)
        optimizer.step()
        return value.item()

    return run


def measure(make, limit, **what):
    """Losses of the first two steps and the speed of what `make` gives; a failure is a line too, and leaves the others."""
    try:
        run = make()
        means = [run(), run()]
        say(**what, means=means, speed=timed(run, limit))
    except (RuntimeError, OSError) as error:
        say(**what, failed=str(error).splitlines()[0])


say(torch=torch.__version__, card=torch.cuda.get_device_name() if device == "cuda" else device)
configurations = [c.split(":") for c in sys.argv[4:]]
limit = seconds / (4 * len(configurations) + 2)
for tf32 in (False, True):
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
    for width, noise in ((int(w), float(n)) for w, n in configurations):
        start = read(folder / f"start-{width}.safetensors")
        for layout in ("contiguous_format", "channels_last"):
            make = lambda: network(start, width, noise, getattr(torch, layout))
            measure(make, limit, kind="step", width=width, noise=noise, tf32=tf32, layout=layout)
    measure(lambda: critic(read(folder / "start-critic.safetensors")), limit, kind="critic", tf32=tf32)
