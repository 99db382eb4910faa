"""Golden values for test/information, from scikit-learn, SciPy and NumPy. Writes information.json beside this file.

    python3 test/golden/information.py            everything; the mixtures' 10^8 draws take some minutes
    python3 test/golden/information.py --quick    keeps the mixtures' values that are already in the file
"""

import json
import pathlib
import sys

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import digamma, gammaln
from sklearn.feature_selection._mutual_info import _compute_mi_cc, _compute_mi_cd

OUT = pathlib.Path(__file__).with_suffix(".json")


def chebyshev(x):
    return np.abs(x[:, None, :] - x[None, :, :]).max(-1)


def ksg(x, y, k, algorithm):
    """By the full distance matrices."""
    n = len(x)
    dx, dy = chebyshev(x), chebyshev(y)
    joint = np.maximum(dx, dy)
    np.fill_diagonal(joint, np.inf)
    near = np.argsort(joint, axis=1, kind="stable")[:, :k]
    rows = np.arange(n)[:, None]
    if algorithm == 1:
        eps = joint[rows, near].max(1)[:, None]
        nx, ny = (dx < eps).sum(1) - 1, (dy < eps).sum(1) - 1
        return digamma(k) + digamma(n) - np.mean(digamma(nx + 1) + digamma(ny + 1))
    nx = (dx <= dx[rows, near].max(1)[:, None]).sum(1) - 1
    ny = (dy <= dy[rows, near].max(1)[:, None]).sum(1) - 1
    return digamma(k) - 1 / k + digamma(n) - np.mean(digamma(nx) + digamma(ny))


def ross(x, label, k):
    """By the full distance matrix; categories of one member are left out."""
    sizes = {c: (label == c).sum() for c in label}
    keep = np.array([sizes[c] > 1 for c in label])
    x, label = x[keep], label[keep]
    d = chebyshev(x)
    total = 0
    for i, c in enumerate(label):
        own = np.sort(np.delete(d[i], i)[np.delete(label, i) == c])
        near = min(k, len(own))
        total += digamma(near) - digamma(len(own) + 1) - digamma((d[i] < own[near - 1]).sum())
    return digamma(len(x)) + total / len(x)


def gao(x, y, k):
    """Follows the description of Gao et al. 2017 with digammas, by k-d trees and a distance just under the neighbour's."""
    n = len(x)
    joint, tx, ty = cKDTree(np.hstack([x, y])), cKDTree(x), cKDTree(y)
    radius = joint.query(np.hstack([x, y]), k + 1, p=np.inf)[0][:, k]
    total = 0
    for i in range(n):
        if radius[i] == 0:
            kp, r = len(joint.query_ball_point(np.hstack([x[i], y[i]]), 0, p=np.inf)), 0
        else:
            kp, r = k, np.nextafter(radius[i], 0)
        nx, ny = len(tx.query_ball_point(x[i], r, p=np.inf)), len(ty.query_ball_point(y[i], r, p=np.inf))
        total += digamma(kp) + np.log(n) - digamma(nx) - digamma(ny)
    return total / n


def cca(x, y):
    qx = np.linalg.qr(x - x.mean(0))[0]
    qy = np.linalg.qr(y - y.mean(0))[0]
    rho = np.linalg.svd(qx.T @ qy, compute_uv=False)
    return -0.5 * np.log1p(-(rho**2)).sum()


def mixture(weights, covariances, d, draws, seed):
    """Mean of ln p(a, b) / (p(a) p(b)) over `draws` draws, and its standard error."""
    rng = np.random.default_rng(seed)
    factors = [np.linalg.cholesky(c) for c in covariances]

    def log(v, block):
        terms = []
        for w, c in zip(weights, covariances):
            c = c[block, block]
            size = len(c)
            z = np.linalg.solve(np.linalg.cholesky(c), v.T)
            terms.append(
                np.log(w) - 0.5 * (z**2).sum(0) - 0.5 * np.linalg.slogdet(c)[1] - 0.5 * size * np.log(2 * np.pi)
            )
        return np.logaddexp.reduce(terms)

    chunk, s, ss = 10**6, 0.0, 0.0
    for _ in range(draws // chunk):
        part = rng.choice(len(weights), chunk, p=weights)
        v = rng.standard_normal((chunk, 2 * d))
        for i, f in enumerate(factors):
            v[part == i] = v[part == i] @ f.T
        a, b = slice(0, d), slice(d, 2 * d)
        ratio = log(v, slice(0, 2 * d)) - log(v[:, a], a) - log(v[:, b], b)
        s += ratio.sum()
        ss += (ratio**2).sum()
    mean = s / draws
    return {"nats": mean, "error": float(np.sqrt((ss / draws - mean**2) / draws))}


def pairs(d, rho):
    c = np.eye(2 * d)
    c[:d, d:] += rho * np.eye(d)
    c[d:, :d] += rho * np.eye(d)
    return c


def mixtures():
    many = 10**8
    return {
        "inliers-outliers-1x1": mixture([0.8, 0.2], [pairs(1, 0.9), 25 * np.eye(2)], 1, many, 1),
        "inliers-outliers-3x3": mixture([0.8, 0.2], [pairs(3, 0.8), 25 * np.eye(6)], 3, many, 2),
        "cross-1x1": mixture([0.5, 0.5], [pairs(1, 0.95), pairs(1, -0.95)], 1, many, 3),
    }


def rounded(x, digits=6):
    return np.round(x, digits)


def main():
    rng = np.random.default_rng(20)
    flat = lambda x: [float(v) for v in np.asarray(x).ravel()]
    golden = {}

    # One column each, for scikit-learn's own functions.
    x = rng.standard_normal(200)
    y = rounded(0.8 * x + 0.6 * rng.standard_normal(200))
    x = rounded(x)
    coarse = np.round(x, 1), np.round(y, 1)
    golden["line"] = {"x": flat(x), "y": flat(y)}
    golden["cc"] = [
        {"k": k, "digits": digits, "nats": float(_compute_mi_cc(a, b, k))}
        for digits, (a, b) in ((6, (x, y)), (1, coarse))
        for k in (1, 3, 5, 20)
    ]
    # The last category has one member. Categories of at most 2k members are left to `ross` below: for those scikit-learn
    # computes distances by a formula that rounds, and counts a neighbour on the boundary or not by its last digit.
    label = rng.integers(0, 4, 200)
    label[-1] = 9
    value = rounded(0.9 * label + rng.standard_normal(200))
    golden["label"] = {"label": flat(label), "value": flat(value)}
    golden["cd"] = [
        {"k": k, "digits": digits, "nats": float(_compute_mi_cd(np.round(value, digits), label, k))}
        for digits in (6, 1)
        for k in (1, 3, 5)
    ]
    small = np.repeat([0, 1, 2, 3, 4], [1, 2, 3, 6, 28])
    place = rounded(small[:, None] + rng.standard_normal((40, 2)))
    golden["small"] = {"label": flat(small), "value": flat(place)}
    golden["cdSmall"] = [{"k": k, "nats": float(ross(place, small, k))} for k in (1, 3, 5)]
    # Several columns.
    a = rounded(rng.standard_normal((150, 2)))
    b = rounded(np.hstack([a, a[:, :1] ** 2]) + 0.7 * rng.standard_normal((150, 3)))
    golden["plane"] = {"a": flat(a), "b": flat(b)}
    golden["ksg"] = [
        {"k": k, "algorithm": algorithm, "nats": float(ksg(a, b, k, algorithm))} for k in (1, 3, 6) for algorithm in (1, 2)
    ]
    golden["cca"] = float(cca(a, b))
    # Half of both variables sits on a few points, so that many joint distances are 0.
    u, v = a.copy(), b.copy()
    u[::2], v[::2] = np.round(u[::2] / 2), np.round(v[::2] / 2)
    golden["half"] = {"a": flat(u), "b": flat(v)}
    golden["gao"] = [{"k": k, "nats": float(gao(u, v, k))} for k in (1, 3, 6)]

    points = [0.1, 0.5, 1, 1.5, 2, 3.7, 9.99, 10, 50, 1234.5]
    golden["special"] = {"x": points, "digamma": flat(digamma(points)), "logGamma": flat(gammaln(points))}
    if "--quick" in sys.argv:
        golden["mixtures"] = json.loads(OUT.read_text())["mixtures"]
    else:
        golden["mixtures"] = mixtures()
    OUT.write_text(json.dumps(golden, indent=None, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
