"""The condensed tree of HDBSCAN for 150 points, from SciPy's single linkage: `python3 density_tree.py > density_tree.json`."""
import json

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import cdist, squareform

FEWEST = 15
rng = np.random.default_rng(3)
points = np.concatenate([
    rng.normal([0, 0], 0.6, (70, 2)),
    rng.normal([4, 0], 0.3, (30, 2)),
    rng.normal([5.6, 0.5], 0.3, (30, 2)),
    rng.uniform(-4, 9, (20, 2)),
]).astype(np.float32)

far = cdist(points.astype(np.float64), points.astype(np.float64))
core = np.sort(far, axis=1)[:, FEWEST - 1]
reach = np.maximum(far, np.maximum(core[:, None], core[None, :]))
np.fill_diagonal(reach, 0)
tree = linkage(squareform(reach, checks=False), "single")
n = len(points)


def size(node):
    return 1 if node < n else int(tree[node - n, 3])


def densest(node):
    """The largest 1/distance of any join below a node."""
    if node < n:
        return 0.0
    left, right, distance, _ = tree[node - n]
    return max(1 / distance, densest(int(left)), densest(int(right)))


def cluster(node, birth):
    top = node
    intact = 1 / tree[top - n][2]
    while True:
        left, right, distance, _ = tree[node - n]
        big = [int(c) for c in (left, right) if size(int(c)) >= FEWEST]
        if len(big) == 2:
            children = sorted((cluster(c, 1 / distance) for c in big), key=lambda c: -c["size"])
            return {"birth": birth, "intact": intact, "death": 1 / distance, "size": size(top), "children": children}
        if not big:
            return {"birth": birth, "intact": intact, "death": densest(node), "size": size(top), "children": []}
        node = big[0]


cuts = []
for density in (0.5, 1.0, 2.0):
    found = fcluster(tree, 1 / density, "distance")
    sizes = {c: int((found == c).sum()) for c in set(found)}
    kept = sorted((c for c in sizes if sizes[c] >= FEWEST), key=lambda c: -sizes[c])
    cuts.append({"density": density, "sizes": [sizes[c] for c in kept],
                 "largest": np.flatnonzero(found == kept[0]).tolist() if kept else []})

print(json.dumps({"fewest": FEWEST, "points": [float(v) for v in points.ravel()], "root": cluster(2 * n - 2, 0.0), "cuts": cuts}))
