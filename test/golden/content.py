"""Leave-one-out predictions of scikit-learn's multinomial naive Bayes on small texts, with and without some words, and distances of samples by SciPy.

Writes content.json beside this script: python3 test/golden/content.py
"""
import json
from pathlib import Path

import numpy as np
from scipy.spatial.distance import jensenshannon
from scipy.stats import ks_2samp
from sklearn.naive_bayes import MultinomialNB

rng = np.random.default_rng(7)
words = [f"w{k}" for k in range(30)]
laws = rng.dirichlet(np.full(len(words), 0.3), size=3)
labels = [int(v) for v in rng.integers(0, 3, size=60)]
texts = [" ".join(rng.choice(words, size=int(rng.integers(3, 12)), p=0.6 * laws[y] + 0.4 / 30)) for y in labels]
known = sorted({word for text in texts for word in text.split()})
counts = np.array([[text.split().count(word) for word in known] for text in texts])
y = np.array(labels)


def predicted(left: list[str]) -> list[int]:
    out = []
    keep = np.array([word not in left for word in known])
    for i in range(len(texts)):
        others = np.arange(len(texts)) != i
        model = MultinomialNB(alpha=0.5).fit(counts[others], y[others])
        # The words are left out of the text that is asked, and not of the model.
        out.append(int(model.classes_[np.argmax(model.predict_joint_log_proba((counts[i] * keep)[None]))]))
    return out


LEFT = ["w1", "w4", "w9"]
p, q = rng.dirichlet(np.ones(6), size=2)
a, b = rng.normal(size=25), rng.normal(0.4, 1.3, size=40)
# A value that both samples have.
b[3] = a[5]
out = {
    "texts": texts,
    "labels": labels,
    "predicted": predicted([]),
    "left": LEFT,
    "predictedWithout": predicted(LEFT),
    "p": p.tolist(),
    "q": q.tolist(),
    "divergence": float(jensenshannon(p, q) ** 2),
    "a": sorted(a.tolist()),
    "b": sorted(b.tolist()),
    "kolmogorov": float(ks_2samp(a, b).statistic),
}
Path(__file__).with_name("content.json").write_text(json.dumps(out) + "\n")
