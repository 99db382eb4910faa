"""SPECTRE, SCAn and Beatrix from the equations of their papers: NumPy and SciPy.

Run as `python3 test/golden/detectors.py > test/golden/detectors.json`; needs python3-scipy.
"""
import json

import numpy as np
from scipy.linalg import expm, sqrtm

rng = np.random.default_rng(21)


def shown(x):
    """Features as they are in the file, in single precision as detectors read them."""
    return np.round(x, 3).astype(np.float32).astype(float)


def whole(x):
    return int(np.floor(x + 0.5))


def whiten(x, rows):
    """Σ^(-1/2)·(x − μ) with the mean and covariance of some rows."""
    covariance = np.atleast_2d(np.cov(x[rows].T, bias=True))
    return (x - x[rows].mean(0)) @ np.linalg.inv(np.real(sqrtm(covariance)))


def que(h):
    sigma = h.T @ h / len(h)
    largest = np.linalg.norm(sigma, 2)
    d = h.shape[1]
    q = np.eye(d) if largest <= 1 + 1e-9 else expm(4 * (sigma - np.eye(d)) / (largest - 1))
    return np.einsum("ia,ab,ib->i", h, q, h) / np.trace(q)


def robust_rows(x, budget):
    """The covariance filter, with explicit tensors: T[V] = E[(yᵀVy)·yyᵀ] − tr V·I."""
    kept = np.arange(len(x))
    d = x.shape[1]
    for _ in range(10):
        if budget == 0:
            break
        y = whiten(x, kept)[kept]
        fourth = np.einsum("ia,ib,ic,id->abcd", y, y, y, y) / len(y)
        v = np.eye(d)
        for _ in range(10):
            v = np.einsum("abcd,cd->ab", fourth, v) - np.trace(v) * np.eye(d)
            v /= np.linalg.norm(v)
        p = np.einsum("ia,ab,ib->i", y, v, y) / np.sqrt(2)
        away = np.abs(p - np.sort(p)[len(p) // 2])
        order = np.argsort(-away, kind="stable")
        z = np.sqrt(0.4549364 + np.sqrt(2) * away[order])
        allowed = 2.5 * np.sqrt(2 / np.pi) * np.exp(-z * z / 2) / z
        count = max([i for i in range(1, budget + 1) if i / len(kept) > allowed[i - 1]], default=0)
        if count == 0:
            break
        kept = np.delete(kept, order[:count])
        budget -= count
    return kept


def spectre(x, labels, epsilon):
    scores, means, removals = np.zeros(len(x)), [], []
    for c in range(labels.max() + 1):
        rows = np.flatnonzero(labels == c)
        poisoned = min(epsilon * len(x), len(rows) / 3)
        own = x[rows] - x[rows].mean(0)
        u = np.linalg.svd(own, full_matrices=False)[2]
        own = own @ u[: min(64, len(rows) // 10)].T
        best = (-np.inf, None, None)
        for k in sorted({whole(r * r) for r in np.linspace(1, np.sqrt(own.shape[1]), 8)}):
            some = own[:, :k]
            tau = que(whiten(some, robust_rows(some, whole(2 * poisoned))))
            order = np.argsort(-tau, kind="stable")
            count = whole(1.5 * poisoned)
            mean = que(whiten(own, order[count:])).mean()
            if mean > best[0]:
                best = (mean, tau, rows[order[:count]])
        means.append(best[0])
        scores[rows] = best[1]
        removals.append(best[2])
    target = int(np.argmax(means))
    return {"scores": scores.tolist(), "classScores": means, "flagged": sorted(removals[target].tolist()), "targets": [target]}


def spectre_case():
    labels = np.arange(140) % 2
    x = rng.normal(size=(140, 7)) * [9, 5, 3, 2, 1, 1, 0.5]
    x[labels == 1, 0] += 20
    x[1:15:2, 6] += 4
    x = shown(x)
    return {"x": x.tolist(), "labels": labels.tolist(), "epsilon": 0.05, **spectre(x, labels, 0.05)}


def variation(x, labels):
    """S_ε by EM, with matrix inverses; the covariances count each sample once."""
    x = x - x.mean(0)
    classes, d = labels.max() + 1, x.shape[1]
    means = np.array([x[labels == c].mean(0) for c in range(classes)])
    within = np.cov((x - means[labels]).T, bias=True)
    ridge = 0.01 * np.trace(within) / d * np.eye(d)
    su, se = np.cov(means[labels].T, bias=True), within + ridge
    for _ in range(100):
        mu = np.zeros_like(means)
        for c in range(classes):
            n = np.sum(labels == c)
            mu[c] = su @ np.linalg.inv(su + se / n) @ means[c]
        old = su, se
        su = np.cov(mu[labels].T, bias=True)
        se = np.cov((x - mu[labels]).T, bias=True) + ridge
        change = np.linalg.norm(su - old[0]) + np.linalg.norm(se - old[1])
        if change < 1e-5 * (np.linalg.norm(su) + np.linalg.norm(se)):
            break
    return se


def index(j, least=0.0):
    mad = max(np.median(np.abs(j - np.median(j))), least)
    return np.abs(j - np.median(j)) / (1.4826 * mad)


def scan(x, labels, groups, trusted, trusted_labels):
    f = np.linalg.inv(variation(trusted, trusted_labels))

    def far(rows, centre):
        return np.einsum("ia,ab,ib->i", rows - centre, f, rows - centre)

    j, scores = [], np.zeros(len(x))
    for c in range(labels.max() + 1):
        rows, known = x[labels == c], trusted[trusted_labels == c]
        group = groups[labels == c]
        while True:
            a, b = rows[group == 0].mean(0), rows[group == 1].mean(0)
            nearest = (far(rows, b) < far(rows, a)).astype(int)
            if np.all(nearest == group):
                break
            group = nearest
        apart = np.where(group == 1, far(rows, b), far(rows, a))
        j.append(np.sum(far(rows, rows.mean(0)) - apart) / len(rows))
        llr = (far(rows, a) - far(rows, b)) / 2
        in_b = np.sum(far(known, b) < far(known, a))
        scores[labels == c] = llr if in_b < len(known) - in_b else -llr
    return {"scores": scores.tolist(), "classScores": index(np.array(j)).tolist()}


def scan_case():
    classes, each, d = 6, 30, 4
    spread = np.array([3, 1, 1, 0.4])
    centres = 10 * rng.normal(size=(classes, d))
    labels = np.arange(classes * each) % classes
    groups = (np.arange(classes * each) // classes < 10).astype(int)
    # All classes have two clear groups, so that every good 2-means finds them; in class 2 they are farthest apart.
    shift = np.array([8, 8.5, 14, 9, 8.2, 8.8])
    x = centres[labels] + spread * rng.normal(size=(len(labels), d))
    x[:, 1] += shift[labels] * groups
    trusted_labels = np.arange(classes * 5) % classes
    trusted = centres[trusted_labels] + spread * rng.normal(size=(len(trusted_labels), d))
    x, trusted = shown(x), shown(trusted)
    case = {"x": x.tolist(), "labels": labels.tolist()}
    case |= {"trusted": trusted.tolist(), "trustedLabels": trusted_labels.tolist()}
    return case | scan(x, labels, groups, trusted, trusted_labels)


def grams(x, p):
    """Upper triangles of the Gram matrices of order p: the pth root of xᵖ·(xᵖ)ᵀ with its sign."""
    g = np.einsum("ia,ib->iab", x**p, x**p)
    a, b = np.triu_indices(x.shape[1])
    g = g[:, a, b]
    return np.sign(g) * np.abs(g) ** (1 / p)


def deviation(x, clean):
    smallest = 1e-6 * np.mean(clean**2)
    orders = []
    for p in range(1, 9):
        g, known = grams(x, p), grams(clean, p)
        middle = np.median(known, 0)
        mad = np.median(np.abs(known - middle), 0)
        low, high = middle - 10 * mad, middle + 10 * mad
        below = np.maximum(low - g, 0) / (np.abs(low) + smallest)
        above = np.maximum(g - high, 0) / (np.abs(high) + smallest)
        orders.append((below + above).mean(1))
    return np.mean(orders, 0)


def kmmd(clean, bad):
    if len(bad) == 0 or len(clean) == 0:
        return 0.0
    both = np.concatenate([clean, bad])
    square = ((both[:, None] - both[None]) ** 2).sum(-1)
    width = np.median(square) / 2
    k = np.exp(-square / width) + np.exp(-square / (2 * width))
    n, m = len(clean), len(bad)
    return n * m / (n + m) * (k[:n, :n].mean() + k[n:, n:].mean() - 2 * k[:n, n:].mean())


def beatrix(x, labels, trusted, trusted_labels):
    scores, thresholds, j = np.zeros(len(x)), [], []
    for c in range(labels.max() + 1):
        rows, known = x[labels == c], trusted[trusted_labels == c]
        fold = np.arange(len(known)) % 5
        held = np.concatenate([deviation(known[fold == f], known[fold != f]) for f in range(5)])
        threshold = np.sort(held)[int(0.95 * len(held))]
        found = deviation(rows, known)
        j.append(kmmd(rows[found <= threshold], rows[found > threshold]))
        scores[labels == c] = found / threshold
        thresholds.append(threshold)
    assert min(thresholds) > 0
    return {"scores": scores.tolist(), "classScores": index(np.array(j), 1).tolist()}


def beatrix_case():
    labels = np.arange(100) % 4
    x = rng.normal(size=(100, 5)) + labels[:, None]
    x[1:61:4] = np.abs(x[1:61:4]) * [1, 1, 6, 6, -6]
    trusted_labels = np.arange(64) % 4
    trusted = rng.normal(size=(64, 5)) + trusted_labels[:, None]
    x, trusted = shown(x), shown(trusted)
    case = {"x": x.tolist(), "labels": labels.tolist()}
    case |= {"trusted": trusted.tolist(), "trustedLabels": trusted_labels.tolist()}
    return case | beatrix(x, labels, trusted, trusted_labels)


def short(case):
    for key in ("x", "trusted"):
        if key in case:
            case[key] = np.round(case[key], 3).tolist()
    return case


print(json.dumps({"spectre": short(spectre_case()), "scan": short(scan_case()), "beatrix": short(beatrix_case())}))
