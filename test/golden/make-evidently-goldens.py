"""Real Evidently runs on generated frames: what test/core/compare/evidently.test.ts must reproduce.

    python -m venv V && V/bin/pip install -r test/golden/evidently-requirements.txt
    V/bin/python test/golden/make-evidently-goldens.py test/golden/evidently-goldens.json

Frames are described, not stored: `column()` here and `goldenColumn` in the test make the same doubles from the same linear
congruential generator (only +, -, *, / and floor, so that both languages agree to the last bit).
"""

import json
import math
import sys
import warnings

import evidently
import numpy as np
import pandas as pd
import scipy
from evidently.legacy.metric_preset import DataDriftPreset
from evidently.legacy.pipeline.column_mapping import ColumnMapping
from evidently.legacy.report import Report

warnings.filterwarnings("ignore")


class Lcg:
    """Numerical Recipes' constants; uniform in [0, 1)."""

    def __init__(self, seed):
        self.state = seed % 4294967296

    def next(self):
        self.state = (1664525 * self.state + 1013904223) % 4294967296
        return self.state / 4294967296


def value(rng, spec):
    shape = spec["shape"]
    if shape == "uniform":
        return rng.next() * spec["scale"] + spec["shift"]
    if shape == "bell":
        total = rng.next()
        total += rng.next()
        total += rng.next()
        total += rng.next()
        return (total - 2) * spec["scale"] + spec["shift"]
    if shape == "skewed":
        u = rng.next()
        return u * u * u * spec["scale"] + spec["shift"]
    if shape == "rounded":
        return math.floor((rng.next() * spec["scale"] + spec["shift"]) * 10 + 0.5) / 10
    if shape == "integer":
        return math.floor(rng.next() * spec["k"]) + spec["shift"]
    if shape == "constant":
        return spec["shift"]
    if shape == "category":
        u = rng.next()
        if spec.get("skew"):
            u = u * u
        return "c%d" % (math.floor(u * spec["k"]) + spec["shift"])
    raise ValueError(shape)


def column(rows, spec):
    rng = Lcg(spec["seed"])
    values = [value(rng, spec) for _ in range(rows)]
    every = spec.get("nullEvery")
    if every:
        values = [None if i % every == every - 1 else v for i, v in enumerate(values)]
    return values


def frame(rows, columns, side):
    data = {}
    for spec in columns:
        values = column(rows, spec[side])
        if spec["kind"] == "string":
            data[spec["name"]] = pd.Series(values, dtype="object")
        elif spec[side]["shape"] == "integer" and not spec[side].get("nullEvery"):
            data[spec["name"]] = pd.Series(values, dtype="int64")
        else:
            data[spec["name"]] = pd.Series(values, dtype="float64")
    return pd.DataFrame(data)


def number(name, seed, reference, current, **both):
    return {
        "name": name,
        "kind": "number",
        "reference": {"seed": seed, **both, **reference},
        "current": {"seed": seed + 7919, **both, **current},
    }


def text(name, seed, reference, current, **both):
    return {**number(name, seed, reference, current, shape="category", **both), "kind": "string"}


def columns(seed, shift):
    """Ten columns of every kind; `shift` moves the current side of the number columns by so many scales."""
    return [
        number("uniform", seed + 1, {"shift": 0.0}, {"shift": shift}, shape="uniform", scale=1.0),
        number("bell", seed + 2, {"shift": 10.0}, {"shift": 10.0 + shift}, shape="bell", scale=3.0),
        number("skewed", seed + 3, {"shift": 0.0, "scale": 100.0}, {"shift": 0.0, "scale": 100.0 * (1 + shift)}, shape="skewed"),
        number("rounded", seed + 4, {"shift": 0.0}, {"shift": shift}, shape="rounded", scale=4.0),
        number("integer", seed + 5, {"shift": 0}, {"shift": 0 if shift == 0 else 1}, shape="integer", k=40),
        number("few", seed + 6, {"shift": 0}, {"shift": 0 if shift < 0.2 else 1}, shape="integer", k=4),
        number("nulls", seed + 7, {"shift": 0.0, "nullEvery": 9}, {"shift": shift, "nullEvery": 4}, shape="uniform", scale=2.0),
        text("two", seed + 8, {"shift": 0}, {"shift": 0}, k=2, skew=shift > 0.2),
        text("three", seed + 9, {"shift": 0}, {"shift": 0 if shift < 0.2 else 1}, k=3),
        text("twelve", seed + 10, {"shift": 0, "skew": True}, {"shift": 0, "skew": shift == 0}, k=12),
    ]


SIZES = [(100, 100), (200, 50), (500, 1000), (999, 300), (1000, 1000), (1001, 300), (1500, 120), (2000, 2000), (3000, 500), (5000, 100)]
SHIFTS = [0.0, 0.05, 0.3]

NUMERIC = ["ks", "wasserstein", "psi", "kl_div", "jensenshannon", "hellinger", "ed", "mannw", "t_test", "anderson", "cramer_von_mises"]
CATEGORICAL = ["chisquare", "psi", "kl_div", "jensenshannon", "hellinger", "TVD", "g_test"]
BINARY = ["z", "fisher_exact"]


def clean(x):
    if x is None:
        return None
    x = float(x)
    return x if math.isfinite(x) else repr(x)


def drift(reference, current, specs, **options):
    """Runs the preset over all columns; on a crash of Evidently column by column, so that one bad one does not hide the others."""
    mapping = ColumnMapping()
    mapping.numerical_features = [s["name"] for s in specs if s["kind"] == "number"]
    mapping.categorical_features = [s["name"] for s in specs if s["kind"] == "string"]
    report = Report(metrics=[DataDriftPreset(**options)])
    report.run(reference_data=reference, current_data=current, column_mapping=mapping)
    dataset, table = (m["result"] for m in report.as_dict()["metrics"])
    by_column = {
        name: {
            "test": c["stattest_name"],
            "score": clean(c["drift_score"]),
            "threshold": clean(c["stattest_threshold"]),
            "drifted": bool(c["drift_detected"]),
        }
        for name, c in table["drift_by_columns"].items()
    }
    return {
        "share": clean(dataset["share_of_drifted_columns"]),
        "drifted": bool(dataset["dataset_drift"]),
        "columns": by_column,
    }


def attempt(reference, current, specs, **options):
    try:
        return drift(reference, current, specs, **options)
    except Exception as error:  # noqa: BLE001 -- whatever Evidently raises is the finding
        return {"error": "%s: %s" % (type(error).__name__, str(error)[:120])}


def main(target):
    cases = []
    for index, (n, m) in enumerate(SIZES):
        for shift in SHIFTS:
            specs = columns(1000 * (index + 1), shift)
            reference, current = frame(n, specs, "reference"), frame(m, specs, "current")
            cases.append({"reference": n, "current": m, "columns": specs, "preset": attempt(reference, current, specs)})

    explicit = []
    for n, m in [(300, 300), (800, 250), (2500, 900)]:
        for shift in SHIFTS:
            specs = columns(77000 + n, shift)
            reference, current = frame(n, specs, "reference"), frame(m, specs, "current")
            for spec in specs:
                methods = NUMERIC if spec["kind"] == "number" else CATEGORICAL + (BINARY if spec["name"] == "two" else [])
                for method in methods:
                    option = {"num_stattest": method} if spec["kind"] == "number" else {"cat_stattest": method}
                    ref, cur = reference[[spec["name"]]], current[[spec["name"]]]
                    found = attempt(ref, cur, [spec], **option)
                    entry = found if "error" in found else found["columns"][spec["name"]]
                    explicit.append({"reference": n, "current": m, "column": spec, "method": method, **entry})

    constants = []
    for spec in [
        number("constant", 1, {"shift": 3.0}, {"shift": 3.0}, shape="constant"),
        number("moved", 2, {"shift": 3.0}, {"shift": 4.0}, shape="constant"),
        text("one", 3, {"shift": 0}, {"shift": 0}, k=1),
    ]:
        for n, m in [(200, 200), (1200, 200)]:
            ref, cur = frame(n, [spec], "reference"), frame(m, [spec], "current")
            found = attempt(ref, cur, [spec])
            entry = found if "error" in found else found["columns"][spec["name"]]
            constants.append({"reference": n, "current": m, "column": spec, **entry})

    result = {
        "madeBy": "test/golden/make-evidently-goldens.py",
        "versions": {"evidently": evidently.__version__, "scipy": scipy.__version__, "numpy": np.__version__, "pandas": pd.__version__},
        "presets": cases,
        "methods": explicit,
        "constants": constants,
    }
    with open(target, "w", encoding="utf-8") as out:
        json.dump(result, out, separators=(",", ":"))
        out.write("\n")


if __name__ == "__main__":
    main(sys.argv[1])
