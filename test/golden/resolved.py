"""Golden values of resolved information, by brute force in NumPy. Writes resolved.json beside this file (about two minutes).

    python3 test/golden/resolved.py

Points and directions come from a linear congruential generator that test/information/resolved.test.ts has too. Three kinds:
  same     the defining formula, term by term, for the same draws of noise: equal up to rounding.
  line     points on a line: h(T) - h(noise) by quadrature of the mixture's density, no draws at all.
  others   E ln p(T | point) / p(T) from many draws of T, noise and densities in the points' own coordinates under the whole covariance.
"""

import json
import pathlib

import numpy as np

OUT = pathlib.Path(__file__).with_suffix(".json")
TARGET = 0.0015
MOST = 400_000


def uniforms(seed, count):
    out = np.empty(count)
    for i in range(count):
        seed = (1664525 * seed + 1013904223) % 2**32
        out[i] = (seed + 0.5) / 2**32
    return out


def normals(seed, *shape):
    """Box and Muller's transform, one value per pair of uniforms."""
    u = uniforms(seed, 2 * int(np.prod(shape)))
    return (np.sqrt(-2 * np.log(u[0::2])) * np.cos(2 * np.pi * u[1::2])).reshape(shape)


def logsumexp(a):
    top = a.max(1)
    return top + np.log(np.exp(a - top[:, None]).sum(1))


def same(points, kappas, z):
    """Every z with both signs."""
    n, values = len(points), []
    for kappa in kappas:
        terms = []
        for eps in [sign * kappa * directions for directions in z for sign in (1, -1)]:
            for i in range(n):
                squared = ((points[i] + eps[i] - points) ** 2).sum(1)
                terms.append(-(eps[i] ** 2).sum() / (2 * kappa**2) - logsumexp(-squared[None] / (2 * kappa**2))[0] + np.log(n))
        values.append(float(np.mean(terms)))
    return values


def line(points, kappa):
    x = points[:, 0]
    grid = np.arange(x.min() - 12 * kappa, x.max() + 12 * kappa, kappa / 200)
    density = np.exp(-((grid[:, None] - x) ** 2) / (2 * kappa**2)).mean(1) / np.sqrt(2 * np.pi * kappa**2)
    entropy = -np.sum(density * np.log(np.maximum(density, 1e-300))) * kappa / 200
    return float(entropy - 0.5 * np.log(2 * np.pi * np.e * kappa**2))


def brute(points, covariance, kappa, rng):
    """E ln p(T | point) / p(T): every point equally often, T = point + noise of kappa^2 * covariance."""
    n, d = points.shape
    sigma = kappa**2 * covariance
    root, precision = np.linalg.cholesky(sigma), np.linalg.inv(sigma)
    logdet = np.linalg.slogdet(2 * np.pi * sigma)[1]
    half = points @ precision
    quadratic = (half * points).sum(1)
    total = np.zeros(n)
    square = np.zeros(n)
    rounds = 0
    while True:
        for from_ in range(0, n, 250):
            rows = slice(from_, from_ + 250)
            t = points[rows] + rng.standard_normal((len(points[rows]), d)) @ root.T
            distance = ((t @ precision) * t).sum(1)[:, None] + quadratic - 2 * t @ half.T
            # ln p(T | point) - ln p(T): on average h(T) - h(noise), with less spread than the second part alone.
            own = distance[np.arange(len(t)), np.arange(from_, from_ + len(t))]
            information = -(own + logdet) / 2 - (logsumexp(-distance / 2) - np.log(n) - logdet / 2)
            total[rows] += information
            square[rows] += information**2
        rounds += 1
        if rounds >= 20:
            error = np.sqrt(np.sum((square / rounds - (total / rounds) ** 2) / (rounds - 1))) / n
            if error < TARGET or rounds * n > MOST:
                return float(np.mean(total / rounds)), float(error)


def mixture(seed, n, d):
    """A third in one tight cluster, a third in a wide one, the rest in three clusters of middling width far away."""
    x = normals(seed, n, d)
    for i in range(n):
        if i % 3 == 0:
            x[i] *= 0.2
        elif i % 3 == 1:
            x[i] *= 3
        else:
            x[i] += 8 * (i % 9 - 4)
    return x


def main():
    rng = np.random.default_rng(20261127)
    tasks = []

    def add(id, kind, seed, n, d, points, kappas, covariance=None):
        task = {"id": id, "kind": kind, "seed": seed, "n": n, "d": d, "kappas": kappas}
        if kind == "line":
            task["nats"], task["error"] = [line(points, k) for k in kappas], [0] * len(kappas)
        else:
            covariance = np.eye(d) if covariance is None else covariance
            found = [brute(points, covariance, k, rng) for k in kappas]
            task["nats"], task["error"] = [v for v, _ in found], [e for _, e in found]
        tasks.append(task)
        print(id, task["nats"], task["error"], flush=True)

    z = normals(2, 3, 60, 5)
    points = 3 * normals(1, 60, 5)
    kappas = [0.5, 0.7, 1, 1.4, 2, 2 * 2**0.5, 4, 8]
    values = {"same": {"n": 60, "d": 5, "directions": 3, "kappas": kappas, "nats": same(points, kappas, z)}}
    far = points + 1e6 * (np.arange(60) % 3)[:, None]
    values["far"] = {**values["same"], "nats": same(far, kappas, z)}

    add("line-2", "line", 3, 2, 1, 2 * normals(3, 2, 1), [0.5, 1, 2])
    add("line-12", "line", 4, 12, 1, 2 * normals(4, 12, 1), [0.25, 0.5, 1, 4])
    for seed, n, d, kappas in [(5, 50, 3, [0.5, 1, 2]), (6, 200, 16, [2**0.5, 4]), (7, 500, 128, [6, 11]), (8, 2000, 8, [1, 2])]:
        add(f"cloud-{n}x{d}", "cloud", seed, n, d, 2 * normals(seed, n, d), kappas)
    a = normals(10, 6, 6)
    add("anisotropic", "anisotropic", 9, 120, 6, 2 * normals(9, 120, 6), [0.5, 1, 2], a @ a.T + 0.1 * np.eye(6))
    add("mixture", "mixture", 11, 300, 4, mixture(11, 300, 4), [0.5, 1, 4])

    values["tasks"] = tasks
    OUT.write_text(json.dumps(values, indent=1) + "\n")


if __name__ == "__main__":
    main()
