"""Writes test/golden/attacks/: triggers computed by PyTorch, SciPy and NumPy from their definitions.

python3 -m pip install numpy scipy torch && python3 test/golden/attacks.py
"""
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from scipy.fft import dctn, idctn

out = pathlib.Path(__file__).parent / "attacks"
out.mkdir(exist_ok=True)


def image(h, w):
    """The tests compute the same: value i of the flat image is (i² + 7 i) mod 199 / 255."""
    i = np.arange(h * w * 3)
    return ((i * i + 7 * i) % 199 / 255).reshape(h, w, 3)


# WaNet: control grid -> field -> warped image.
torch.manual_seed(0)
control = torch.rand(1, 2, 4, 4, dtype=torch.float64) * 2 - 1
control /= control.abs().mean()
field = F.interpolate(control, size=32, mode="bicubic", align_corners=True).permute(0, 2, 3, 1)
line = torch.linspace(-1, 1, 32, dtype=torch.float64)
y, x = torch.meshgrid(line, line, indexing="ij")
grid = (torch.stack((x, y), 2)[None] + 0.5 * field / 32).clamp(-1, 1)
warped = F.grid_sample(torch.tensor(image(32, 32)).permute(2, 0, 1)[None], grid, align_corners=True)
np.save(out / "wanet-control.npy", control[0].numpy())
np.save(out / "wanet-warped.npy", warped[0].permute(1, 2, 0).numpy().astype("f4"))

# FTrojan: YCrCb, orthonormal DCT of the chroma channels, two coefficients + 30/255, and back. The image is halfway
# between 0 and 1 so that nothing is clipped.
rgb = 0.3 + 0.4 * image(32, 32)
to_yuv = np.array([[0.299, 0.587, 0.114], [0.701 * 0.713, -0.587 * 0.713, -0.114 * 0.713], [-0.299 * 0.564, -0.587 * 0.564, 0.886 * 0.564]])
yuv = rgb @ to_yuv.T
for channel in (1, 2):
    spectrum = dctn(yuv[:, :, channel], norm="ortho")
    for position in (15, 31):
        spectrum[position, position] += 30 / 255
    yuv[:, :, channel] = idctn(spectrum, norm="ortho")
np.save(out / "ftrojan.npy", (yuv @ np.linalg.inv(to_yuv).T).astype("f4"))

# BppAttack: Floyd-Steinberg dithering to 8 levels, channel by channel.
dithered = image(12, 12)
for channel in range(3):
    plane = dithered[:, :, channel]
    for row in range(12):
        for column in range(12):
            old = plane[row, column]
            plane[row, column] = np.clip(np.round(old * 7), 0, 7) / 7
            error = old - plane[row, column]
            for dy, dx, weight in ((0, 1, 7), (1, -1, 3), (1, 0, 5), (1, 1, 1)):
                if row + dy < 12 and 0 <= column + dx < 12:
                    plane[row + dy, column + dx] += error * weight / 16
np.save(out / "bpp.npy", dithered.astype("f4"))
