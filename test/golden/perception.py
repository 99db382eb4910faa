"""Writes test/golden/perception.json: visibility measures by scikit-image, SciPy and Pillow.

python3 -m pip install numpy scipy scikit-image pillow && python3 test/golden/perception.py
"""
import json
import pathlib

import numpy as np
import scipy.fftpack
from PIL import Image
from scipy.ndimage import convolve1d
from skimage.metrics import mean_squared_error, peak_signal_noise_ratio, structural_similarity


def clean(h, w, c):
    """The tests compute the same: waves along both axes, a little texture, bytes."""
    y, x, k = np.meshgrid(np.arange(h), np.arange(w), np.arange(c), indexing="ij")
    i = (y * w + x) * c + k
    return np.clip(np.floor(110 + 70 * np.sin(x / 5 + k) + 40 * np.cos(y / 7 - k) + (i * i + 7 * i) % 31), 0, 255).astype("u1")


def triggered(image, kind):
    out = image.astype("i4")
    h, w, c = out.shape
    if kind == "patch":
        out[:5, :5] = [255, 0, 0][:c]
    if kind == "wave":
        out += np.round(40 * np.sin(2 * np.pi * np.arange(w) * 6 / w)).astype("i4")[None, :, None]
    if kind == "texture":
        i = np.arange(h * w * c).reshape(h, w, c)
        out += (i * i * 3 + i) % 61 - 30
    return np.clip(out, 0, 255).astype("u1")


def ms_ssim(a, b):
    """Per channel; Gaussian 11 x 11 inside the image; None where five scales do not fit."""
    if min(a.shape[:2]) // 16 < 11:
        return None
    window = np.exp(-((np.arange(11) - 5.0) ** 2) / (2 * 1.5**2))
    window /= window.sum()

    def mean(p):
        p = convolve1d(convolve1d(p, window, axis=0), window, axis=1)
        return p[5:-5, 5:-5]

    weights = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])
    values = []
    for channel in range(a.shape[2]):
        p, q = a[:, :, channel] / 255, b[:, :, channel] / 255
        product = 1.0
        for scale, weight in enumerate(weights):
            if scale:
                p, q = (m[: m.shape[0] // 2 * 2, : m.shape[1] // 2 * 2] for m in (p, q))
                p, q = ((m[::2, ::2] + m[1::2, ::2] + m[::2, 1::2] + m[1::2, 1::2]) / 4 for m in (p, q))
            mp, mq = mean(p), mean(q)
            cs = (2 * (mean(p * q) - mp * mq) + 0.03**2) / (mean(p * p) - mp**2 + mean(q * q) - mq**2 + 0.03**2)
            light = (2 * mp * mq + 0.01**2) / (mp**2 + mq**2 + 0.01**2)
            product *= (cs * light if scale == 4 else cs).mean().clip(0) ** weight
        values.append(product)
    return float(np.mean(values))


def phash(image):
    """As the ImageHash library, version 4: bits of the lowest frequencies above their median."""
    picture = Image.fromarray(image[:, :, 0] if image.shape[2] == 1 else image).convert("L")
    pixels = np.asarray(picture.resize((32, 32), Image.LANCZOS))
    low = scipy.fftpack.dct(scipy.fftpack.dct(pixels.astype("f8"), axis=0), axis=1)[:8, :8]
    return (low > np.median(low)).flatten()


cases = []
for shape in ((32, 32, 3), (28, 28, 1), (48, 40, 3), (200, 180, 3)):
    a = clean(*shape)
    for kind in ("patch", "wave", "texture"):
        b = triggered(a, kind)
        x, y = a / 255, b / 255
        flat = (x.reshape(-1, shape[2]), y.reshape(-1, shape[2]))
        norms = np.linalg.norm(flat[0], axis=1) * np.linalg.norm(flat[1], axis=1)
        cosine = np.where(norms > 0, (flat[0] * flat[1]).sum(1) / np.where(norms > 0, norms, 1), 0)
        cases.append({
            "shape": shape,
            "kind": kind,
            "l1": float(np.abs(x - y).mean()),
            "l2": float(np.linalg.norm((x - y).ravel())),
            "linf": float(np.abs(x - y).max()),
            "mse": float(mean_squared_error(x, y)),
            "psnr": float(peak_signal_noise_ratio(x, y, data_range=1)),
            "ssim": float(structural_similarity(x, y, data_range=1, channel_axis=2)),
            "ssimfull": float(structural_similarity(x, y, data_range=1, channel_axis=2, full=True)[1].mean()),
            "msssim": ms_ssim(a, b),
            "sam": float(np.arccos(np.clip(cosine, -1, 1)).mean()),
            "phash": float((phash(a) != phash(b)).mean()),
        })
path = pathlib.Path(__file__).parent / "perception.json"
path.write_text(json.dumps(cases, indent=1) + "\n")
