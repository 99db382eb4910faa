"""Records a PyTorch training as a trace that `ibscope analyze` reads. One file, needs torch and numpy; copy it anywhere.

    recorder = Recorder("trace", model, "layer4", x, labels, target=0, classes=names, poisoned=flags, epochs=20)
    for epoch in range(1, 21):
        train_one_epoch(...)
        if epoch in (1, 2, 4, 8, 12, 16, 20):
            recorder.record(epoch)

`recorder.record(step=20)` records a moment inside an epoch; give `steps_per_epoch` to the Recorder.

`x` [n, ...] (a float tensor) holds the model's inputs for the samples to be analysed: a few hundred of every class as in training, the poisoned
ones included. `labels` are the labels of training. T is what the named module gives, averaged over space or tokens: one float tensor with the
samples first, once in a pass. What the model does to it afterwards, in place too, does not count. A model without noise of
its own gets Gaussian noise of standard deviation `noise_std` on that output, which reaches the logits through the rest of the model; without
any noise I(X;T) would be infinite. With `noise_std=0` the model must draw noise itself: it is run `draws` times. If `quiet` is given, the model
is run once more without its noise: `quiet` is called with True before that pass and with False after it.

A model of texts takes a dictionary: `x` is {"input_ids": [n, tokens], "attention_mask": [n, tokens], ...}, and the model is called with its
entries by name. T is then the module's output at one `position`: "first" (a class token, the default of a dictionary), "last" (the last token
that the mask keeps, as GPT-2's models for classification read it), or "mean" (over the tokens that the mask keeps). A module that gives a tuple,
as blocks of transformers do, gives T in its first place. `texts` are stored with the trace; without them, the token ids are.
"""
import json
import os

import numpy as np
import torch


class Recorder:
    def __init__(self, path, model, layer, x, labels, *, target, classes, poisoned=None, cover=None, original_labels=None,
                 index=None, noise_std=0.4, draws=2, epochs=None, batch=256, attack=None, dataset=None, name=None, images=None,
                 quiet=None, steps_per_epoch=None, position=None, texts=None):
        self.path, self.model, self.batch = path, model, batch
        self.named = hasattr(x, "items")
        # A mapping of any kind, as tokenizers of transformers give it.
        self.x = dict(x.items()) if self.named else x
        tensors = list(self.x.values()) if self.named else [x]
        self.noise_std, self.draws, self.n, self.quiet = float(noise_std), int(draws), len(tensors[0]), quiet
        if position not in (None, "first", "last", "mean"):
            raise ValueError(f"position {position!r}: one of first, last, mean")
        self.position = position if position is not None or not self.named else "first"
        for key, value in self.x.items() if self.named else ():
            if not torch.is_tensor(value) or len(value) != self.n:
                raise ValueError(f"x[{key!r}]: a tensor with {self.n} rows is expected")
        modules = dict(model.named_modules())
        if layer not in modules:
            raise ValueError(f"layer {layer!r}: the model has {', '.join(n for n in modules if n)}")
        self.layer, self.module = layer, modules[layer]
        self.steps_per_epoch = None if steps_per_epoch is None else int(steps_per_epoch)
        os.makedirs(os.path.join(path, "probes"), exist_ok=True)

        def ints(v):
            return np.asarray(torch.as_tensor(v).cpu(), dtype=np.int64)

        labels = ints(labels)
        none = np.zeros(self.n, dtype=bool)
        arrays = {
            "label": labels,
            "original_label": labels if original_labels is None else ints(original_labels),
            "poisoned": none if poisoned is None else ints(poisoned).astype(bool),
            "cover": none if cover is None else ints(cover).astype(bool),
            "index": np.arange(self.n) if index is None else ints(index),
        }
        # For the pictures and for --critic-view pixels: bytes [n, h, w, c], made of floats [n, c, h, w] in [0, 1].
        if images is not None:
            arrays["x"] = np.asarray(images)
        elif self.named:
            if "input_ids" in self.x:
                arrays["x"] = np.asarray(self.x["input_ids"].detach().cpu(), dtype=np.int32)
        elif x.dim() == 4 and x.shape[1] in (1, 3) and float(x.min()) >= 0 and float(x.max()) <= 1:
            arrays["x"] = (x.detach().cpu().permute(0, 2, 3, 1) * 255 + 0.5).to(torch.uint8).numpy()
        for key, value in arrays.items():
            if len(value) != self.n:
                raise ValueError(f"{key}: {len(value)} rows for {self.n} inputs")
        if texts is not None:
            if len(texts) != self.n:
                raise ValueError(f"texts: {len(texts)} for {self.n} inputs")
            coded = [str(text).encode("utf-8", "replace") for text in texts]
            # All texts as one array of bytes, and the place behind each.
            arrays["text"] = np.frombuffer(b"".join(coded), dtype=np.uint8)
            arrays["text_end"] = np.cumsum([len(c) for c in coded]).astype(np.int32)
        self._write("samples.npz", arrays)
        config = {"target": int(target), "layer": [layer], "model": name or type(model).__name__}
        config.update({k: v for k, v in {"attack": attack, "dataset": dataset, "epochs": epochs}.items() if v is not None})
        document = {"format": 1, "classes": [str(c) for c in classes], "config": config,
                    "recorder": f"ibscope_trace.py, torch {torch.__version__}"}
        if self.steps_per_epoch is not None:
            document["stepsPerEpoch"] = self.steps_per_epoch
        temporary = os.path.join(path, "run.json.tmp")
        with open(temporary, "w") as file:
            json.dump(document, file, indent=2)
        os.replace(temporary, os.path.join(path, "run.json"))

    def _write(self, name, arrays):
        """Whole or not at all: whoever follows the trace never sees half a file."""
        path = os.path.join(self.path, name)
        with open(path + ".tmp", "wb") as file:
            np.savez(file, **arrays)
        os.replace(path + ".tmp", path)

    def _kept(self, t, mask):
        """Which tokens of [n, tokens, d] count: [n, tokens], all where there is no mask of them."""
        whole = torch.ones(t.shape[:2], dtype=torch.bool, device=t.device)
        return whole if mask is None or tuple(mask.shape) != tuple(t.shape[:2]) else mask.to(t.device).bool()

    def _pooled(self, t, mask=None):
        """T [n, d] of a module's output: [n, d, h, w] is averaged over space, [n, tokens, d] over tokens or taken at the position."""
        if t.dim() == 3 and self.position is not None:
            kept = self._kept(t, mask)
            if self.position == "first":
                return t[:, 0]
            if self.position == "last":
                places = torch.arange(t.shape[1], device=t.device)
                return t[torch.arange(len(t), device=t.device), (kept * places).argmax(1)]
            weights = kept.to(t.dtype)
            return (t * weights[:, :, None]).sum(1) / weights.sum(1, keepdim=True).clamp(min=1)
        if t.dim() == 3:
            return t.mean(dim=1)
        return t.mean(dim=tuple(range(2, t.dim()))) if t.dim() > 2 else t

    def _passes(self, noise_std):
        """One pass over the inputs: T [n, d] after its noise, T before it, logits [n, c]."""
        seen = {}

        def hook(_module, _inputs, given):
            # A block of a transformer may give a tuple, of which T is the first.
            rest = given[1:] if isinstance(given, tuple) and self.position is not None else None
            output = given if rest is None else given[0]
            self._check_layer(output, seen)
            mask = seen.get("mask")
            noise = torch.randn_like(output) * noise_std if noise_std > 0 else 0
            if noise_std > 0 and self.position == "mean" and output.dim() == 3:
                # The noise of a mean over k tokens is that of one, by √k.
                noise = noise * self._kept(output, mask).sum(1).clamp(min=1).to(output.dtype).sqrt()[:, None, None]
            after = output + noise
            # Copies: the next layer may work in place, as ReLU(inplace=True) does.
            for key, t in (("before", output), ("after", after)):
                seen[key] = self._pooled(t, mask).to("cpu", torch.float32, copy=True)
            seen["shape"] = tuple(output.shape)
            return after if rest is None else (after, *rest)

        handle = self.module.register_forward_hook(hook)
        device = next(self.model.parameters()).device
        rows = {"after": [], "before": [], "logits": []}
        try:
            for at in range(0, self.n, self.batch):
                seen.clear()
                # A copy too: a model may normalise its input in place.
                def part(t):
                    return t[at:at + self.batch].to(device, copy=True)

                seen["samples"] = min(self.batch, self.n - at)
                if self.named:
                    x = {key: part(value) for key, value in self.x.items()}
                    seen["mask"] = x.get("attention_mask")
                    logits = self._logits(self.model(**x), seen["samples"])
                else:
                    logits = self._logits(self.model(part(self.x)), seen["samples"])
                if "shape" not in seen:
                    raise ValueError(f"layer {self.layer!r}: it did not run when the model did, in evaluation mode; name a layer that does")
                for key in ("after", "before"):
                    rows[key].append(seen[key])
                rows["logits"].append(logits.to("cpu", torch.float32, copy=True))
        finally:
            handle.remove()
        self._shape = seen["shape"]
        return {key: torch.cat(value).numpy() for key, value in rows.items()}

    def _check_layer(self, output, seen):
        """Raises where T of the layer is not one tensor [n, ...]."""
        name = f"layer {self.layer!r}"
        if isinstance(self.module, torch.nn.RNNBase):
            raise ValueError(f"{name}: {type(self.module).__name__} gives its output and its state; name a layer that reads the output")
        if not torch.is_tensor(output):
            raise ValueError(f"{name}: it gives a {type(output).__name__}, and T is one tensor; name a layer inside it or after it")
        if not output.is_floating_point():
            raise ValueError(f"{name}: it gives {output.dtype}, and T is of floats; name a layer after it")
        if "shape" in seen:
            raise ValueError(f"{name}: it runs more than once in a pass of the model, as a ReLU that several places share does, so that T is not one "
                             "value; give each place a module of its own, or name the layer around it")
        if output.dim() < 2 or len(output) != seen["samples"]:
            raise ValueError(f"{name}: it gives {tuple(output.shape)} for {seen['samples']} samples, and their axis is the first of T (batch_first=True); "
                             "name another layer")

    def _logits(self, output, n):
        """The logits [n, c] that the model gives: its output, or what that calls `logits`, as the models of transformers do."""
        logits = output["logits"] if isinstance(output, dict) and "logits" in output else getattr(output, "logits", output)
        if not torch.is_tensor(logits):
            raise ValueError(f"model: it gives a {type(output).__name__}; wrap it so that it gives the logits alone, or a dict with \"logits\"")
        if logits.dim() != 2 or len(logits) != n:
            raise ValueError(f"model: it gives {tuple(logits.shape)} for {n} samples; logits (samples, classes) are expected")
        return logits

    @torch.no_grad()
    def record(self, epoch=None, *, step=None, **numbers):
        """Runs the model on the samples as it is now, in evaluation mode, and writes the probe of this epoch, or of this step, counted
        from the start of training; steps need `steps_per_epoch`. What was measured at that time may go with it by the names of
        docs/trace.md: testAccuracy=0.9, asr=0.99, trainLoss=0.1."""
        if (epoch is None) == (step is None):
            raise ValueError("record takes an epoch or a step")
        if step is not None:
            if self.steps_per_epoch is None:
                raise ValueError("record(step=...) needs Recorder(..., steps_per_epoch=...)")
            epoch, rest = divmod(int(step), self.steps_per_epoch)
            step = int(step) if rest else None
        # Recording does not change the training: modes and random numbers are put back.
        modes = [(m, m.training) for m in self.model.modules()]
        devices = list(range(torch.cuda.device_count())) if torch.cuda.is_available() else []
        self.model.eval()
        try:
            with torch.random.fork_rng(devices=devices):
                draws = [self._passes(self.noise_std) for _ in range(self.draws)]
            arrays = {"t": np.stack([d["after"] for d in draws]), "logits": np.stack([d["logits"] for d in draws])}
            if self.noise_std > 0:
                arrays["t_mean"] = np.stack([d["before"] for d in draws])
                # A model without noise of its own is a function of X up to here: what critics read in the place of X.
                arrays["t_noise_free"] = draws[0]["before"]
                arrays["t_noise_std"] = np.array([self.noise_std / np.sqrt(self._space())], dtype=np.float32)
            elif self.quiet is not None:
                self.quiet(True)
                try:
                    arrays["t_noise_free"] = self._passes(0)["before"]
                finally:
                    self.quiet(False)
        finally:
            for module, mode in modes:
                module.training = mode
        moment = "" if step is None else f".step-{step:08d}"
        self._write(os.path.join("probes", f"epoch-{epoch:04d}{moment}.npz"), arrays)
        if numbers:
            event = {"event": "epoch", "epoch": epoch}
            if step is not None:
                event = {"event": "moment", "epoch": step / self.steps_per_epoch, "step": step}
            with open(os.path.join(self.path, "events.jsonl"), "a") as file:
                file.write(json.dumps({**event, **{k: float(v) for k, v in numbers.items()}}) + "\n")

    def _space(self):
        """Positions that T is averaged over: the noise of the average is that much smaller."""
        shape = self._shape
        if self.position is not None and len(shape) == 3:
            return 1
        return int(shape[1]) if len(shape) == 3 else int(np.prod(shape[2:])) if len(shape) > 2 else 1
