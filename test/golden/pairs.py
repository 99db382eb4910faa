"""Paired t tests of scores over seeds, by SciPy.

Run as `python3 test/golden/pairs.py > test/golden/pairs.json`; needs python3-scipy.
"""
import json

import numpy as np
from scipy import stats

rng = np.random.default_rng(7)
cases = []
for n in (2, 3, 5, 20):
    for shift in (0.0, 0.05, 0.3):
        first = np.round(0.6 + shift + 0.05 * rng.normal(size=n), 4)
        second = np.round(0.6 + 0.05 * rng.normal(size=n), 4)
        d = first - second
        low, high = stats.t.interval(0.95, n - 1, loc=d.mean(), scale=stats.sem(d))
        cases.append(
            {
                "first": first.tolist(),
                "second": second.tolist(),
                "p": stats.ttest_rel(first, second).pvalue,
                "difference": d.mean(),
                "interval": [low, high],
            }
        )
print(json.dumps(cases, indent=1))
