"""Golden values for Student's t, the power of its test, and exact binomial intervals: SciPy.

Run as `python3 test/golden/student.py > test/golden/student.json`; needs python3-scipy.
"""
import json

from scipy.stats import binom, binomtest, nct, t

quantiles = [{"p": p, "df": df, "t": t.ppf(p, df)} for df in [1, 2, 3.7, 5, 10, 30, 1e6] for p in [0.8, 0.9, 0.95, 0.975]]

# Power of the two-sided 5 % t test, on one side, where the truth lies t_0.975 + t_0.8 standard errors from 0.
power = []
for n in [3, 4, 5, 8, 12, 20]:
    shift = t.ppf(0.975, n - 1) + t.ppf(0.8, n - 1)
    power.append({"n": n, "power": nct.sf(t.ppf(0.975, n - 1), n - 1, shift)})

shares = []
for k, n in [(0, 20), (1, 20), (3, 20), (7, 12), (5, 5)]:
    for alpha in [0.05, 0.1]:
        ci = binomtest(k, n).proportion_ci(confidence_level=1 - alpha, method="exact")
        cdf = binom.cdf(k, n, 0.15)
        shares.append({"k": k, "n": n, "alpha": alpha, "interval": [ci.low, ci.high], "cdf": cdf})

print(json.dumps({"quantiles": quantiles, "power": power, "shares": shares}, indent=1))
