"""Writes test/golden/mat/: small MATLAB files as SciPy writes them, and one of the other byte order put together by hand.

python3 -m pip install numpy scipy && python3 test/golden/mat.py
"""
import pathlib
import struct
import zlib

import numpy as np
from scipy.io import loadmat, savemat

out = pathlib.Path(__file__).parent / "mat"
out.mkdir(exist_ok=True)

# SVHN's layout with 6 images; the tests compute the same values.
row, col, channel, i = np.indices((32, 32, 3, 6))
X = ((row * 3 + col * 5 + channel * 50 + i * 13) % 256).astype("u1")
y = np.array([[10], [1], [2], [10], [9], [5]])
savemat(out / "plain.mat", {"X": X[..., :2], "y": y[:2].astype("f8")})
savemat(out / "compressed.mat", {"X": X, "y": y.astype("u1")}, do_compression=True)
savemat(out / "one.mat", {"X": X[..., 0], "y": y[:1].astype("u1")}, do_compression=True)

# -3 … 2 as [2, 3] in every numeric class, among variables that are none.
ramp = np.arange(-3, 3).reshape(2, 3)
kinds = {f"a_{k}": ramp.astype(k) for k in ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8")}
others = {"text": "hello", "cell": np.array([1, "a"], dtype=object), "record": {"a": 1}}
for compress in (False, True):
    savemat(out / f"kinds{'-compressed' if compress else ''}.mat", {**others, **kinds}, do_compression=compress)
savemat(out / "complex.mat", {"X": np.array([1 + 2j])})


# Big-endian, as MATLAB on a SPARC wrote it: doubles that are whole are stored as bytes, and a short name lies in its tag.
def element(kind, data):
    if 0 < len(data) <= 4:
        return struct.pack(">HH", len(data), kind) + data.ljust(4, b"\0")
    return struct.pack(">II", kind, len(data)) + data + b"\0" * (-len(data) % 8)


def variable(name, array, array_class, kind, data):
    flags = element(6, struct.pack(">II", array_class, 0))
    dims = element(5, struct.pack(f">{array.ndim}i", *array.shape))
    body = flags + dims + element(1, name.encode()) + element(kind, data)
    return struct.pack(">II", 14, len(body)) + body


def big(name, variables):
    header = b"MATLAB 5.0 MAT-file, Platform: SOL2".ljust(124) + struct.pack(">H", 0x0100) + b"MI"
    (out / name).write_bytes(header + b"".join(variables))


ramp_f8 = ramp.astype("f8")
parts = [
    variable("X", X, 9, 2, X.tobytes("F")),
    variable("y", y, 6, 2, y.astype("u1").tobytes("F")),
    variable("ramp", ramp, 6, 9, ramp_f8.astype(">f8").tobytes("F")),
    variable("short", ramp, 10, 3, ramp.astype(">i2").tobytes("F")),
    variable("long", ramp, 14, 12, ramp.astype(">i8").tobytes("F")),
]
packed = [zlib.compress(part) for part in parts]
big("big.mat", [struct.pack(">II", 15, len(p)) + p for p in packed])
big("big-plain.mat", parts[1:])
for name in ("big.mat", "big-plain.mat"):
    read = loadmat(out / name)
    assert np.array_equal(read["y"], y) and all(np.array_equal(read[k], ramp) for k in ("ramp", "short", "long"))
assert np.array_equal(loadmat(out / "big.mat")["X"], X)
