"""Makes scipy-drift-goldens.json: what SciPy answers for every two-sample statistic of core/drift, on samples that both languages make.

    uv venv /tmp/gold && VIRTUAL_ENV=/tmp/gold uv pip install -r test/golden/requirements.txt
    /tmp/gold/bin/python test/golden/make-scipy-drift-goldens.py

A sample is a recipe, not an array: a linear congruential generator (Numerical Recipes' constants, modulo 2^32) and arithmetic
that IEEE 754 fixes to the last bit, in Python here and in TypeScript in test/golden/scipy-drift-goldens.ts.

Evidently's histogram distances are re-stated from their definitions with NumPy and SciPy (equal widths by Sturges' rule).
"""

import json
import pathlib
import warnings

import numpy as np
import scipy
from scipy import integrate, stats
from scipy.spatial.distance import jensenshannon

warnings.filterwarnings("ignore")


def lcg(seed, n):
    state, out = seed, np.empty(n)
    for i in range(n):
        state = (1664525 * state + 1013904223) % 4294967296
        out[i] = state / 4294967296
    return out


def sample(kind, seed, n, shift):
    if kind == "bell":
        u = lcg(seed, 4 * n).reshape(n, 4)
        return u[:, 0] + u[:, 1] + u[:, 2] + u[:, 3] - 2 + shift
    u = lcg(seed, n)
    return {
        "uniform": lambda: u + shift,
        "skewed": lambda: u / (1.0001 - u) + shift,
        "offset": lambda: 1000 + u + shift,
        "tenths": lambda: np.floor((u + shift) * 10) / 10,
        "wide integers": lambda: np.floor(u * 60 + shift * 10),
        "five values": lambda: np.floor(u * 5 + shift),
        "binary": lambda: np.floor(u + 0.4 + shift * 0.3),
    }[kind]()


KINDS = ("uniform", "bell", "skewed", "offset", "tenths", "wide integers", "five values", "binary")
SIZES = (
    (1, 1), (1, 2), (2, 2), (1, 9), (3, 5), (4, 4), (5, 7), (7, 8), (8, 8), (8, 30), (30, 8), (6, 500), (9, 9), (12, 15), (15, 20),
    (19, 20), (20, 20), (20, 21), (30, 50), (100, 100), (137, 90), (300, 1000), (1000, 1000), (5000, 200), (1, 50000), (100, 50000),
    (20000, 15000),
)


def number(value):
    value = float(value)
    return value if np.isfinite(value) else None


def fill(shares):
    least = shares[shares > 0].min()
    return np.where(shares > 0, shares, least / 1e6 if least <= 1e-4 else 1e-4)


def psi(p, q):
    return np.sum((p - q) * np.log(p / q))


def evidently_shares(a, b, integers):
    if len(np.unique(a)) <= 20:
        keys = np.unique(np.concatenate([a, b]))
        return np.array([(a == k).sum() for k in keys]) / len(a), np.array([(b == k).sum() for k in keys]) / len(b)
    both = np.concatenate([a, b])
    edges = np.histogram_bin_edges(both.astype(np.int64) if integers else both, bins="sturges")
    return np.histogram(a, edges)[0] / len(a), np.histogram(b, edges)[0] / len(b)


def evidently_hellinger(a, b, integers):
    keys = np.unique(np.concatenate([a, b]))
    edges = np.histogram_bin_edges(keys.astype(np.int64) if integers else keys, bins="sturges")
    h, g = np.histogram(a, edges, density=True)[0], np.histogram(b, edges, density=True)[0]
    return np.sqrt(np.clip(1 - (edges[1] - edges[0]) * np.sum(np.sqrt(h * g)), 0, 1))


def quantile_shares(a, b):
    s = np.sort(a)
    edges = np.unique([s[max(0, -(-i * len(s) // 10) - 1)] for i in range(1, 10)])
    if edges[0] == s[0]:
        edges = np.concatenate([[np.nextafter(edges[0], -np.inf)], edges])
    bins = np.concatenate([edges, [np.inf]])
    return (np.bincount(np.searchsorted(bins, side, side="left"), minlength=len(bins)) / len(side) for side in (a, b))


def pooled_psi(p, q):
    least = min(p[p > 0].min(), q[q > 0].min())
    empty = 1e-4 if least > 1e-4 else least / 2
    return psi(np.where(p > 0, p, empty), np.where(q > 0, q, empty))


def numeric_case(kind, seed, n, m, shift):
    a, b = sample(kind, seed, n, 0.0), sample(kind, seed + 7919, m, shift)
    integers = bool(np.all(np.floor(a) == a) and np.all(np.floor(b) == b))
    ks, mw, less = stats.ks_2samp(a, b), stats.mannwhitneyu(a, b), stats.mannwhitneyu(a, b, alternative="less")
    case = dict(kind=kind, seed=seed, n=n, m=m, shift=shift, check=float(a[-1]), ks=[ks.statistic, ks.pvalue],
                mannwhitney=[mw.statistic, mw.pvalue], less=less.pvalue)
    one_value = len(np.unique(np.concatenate([a, b]))) == 1
    if min(n, m) >= 2 and not one_value:
        cvm = stats.cramervonmises_2samp(a, b)
        case["cvm"] = [cvm.statistic, cvm.pvalue]
        welch = stats.ttest_ind(a, b, equal_var=False)
        case["welch"] = [number(welch.statistic), number(welch.pvalue)]
    if n + m >= 4 and not one_value:
        ad = stats.anderson_ksamp([a, b])
        case["anderson"] = [ad.statistic, ad.pvalue]
    if n + m >= 3 and not one_value:
        t = stats.ttest_ind(a, b)
        case["t"] = [number(t.statistic), number(t.pvalue)]
    w = stats.wasserstein_distance(a, b)
    p, q = evidently_shares(a, b, integers)
    case |= dict(energy=stats.energy_distance(a, b), wasserstein=w, normed=w / max(np.std(a), 0.001),
                 psi=psi(fill(p), fill(q)), kl=stats.entropy(fill(p), fill(q)), js=jensenshannon(p, q),
                 hellinger=evidently_hellinger(a, b, integers), quantilePsi=pooled_psi(*quantile_shares(a, b)))
    return {k: [None if x is None else float(x) for x in v] if isinstance(v, list) else float(v) if isinstance(v, np.floating) else v
            for k, v in case.items()}


def numeric():
    cases = []
    for at, (n, m) in enumerate(SIZES):
        kinds = KINDS if max(n, m) < 10000 else ("uniform", "tenths", "binary")
        for k, kind in enumerate(kinds):
            cases.append(numeric_case(kind, 1000 * at + 17 * k + 1, n, m, (0.0, 0.3, 1.0, 0.05)[(at + k) % 4]))
    return cases


def categorical():
    cases = []
    for at in range(80):
        k = (2, 2, 3, 5, 12)[at % 5]
        size = (10, 60, 1000, 100000)[at % 4]
        u = lcg(at + 1, 2 * k)
        a, b = np.floor(u[:k] ** 2 * size), np.floor(u[k:] * size / (1 + at % 3))
        a[0] += 1
        b[0] += 1
        case = dict(reference=a.astype(int).tolist(), current=b.astype(int).tolist())
        known = (a > 0) | (b > 0)
        x, y = a[known], b[known]
        expected = x * y.sum() / x.sum()
        if np.all(expected > 0) and len(x) > 1:
            chi, g = stats.chisquare(y, expected), stats.power_divergence(y, expected, lambda_="log-likelihood")
            case |= dict(chisquare=[chi.statistic, chi.pvalue], g=[g.statistic, g.pvalue])
        n, m = a.sum(), b.sum()
        p, q, s = a[0] / n, b[0] / m, (a[0] + b[0]) / (n + m)
        z = (p - q) / np.sqrt(s * (1 - s) * (1 / n + 1 / m)) if s < 1 else 0.0
        case["z"] = [z, 2 * stats.norm.sf(abs(z))]
        p, q = x / n, y / m
        case |= dict(tvd=0.5 * np.abs(p - q).sum(), linf=np.abs(p - q).max(), js=jensenshannon(p, q),
                     hellinger=np.sqrt(np.clip(1 - np.sum(np.sqrt(p * q)), 0, 1)),
                     psi=psi(fill(p), fill(q)), kl=stats.entropy(fill(p), fill(q)))
        cases.append({k: [float(e) for e in v] if isinstance(v, list) and k in ("chisquare", "g", "z") else
                      float(v) if isinstance(v, np.floating) else v for k, v in case.items()})
    return cases


def fisher():
    tables = [(1, 5, 6, 6), (0, 6, 6, 0), (8, 2, 1, 5), (5, 5, 5, 5), (1, 0, 0, 1), (3, 0, 4, 0), (10, 20, 10, 20), (190, 800, 200, 900),
              (50000, 50000, 49500, 50500), (100000, 3, 99000, 9), (1, 100000, 9, 99000), (2, 0, 500000, 500000)]
    for at in range(70):
        u = lcg(at + 500, 4)
        tables.append(tuple(int(v) for v in np.floor(u * (4, 9, 30, 200, 3000)[at % 5]) + (0, 0, 1, 0)))
    for at in range(12):  # one margin halves the rows: every probability occurs twice
        u = lcg(at + 900, 2)
        a, c = (int(v) for v in np.floor(u * (6, 40, 500)[at % 3]))
        tables.append((a, 500 - a, c, 500 - c))
    cases = []
    for a, b, c, d in tables:
        r = stats.fisher_exact([[a, b], [c, d]])
        cases.append(dict(table=[a, b, c, d], oddsRatio=number(r.statistic), p=float(r.pvalue)))
    return cases


def student_tail():
    return [dict(t=t, df=df, p=float(2 * stats.t.sf(t, df))) for df in (0.7, 1, 1.5, 2, 3.3, 9, 29.5, 30, 31, 100, 5000, 2e6)
            for t in (1e-6, 0.3, 1, 1.8, 2.6, 8, 40, 1e4)]


def cramer_von_mises_tail():
    """Smirnov's integral by adaptive quadrature with its end points as weights: another way to the numbers than ours."""
    def tail(x):
        total = 0.0
        for k in range(1, 40):
            left, right = (2 * k - 1) * np.pi, 2 * k * np.pi
            f = lambda u: np.exp(-(u * u - np.pi**2) * x / 2) / np.sqrt(-u * np.sin(u) / ((u - left) * (right - u)))
            # away from the end points, where sin(u) has lost its digits
            g = lambda u: f(min(max(u, left + 1e-7), right - 1e-7))
            part, _ = integrate.quad(g, left, right, weight="alg", wvar=(-0.5, -0.5), epsabs=0, epsrel=1e-11, limit=200)
            total += part if k % 2 else -part
            if part < 1e-16 * total:
                break
        return float(2 / np.pi * total * np.exp(-np.pi**2 * x / 2))
    return [dict(x=x, p=tail(x)) for x in (0.02, 0.05, 0.1, 0.2, 0.34730, 0.46136, 0.74346, 1.16786, 2.0, 4.0, 8.0)]


goldens = dict(numeric=numeric(), categorical=categorical(), fisher=fisher(), studentTail=student_tail(),
               cramerVonMisesTail=cramer_von_mises_tail())
versions = dict(scipy=scipy.__version__, numpy=np.__version__)
# A case a line: a change shows as the cases that changed.
groups = [f'"{name}": [\n' + ",\n".join(json.dumps(case) for case in cases) + "\n]" for name, cases in goldens.items()]
target = pathlib.Path(__file__).with_name("scipy-drift-goldens.json")
target.write_text("{\n" + ",\n".join([f'"versions": {json.dumps(versions)}', *groups]) + "\n}\n")
print({name: len(cases) for name, cases in goldens.items()}, target.stat().st_size)
