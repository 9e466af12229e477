"""Makes performance-goldens.json: what scikit-learn answers, and direct definitions of what it lacks, for core/performance.

    uv venv /tmp/gold && VIRTUAL_ENV=/tmp/gold uv pip install -r test/golden/requirements.txt
    /tmp/gold/bin/python test/golden/make-performance-goldens.py

Deterministic (seeded). DeLong's variance is computed pair by pair, O(nm); the expected calibration error bin by bin; the
variance of macro F1 by numerical derivatives of scikit-learn's own value.
"""

import json
import pathlib

import numpy as np
import sklearn
from sklearn import metrics

rng = np.random.default_rng(20261123)


def delong(truth, score):
    positive, negative = score[truth], score[~truth]
    wins = (positive[:, None] > negative[None, :]) + 0.5 * (positive[:, None] == negative[None, :])
    of_positives, of_negatives = wins.mean(axis=1), wins.mean(axis=0)
    return float(of_positives.var(ddof=1) / len(positive) + of_negatives.var(ddof=1) / len(negative))


def ece(truth, score):
    bins = np.minimum(9, np.floor(score * 10)).astype(int)
    gaps = [abs(score[bins == b].sum() - truth[bins == b].sum()) for b in range(10)]
    return float(sum(gaps) / len(truth))


def binary(n, decimals, skew):
    score = rng.beta(2, 2, n).round(decimals)
    truth = rng.random(n) < score**skew
    truth[0:2], truth[2:4] = True, False
    answer = score >= 0.5
    values = np.array([[1.5, -4.0], [-10.0, 25.0]])
    confusion = metrics.confusion_matrix(truth, answer, labels=[False, True])
    return dict(
        truth=truth.tolist(),
        score=score.tolist(),
        auc=float(metrics.roc_auc_score(truth, score)),
        aucVariance=delong(truth, score),
        logLoss=float(metrics.log_loss(truth, score)),
        brier=float(metrics.brier_score_loss(truth, score)),
        accuracy=float(metrics.accuracy_score(truth, answer)),
        precision=float(metrics.precision_score(truth, answer)),
        recall=float(metrics.recall_score(truth, answer)),
        f1=float(metrics.f1_score(truth, answer)),
        fpr=float(confusion[0, 1] / confusion[0].sum()),
        calibrationError=ece(truth, score),
        values=values.tolist(),
        businessValue=float((confusion * values).sum() / n),
    )


def macro_f1_of(matrix):
    """scikit-learn's macro F1 of cell shares given as weights."""
    truth, answer = np.indices(matrix.shape)
    return metrics.f1_score(truth.ravel(), answer.ravel(), average="macro", sample_weight=matrix.ravel(), zero_division=0)


def macro_f1_variance(matrix):
    n = matrix.sum()
    share = matrix / n
    slope = np.zeros_like(share)
    step = 1e-6
    for cell in np.ndindex(*share.shape):
        up, down = share.copy(), share.copy()
        up[cell] += step
        down[cell] -= step
        slope[cell] = (macro_f1_of(up) - macro_f1_of(down)) / (2 * step)
    return float(((share * slope**2).sum() - (share * slope).sum() ** 2) / n)


def multiclass(n, k, right):
    names = np.array(["ash", "beech", "cedar", "date", "elm"][:k])
    truth = rng.integers(0, k, n)
    answer = np.where(rng.random(n) < right, truth, rng.integers(0, k, n))
    matrix = metrics.confusion_matrix(truth, answer, labels=range(k)).astype(float)
    out = dict(truth=names[truth].tolist(), label=names[answer].tolist(), f1Variance=macro_f1_variance(matrix))
    for average, suffix in (("macro", ""), ("micro", "Micro")):
        for name in ("precision", "recall", "f1"):
            score = getattr(metrics, f"{name}_score")
            out[name + suffix] = float(score(truth, answer, average=average, zero_division=0))
    out["accuracy"] = float(metrics.accuracy_score(truth, answer))
    return out


def regression(n, scale):
    truth = (rng.normal(size=n) * scale).round(3)
    score = truth + rng.normal(size=n).round(3)
    nonzero = truth != 0
    return dict(
        truth=truth.tolist(),
        score=score.tolist(),
        rmse=float(metrics.root_mean_squared_error(truth, score)),
        mae=float(metrics.mean_absolute_error(truth, score)),
        mse=float(metrics.mean_squared_error(truth, score)),
        mape=float(metrics.mean_absolute_percentage_error(truth[nonzero], score[nonzero])),
    )


goldens = dict(
    versions=dict(numpy=np.__version__, scikitLearn=sklearn.__version__),
    binary=[binary(n, d, s) for n, d, s in ((12, 1, 1), (60, 1, 1), (60, 8, 2), (250, 2, 1), (250, 8, 0.5), (400, 1, 3))],
    multiclass=[multiclass(n, k, r) for n, k, r in ((40, 3, 0.8), (150, 5, 0.5), (300, 4, 0.95))],
    regression=[regression(n, s) for n, s in ((20, 1), (200, 100), (200, 0.004))],
)
path = pathlib.Path(__file__).parent / "performance-goldens.json"
path.write_text(json.dumps(goldens) + "\n")
print({name: len(cases) for name, cases in goldens.items()})
