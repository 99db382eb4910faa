"""Spearman's rank correlation, plain and partial, from SciPy and NumPy: `python3 spearman.py > spearman.json`."""
import json

import numpy as np
from scipy.stats import norm, rankdata, spearmanr

rng = np.random.default_rng(5)
n = 40
a = rng.normal(0, 1, n)
b = np.round(0.6 * a + rng.normal(0, 1, n), 1)  # with ties
c = np.round(0.5 * a - 0.4 * b + rng.normal(0, 1, n), 1)
d = rng.integers(0, 4, n).astype(float)
strata = rng.integers(0, 2, n)


def left(x, given):
    """What least squares on the ranks of `given` leaves of the ranks of x."""
    design = np.column_stack([np.ones(n)] + [rankdata(g) for g in given])
    y = rankdata(x)
    return y - design @ np.linalg.lstsq(design, y, rcond=None)[0]


def shares(x):
    out = np.empty(n)
    for s in (0, 1):
        rows = strata == s
        out[rows] = (rankdata(x[rows]) - 0.5) / rows.sum()
    return out


clusters = np.array([4, 10, 24, 60])

# One attack after another is left out: ρ of the rest, and the error of the rank that a line through the rest predicts.
attack = np.arange(n) % 4
x, y = (rankdata(a) - 0.5) / n, (rankdata(b) - 0.5) / n
rest, error, middle = [], [], []
for k in range(4):
    out, others = attack == k, attack != k
    rest.append(spearmanr(a[others], b[others]).statistic)
    line = np.polyfit(x[others], y[others], 1)
    error.extend(np.abs(np.clip(np.polyval(line, x[out]), 0, 1) - y[out]))
    middle.extend(np.abs(0.5 - y[out]))
print(json.dumps({
    "a": a.tolist(), "b": b.tolist(), "c": c.tolist(), "d": d.tolist(), "strata": strata.tolist(),
    "ranks": rankdata(d).tolist(),
    "ab": spearmanr(a, b).statistic,
    "abGivenC": np.corrcoef(left(a, [c]), left(b, [c]))[0, 1],
    "abGivenCD": np.corrcoef(left(a, [c, d]), left(b, [c, d]))[0, 1],
    "abWithin": np.corrcoef(shares(a), shares(b))[0, 1],
    "leftOut": {"low": min(rest), "high": max(rest), "error": np.mean(error), "middle": np.mean(middle)},
    "clusters": clusters.tolist(),
    "visible": np.tanh((norm.ppf(0.975) + norm.ppf(0.8)) * np.sqrt(1.06 / (clusters - 3))).tolist(),
}))
