"""The SciPy recipe for drift, as people write it: PSI over quantile bins and scipy.stats.ks_2samp, feature by feature.

Arguments: reference file, current file (raw little-endian float32, one feature after the other), reference rows, current rows, features,
rounds. Prints one JSON line: seconds of each round, and per feature KS statistic, p, PSI. Reading the files is not timed.
"""

import json
import sys
import time

import numpy as np
from scipy import stats

reference_file, current_file = sys.argv[1], sys.argv[2]
n, m, features, rounds = (int(value) for value in sys.argv[3:7])
reference = np.fromfile(reference_file, dtype="<f4").reshape(features, n)
current = np.fromfile(current_file, dtype="<f4").reshape(features, m)


def psi(a, b):
    edges = np.quantile(a, np.arange(1, 10) / 10, method="inverted_cdf")
    p = np.bincount(np.searchsorted(edges, a, side="left"), minlength=10) / len(a)
    q = np.bincount(np.searchsorted(edges, b, side="left"), minlength=10) / len(b)
    p, q = np.where(p == 0, 1e-4, p), np.where(q == 0, 1e-4, q)
    return float(np.sum((p - q) * np.log(p / q)))


seconds = []
for _ in range(rounds):
    start = time.perf_counter()
    tests = [stats.ks_2samp(reference[f], current[f], method="auto") for f in range(features)]
    indices = [psi(reference[f], current[f]) for f in range(features)]
    seconds.append(time.perf_counter() - start)
print(
    json.dumps(
        {
            "seconds": seconds,
            "ks": [float(test.statistic) for test in tests],
            "p": [float(test.pvalue) for test in tests],
            "psi": indices,
        }
    )
)
