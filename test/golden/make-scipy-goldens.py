"""Makes scipy-goldens.json: what SciPy and scikit-learn answer, for core/drift, core/performance and core/gate.

    uv venv /tmp/gold && VIRTUAL_ENV=/tmp/gold uv pip install -r test/golden/requirements.txt
    /tmp/gold/bin/python test/golden/make-scipy-goldens.py

Deterministic (seeded). Samples are kept small in the file: large ones are stored as a recipe (`n`, `step`) that the test
rebuilds exactly, or as the statistic and the two sizes alone.
"""

import json
import pathlib

import numpy as np
import scipy
import sklearn
from scipy import stats
from scipy.spatial.distance import jensenshannon
from sklearn import metrics

rng = np.random.default_rng(20131028)


def ks_samples():
    """Samples with all kinds of ties and sizes, kept whole in the file."""
    cases = []

    def add(a, b, kind):
        a, b = np.asarray(a, float), np.asarray(b, float)
        r = stats.ks_2samp(a, b)
        cases.append(dict(kind=kind, a=a.tolist(), b=b.tolist(), statistic=float(r.statistic), p=float(r.pvalue)))

    sizes = [(1, 1), (1, 7), (2, 3), (5, 5), (5, 8), (9, 6), (12, 12), (20, 13), (30, 40), (50, 50), (60, 7), (81, 27)]
    for n, m in sizes * 3:
        for shift in (0.0, 0.3, 1.0):
            add(rng.normal(size=n).round(4), (rng.normal(size=m) + shift).round(4), "continuous")
            add(rng.integers(0, 4, n), rng.integers(0, 4, m) + int(shift), "heavy ties")
            add(rng.integers(0, 2, n), rng.integers(0, 2, m), "binary")
    add([0], [1], "scipy test suite")
    add(np.linspace(1, 100, 100), np.linspace(1, 100, 110) + 20.1, "scipy test suite")
    base = [2] * 3 + [3] * 4 + [5] * 5 + [6] * 4
    add(base, np.add(base, 1), "scipy test suite")
    add([2] * 3 + [3] * 4 + [5] * 10 + [6] * 4, [3] * 10 + [4] * 2 + [6] * 10 + [7] * 4, "scipy test suite")
    add([3] * 40, [3] * 55, "constant, equal")
    add([3] * 40, [4] * 55, "constant, apart")
    add([38.7, 41.5, 43.8, 44.5, 45.5, 46, 47.7, 58], [39.2, 39.3, 39.7, 41.4, 41.8, 42.9, 43.3, 45.8], "evidently test suite")
    return cases


def ks_p_values():
    """p of real statistics for sizes too large to store: equal, nearly equal, very unequal, exact and asymptotic."""
    cases = []

    def add(a, b):
        r = stats.ks_2samp(a, b)
        cases.append(dict(na=len(a), nb=len(b), statistic=float(r.statistic), p=float(r.pvalue)))

    sizes = [
        (100, 100), (200, 1000), (1000, 1000), (999, 1000), (3000, 2000), (10000, 10000), (9999, 10000), (10000, 300),
        (10000, 6000), (10001, 50), (10001, 7), (20000, 100), (20000, 137), (50000, 100), (50000, 141), (50000, 300), (50000, 1000),
        (50000, 6000), (30000, 30000), (51095, 6357), (200000, 5), (200000, 2), (200000, 200000), (11000, 11000),
    ]
    for n, m in sizes:
        for shift in (0.0, 0.01, 0.03, 0.1, 0.3, 1.0):
            for digits in (8, 1):
                add(np.round(rng.normal(size=n), digits), np.round(rng.normal(size=m) + shift, digits))
    return cases


def kolmogorov():
    """kstwo.sf over every branch of Simard & L'Ecuyer's choice."""
    cases = []
    for n in (1, 2, 3, 5, 10, 33, 100, 139, 140, 141, 142, 200, 500, 1000, 3000, 10000, 65536, 100000, 100001, 500000):
        root = np.sqrt(n)
        ds = [0.3 / n, 0.5 / n, 0.75 / n, 0.99 / n, 1.0 / n, 1.2 / n, (n - 0.5) / n, 0.5, 0.51, 0.7]
        ds += [z / root for z in (0.2, 0.35, 0.5, 0.7, 0.86, 0.87, 1.0, 1.2, 1.48, 1.49, 1.99, 2.01, 3.0, 4.3, 6.0, 19.0, 19.5)]
        ds += [(1.4 / n) ** (2 / 3) * f for f in (0.8, 0.999, 1.001)]
        for d in ds:
            if 0 < d < 1:
                cases.append(dict(n=n, d=float(d), sf=float(stats.kstwo.sf(d, n))))
    return cases


def chi_square():
    cases = []
    for k in (2, 3, 5, 12, 40):
        for n, m in ((60, 60), (300, 5000), (10000, 400)):
            for tilt in (0.0, 0.2, 1.5):
                p = rng.dirichlet(np.full(k, 20.0))
                q = p * np.exp(tilt * rng.normal(size=k))
                table = np.array([rng.multinomial(n, p), rng.multinomial(m, q / q.sum())])
                table = table[:, table.sum(axis=0) > 0]
                # The test compares tables in which nothing is folded: every category holds at least 1 % of the rows.
                table = table[:, table.sum(axis=0) >= 0.015 * table.sum()]
                if table.shape[1] < 2:
                    continue
                if (table.sum(axis=0) < 0.01 * table.sum()).any():
                    continue
                r = stats.chi2_contingency(table, correction=False)
                cases.append(dict(reference=table[0].tolist(), current=table[1].tolist(),
                                  statistic=float(r.statistic), df=int(r.dof), p=float(r.pvalue)))
    return cases


def chi_square_tail():
    xs = (1e-8, 0.01, 0.5, 1, 2.7, 9, 30, 100, 400, 1200)
    return [dict(df=df, x=x, sf=float(stats.chi2.sf(x, df))) for df in (1, 2, 3, 7, 10, 31, 32, 33, 99, 500) for x in xs]


def jensen_shannon():
    cases = []
    for k in (1, 2, 5, 30):
        for _ in range(6):
            a, b = rng.integers(0, 30, k), rng.integers(0, 30, k)
            if a.sum() and b.sum():
                cases.append(dict(reference=a.tolist(), current=b.tolist(), distance=float(jensenshannon(a, b))))
    cases.append(dict(reference=[1, 0], current=[0, 1], distance=float(jensenshannon([1, 0], [0, 1]))))
    return cases


def benjamini_hochberg():
    cases = [rng.uniform(size=n) ** 3 for n in (1, 2, 5, 30)] + [np.array([0, 0.01, 0.01, 1, 0.02])]
    return [dict(p=c.tolist(), adjusted=stats.false_discovery_control(c).tolist()) for c in cases]


def binary_metrics():
    cases = []
    for n in (4, 30, 400):
        for digits in (1, 2, 8):
            truth = rng.uniform(size=n) < 0.35
            truth[0], truth[1] = True, False
            score = np.clip(rng.normal(0.35 + 0.2 * truth, 0.2), 0, 1).round(digits)
            label = score >= 0.5
            cases.append(dict(
                truth=truth.tolist(), score=score.tolist(),
                auc=float(metrics.roc_auc_score(truth, score)),
                logLoss=float(metrics.log_loss(truth, score, labels=[False, True])),
                brier=float(metrics.brier_score_loss(truth, score)),
                accuracy=float(metrics.accuracy_score(truth, label)),
                precision=float(metrics.precision_score(truth, label, zero_division=0)),
                recall=float(metrics.recall_score(truth, label, zero_division=0)),
                f1=float(metrics.f1_score(truth, label, zero_division=0)),
            ))
    return cases


def regression_metrics():
    cases = []
    for n in (2, 50):
        y, p = rng.normal(size=n), rng.normal(size=n)
        cases.append(dict(truth=y.tolist(), score=p.tolist(), rmse=float(metrics.root_mean_squared_error(y, p)),
                          mae=float(metrics.mean_absolute_error(y, p))))
    return cases


def wilson():
    return [dict(k=k, n=n, low=float(ci.low), high=float(ci.high))
            for k, n in ((0, 10), (1, 10), (5, 10), (10, 10), (37, 1000), (1, 1))
            for ci in [stats.binomtest(k, n).proportion_ci(0.95, method="wilson")]]


def multiclass_metrics():
    truth = rng.choice(["a", "b", "c"], 200, p=[0.6, 0.3, 0.1])
    label = np.where(rng.uniform(size=200) < 0.7, truth, rng.choice(["a", "b", "c"], 200))
    return [dict(truth=truth.tolist(), label=label.tolist(), accuracy=float(metrics.accuracy_score(truth, label)),
                 precision=float(metrics.precision_score(truth, label, average="macro", zero_division=0)),
                 recall=float(metrics.recall_score(truth, label, average="macro", zero_division=0)),
                 f1=float(metrics.f1_score(truth, label, average="macro", zero_division=0)))]


goldens = dict(
    versions=dict(scipy=scipy.__version__, numpy=np.__version__, scikitLearn=sklearn.__version__),
    ksSamples=ks_samples(), ksPValues=ks_p_values(), kolmogorov=kolmogorov(), chiSquare=chi_square(), chiSquareTail=chi_square_tail(),
    jensenShannon=jensen_shannon(), benjaminiHochberg=benjamini_hochberg(), binary=binary_metrics(), regression=regression_metrics(),
    multiclass=multiclass_metrics(), wilson=wilson(),
)
target = pathlib.Path(__file__).with_name("scipy-goldens.json")
target.write_text(json.dumps(goldens, separators=(",", ":")) + "\n")
print({name: len(rows) for name, rows in goldens.items()}, target.stat().st_size)
