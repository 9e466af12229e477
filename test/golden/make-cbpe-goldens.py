"""Makes cbpe-goldens.json: what NannyML's CBPE and scikit-learn's isotonic regression answer, for core/estimate.

    uv venv -p 3.11 /tmp/gold-cbpe && VIRTUAL_ENV=/tmp/gold-cbpe uv pip install -r test/golden/cbpe-requirements.txt
    /tmp/gold-cbpe/bin/python test/golden/make-cbpe-goldens.py

Deterministic (seeded). Scores are stored as whole numbers of 1/10000.
"""

import json
import os
import pathlib
from importlib.metadata import version

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"

import nannyml
import numpy as np
import pandas as pd
from sklearn.isotonic import IsotonicRegression

rng = np.random.default_rng(20131028)
METRICS = ["roc_auc", "f1", "precision", "recall", "specificity", "accuracy"]


def sample(n, shift, distort):
    """Scores in steps of 1/10000 and truths; `distort` bends the true probability into the score."""
    logit = rng.normal(shift, 1.5, n)
    truth = (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(int)
    score = np.round(1 / (1 + np.exp(-distort(logit))), 4)
    return score, truth


def binary_case(name, shift, distort, threshold, moved):
    score, truth = sample(2000, shift, distort)
    reference = pd.DataFrame(dict(score=score, answer=(score >= threshold).astype(int), truth=truth))
    score, truth = sample(900, moved, distort)
    analysis = pd.DataFrame(dict(score=score, answer=(score >= threshold).astype(int)))
    cbpe = nannyml.CBPE(
        problem_type="classification_binary", y_pred_proba="score", y_pred="answer", y_true="truth", metrics=METRICS, chunk_size=200
    )
    cbpe.fit(reference)
    frame = cbpe.estimate(analysis).filter(period="analysis").to_df()
    chunks = []
    for _, row in frame.iterrows():
        values = {
            metric: dict(
                value=row[(metric, "value")],
                error=row[(metric, "sampling_error")],
                low=row[(metric, "lower_confidence_boundary")],
                high=row[(metric, "upper_confidence_boundary")],
                thresholdLow=row[(metric, "lower_threshold")],
                thresholdHigh=row[(metric, "upper_threshold")],
                alert=bool(row[(metric, "alert")]),
            )
            for metric in METRICS
        }
        start, end = int(row[("chunk", "start_index")]), int(row[("chunk", "end_index")])
        chunks.append(dict(start=start, end=end + 1, metrics=values))
    isotonic = IsotonicRegression(out_of_bounds="clip").fit(reference.score, reference.truth)
    grid = np.round(np.linspace(0, 1, 101), 4)
    return dict(
        name=name,
        reference=dict(score=ints(reference.score), answer=bits(reference.answer), truth=bits(reference.truth)),
        analysis=dict(score=ints(analysis.score), answer=bits(analysis.answer)),
        needsCalibration=bool(cbpe.needs_calibration),
        isotonicOnGrid=[float(v) for v in isotonic.predict(grid)],
        chunks=chunks,
    )


def isotonic_cases():
    """Small fits with ties, constant truths and single scores."""
    cases = []
    for n in (1, 2, 3, 5, 8, 20, 60, 200):
        for levels in (2, 5, 50, 10000):
            score = rng.integers(0, levels, n) / levels
            truth = (rng.random(n) < score * 0.8 + 0.1).astype(int)
            at = np.round(rng.random(12) * 1.4 - 0.2, 4)
            fit = IsotonicRegression(out_of_bounds="clip").fit(score, truth)
            cases.append(dict(score=score.tolist(), truth=truth.tolist(), at=at.tolist(), value=fit.predict(at).tolist()))
    return cases


def bits(values):
    return "".join(str(int(v)) for v in values)


def ints(values):
    return [round(float(v) * 10000) for v in values]


def main():
    binary = [
        binary_case("overconfident", 0.0, lambda z: 2.5 * z, 0.5, 0.4),
        binary_case("too low", -0.5, lambda z: z - 1.5, 0.3, -1.0),
        binary_case("rare positives", -2.0, lambda z: 2 * z + 1, 0.5, -2.5),
        binary_case("mostly positive", 1.5, lambda z: 0.4 * z, 0.55, 1.0),
    ]
    versions = {p: version(p) for p in ("nannyml", "scikit-learn", "numpy", "pandas")}
    out = dict(versions=versions, isotonic=isotonic_cases(), binary=binary)
    pathlib.Path(__file__).with_name("cbpe-goldens.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")
    print([(c["name"], c["needsCalibration"], len(c["chunks"])) for c in binary])


main()
