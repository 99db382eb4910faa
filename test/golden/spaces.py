"""Measures of stealth in feature and parameter space, from NumPy, SciPy and scikit-learn: `python3 spaces.py > spaces.json`."""
import json

import numpy as np
from sklearn.metrics import davies_bouldin_score, silhouette_score

rng = np.random.default_rng(11)


def rounded(a):
    """As float32, which the measures are given."""
    return np.asarray(a, np.float32).astype(np.float64)


benign = rounded(rng.normal(0, 1, (40, 5)))
poisoned = rounded(rng.normal(0.7, 1.4, (30, 5)))
source = rng.integers(1, 4, 30)
labels = np.r_[np.zeros(40), np.ones(30)]

weights = rounded(rng.normal(0, 1, (4, 5)))
clean, triggered = rounded(rng.normal(0, 1, (25, 5))), rounded(rng.normal(0.5, 1.2, (25, 5)))
rows = weights / np.linalg.norm(weights, axis=1, keepdims=True)
wasserstein = [np.mean((np.sort(clean @ r) - np.sort(triggered @ r)) ** 2) for r in rows]

kernels = [rounded(rng.normal(0, 1, s)) for s in ((6, 3, 3, 3), (4, 6, 1, 1), (5, 4, 3, 3))]
scales = [rounded(rng.normal(0, 1, k.shape[0])) for k in kernels]
variances = [rounded(rng.uniform(0.1, 2, k.shape[0])) for k in kernels]
bounds = [
    np.array([np.linalg.svd(c.reshape(c.shape[0], -1), compute_uv=False)[0] for c in k]) * np.abs(g) / np.sqrt(v + 1e-5)
    for k, g, v in zip(kernels, scales, variances)
]

before, after = rounded(rng.normal(0, 1, (8, 3, 2, 5))), rounded(rng.normal(0.4, 1, (8, 3, 2, 5)))
change = np.sqrt(((after - before) ** 2).sum((1, 2))).mean(0)
reference = rng.uniform(0.5, 2, 5)
order = np.argsort(-change)
tup = np.mean(bounds[2][order] * change[order] / np.sort(reference)[::-1])

print(json.dumps({
    "benign": benign.ravel().tolist(),
    "poisoned": poisoned.ravel().tolist(),
    "source": source.tolist(),
    "silhouette": silhouette_score(np.r_[benign, poisoned], labels),
    "daviesBouldin": davies_bouldin_score(np.r_[benign, poisoned], labels),
    "cdbi": np.mean([
        davies_bouldin_score(np.r_[benign, poisoned[source == k]], np.r_[np.zeros(40), np.ones((source == k).sum())])
        for k in np.unique(source)
    ]),
    "weights": weights.ravel().tolist(),
    "clean": clean.ravel().tolist(),
    "triggered": triggered.ravel().tolist(),
    "dswd": float(np.sqrt(np.mean(wasserstein))),
    "layers": [
        {"shape": list(k.shape), "kernel": k.ravel().tolist(), "scale": g.tolist(), "variance": v.tolist(), "bounds": b.tolist()}
        for k, g, v, b in zip(kernels, scales, variances, bounds)
    ],
    "uclc": max(((b - b.mean()) / b.std(ddof=1)).max() for b in bounds),
    "before": before.ravel().tolist(),
    "after": after.ravel().tolist(),
    "change": change.tolist(),
    "reference": reference.tolist(),
    "tup": float(tup),
}))
