"""Golden values for rank correlation, AUROC and silhouettes: SciPy and scikit-learn on small made-up tables.

Run as `python3 test/golden/dynamics.py > test/golden/dynamics.json`; needs python3-scipy and python3-sklearn.
"""
import json

import numpy as np
from scipy.stats import kendalltau
from sklearn.metrics import roc_auc_score, silhouette_samples

rng = np.random.default_rng(7)


def listed(a):
    return [round(float(v), 6) for v in np.asarray(a).ravel()]


ranks = []
for n, ties in [(5, False), (7, True), (30, False), (30, True)]:
    a = rng.normal(size=n)
    b = 0.5 * a + rng.normal(size=n)
    if ties:
        a, b = np.round(a), np.round(b)
    a, b = np.array(listed(a)), np.array(listed(b))
    exact = kendalltau(a, b, method="exact").pvalue if not ties else None
    ranks.append({"a": listed(a), "b": listed(b), "tau": kendalltau(a, b).statistic, "p": exact})

curves = []
for n, ties in [(40, False), (60, True)]:
    y = (rng.uniform(size=n) < 0.3).astype(int)
    s = y + rng.normal(size=n)
    s = np.round(s) if ties else s
    s = np.array(listed(s))
    curves.append({"scores": listed(s), "positive": [int(v) for v in y], "auroc": roc_auc_score(y, s)})

x = np.array(listed(rng.normal(size=(30, 3)) + np.repeat(np.eye(3) * 2, 10, axis=0))).reshape(30, 3)
labels = np.repeat([0, 1, 2], 10)
silhouettes = {"x": listed(x), "d": 3, "cluster": [int(v) for v in labels], "silhouettes": [float(v) for v in silhouette_samples(x, labels)]}

print(json.dumps({"ranks": ranks, "curves": curves, "silhouettes": silhouettes}, indent=1))
