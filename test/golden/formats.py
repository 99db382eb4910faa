"""Writes test/golden/formats/: small arrays as NumPy and the safetensors library write them.

python3 -m pip install numpy safetensors && python3 test/golden/formats.py
"""
import pathlib

import numpy as np
from safetensors.numpy import save_file

out = pathlib.Path(__file__).parent / "formats"
out.mkdir(exist_ok=True)

# -3 … 8 as [2, 3, 2], wrapped where the type has no sign; the tests compute the same values.
ramp = np.arange(-3, 9).reshape(2, 3, 2)
for kind in ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"):
    values = ramp.astype(kind) if kind[0] != "f" else (ramp / 8).astype(kind)
    np.save(out / f"{kind}.npy", values)
    if kind[1] != "1":
        np.save(out / f"{kind}-big.npy", values.astype(f">{kind}"))
np.save(out / "b1.npy", ramp % 2 == 0)
np.save(out / "fortran.npy", np.asfortranarray(ramp.astype("i4")))
np.save(out / "scalar.npy", np.array(2.5))
np.save(out / "object.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
np.save(out / "record.npy", np.zeros(2, dtype=[("a", "i4"), ("b", "f8")]))
np.save(out / "complex.npy", np.zeros(2, dtype="c16"))
np.save(out / "half-edges.npy", np.array([0, -0.0, 1, 65504, 2**-24, 2**-14, np.inf, -np.inf, np.nan], dtype="f2"))
for version in (2, 3):
    with open(out / f"version{version}.npy", "wb") as f:
        np.lib.format.write_array(f, ramp.astype("i4"), version=(version, 0))
arrays = {"images": ramp.astype("u1"), "labels": np.arange(4), "flags": np.array([True, False])}
np.savez(out / "stored.npz", **arrays)
np.savez_compressed(out / "deflated.npz", **arrays)

save_file(
    {
        "flags": np.array([True, False, True]),
        "weights": (np.arange(6, dtype="f4") / 4).reshape(2, 3),
        "counts": np.array([-1, 2**40], dtype="i8"),
        "wide": np.array([0.1], dtype="f8"),
        "steps": np.array([7], dtype="i4"),
        "bytes": np.array([255, 0], dtype="u1"),
    },
    out / "official.safetensors",
    metadata={"epoch": "10"},
)
