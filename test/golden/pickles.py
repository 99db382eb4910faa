"""Writes test/golden/pickles/: values and CIFAR batches as Python writes them, in every protocol, and as Python 2 wrote them.

python3 test/golden/pickles.py   (needs numpy; run it with NumPy 1 and with NumPy 2)
"""
import collections
import io
import pathlib
import pickle
import struct

import numpy as np

out = pathlib.Path(__file__).parent / "pickles"
out.mkdir(exist_ok=True)


class Python2(pickle._Pickler):
    """Protocol 2 with the `str` of Python 2 for bytes and texts, as in the batches of CIFAR."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_str2(self, value):
        raw = value.encode("latin1") if isinstance(value, str) else value
        if len(raw) < 256:
            self.write(b"U" + struct.pack("<B", len(raw)) + raw)
        else:
            self.write(b"T" + struct.pack("<i", len(raw)) + raw)
        self.memoize(value)

    dispatch[str] = save_str2
    dispatch[bytes] = save_str2


def python2(value):
    stream = io.BytesIO()
    Python2(stream, protocol=2).dump(value)
    return stream.getvalue()


def values():
    shared = [1, 2]
    return {
        "none": None,
        "flags": [True, False],
        "integers": [0, 1, -1, 255, 256, 65535, 65536, -(2**31), 2**31, 2**53 - 1, 2**53 + 1, -(2**70)],
        "floats": [0.0, -2.5, 1e300, float("inf"), float("-inf")],
        "text": "a\nß\u20ac\\u0041'",
        "bytes": bytes(range(256)) * 2,
        "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)],
        "set": {3},
        "twice": [shared, shared],
        "ordered": collections.OrderedDict([("b", 1), ("a", 2)]),
        7: "seven",
        "c": np.arange(-3, 9, dtype="i4").reshape(2, 3, 2),
        "fortran": np.asfortranarray(np.arange(6, dtype=">f8").reshape(2, 3)),
        "half": np.array([0.5, -2], dtype="f2"),
        "bool": np.array([True, False]),
        "scalar": np.float32(0.25),
    }


if int(np.__version__.split(".")[0]) >= 2:
    # NumPy 2 has other names for the same constructors. With it nothing else is written: the other files are of NumPy 1.
    for protocol in (0, 2, 4, 5):
        (out / f"numpy2-{protocol}.pkl").write_bytes(pickle.dumps(values(), protocol=protocol))
    raise SystemExit
for protocol in range(6):
    (out / f"values-{protocol}.pkl").write_bytes(pickle.dumps(values(), protocol=protocol))
ascii_only = {**values(), "text": "plain", "c": values()["c"]}
(out / "values-python2.pkl").write_bytes(python2(ascii_only))


def batch(k, keys):
    """Two images whose every byte is told by a formula: tests compute the same one."""
    at = np.arange(3072)
    data = np.stack([(7 * k + 13 * i + 50 * (at // 1024) + 3 * (at // 32 % 32) + 5 * (at % 32)) % 256 for i in range(2)])
    labels = {key: [(i + k) % 10 for i in range(2)] for key in keys}
    return {"batch_label": f"batch {k}", **labels, "data": data.astype("u1"), "filenames": ["a.png", "b.png"]}


for k in (1, 6):
    (out / f"cifar10-{k}-python2.pkl").write_bytes(python2(batch(k, ["labels"])))
(out / "cifar10-1-protocol4.pkl").write_bytes(pickle.dumps(batch(1, ["labels"]), protocol=4))
(out / "cifar100-1.pkl").write_bytes(python2(batch(1, ["coarse_labels", "fine_labels"])))
(out / "names.pkl").write_bytes(python2({"label_names": ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]}))


class Runs:
    def __reduce__(self):
        import os

        return (os.system, ("touch ran",))


(out / "hostile.pkl").write_bytes(pickle.dumps({"labels": [1], "data": Runs()}, protocol=2))
