"""The untrained pipeline of an algorithm: preprocessing and estimator, as one scikit-learn object."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from .data import MISSING_STRING, column_name
from .job import Job

Params = dict[str, Any]
OUR_OWN = ("num_iterations", "max_categories")


def build_pipeline(job: Job, params: Params, frame: pd.DataFrame, device: str, threads: int, rounds: int) -> Pipeline:
    """Steps `prepare` and `model`. The categories are those of `frame`, the rows that it will be fitted on."""
    trees = job.algorithm == "lightgbm"
    estimator = _lightgbm(job, params, device, threads, rounds) if trees else _linear(job, params)
    return Pipeline([("prepare", _preparation(job, params, frame, trees)), ("model", estimator)])


def as_input(job: Job, frame: pd.DataFrame) -> pd.DataFrame | np.ndarray:
    """Rows as the pipeline takes them. Linear models compute in float64, on values that a float32 holds."""
    kind = np.float32 if job.algorithm == "lightgbm" else np.float64
    if job.layout == "matrix":
        return frame.to_numpy(dtype=kind)
    return frame.astype({column_name(i): kind for i in job.numbers}, copy=False)


def _preparation(job: Job, params: Params, frame: pd.DataFrame, trees: bool) -> ColumnTransformer | Pipeline | str:
    if job.layout == "matrix":
        return "passthrough" if trees else _scaling()
    numbers = [column_name(i) for i in job.numbers]
    strings = [column_name(i) for i in job.strings]
    steps: list[tuple[str, Any, list[str]]] = []
    if numbers:
        # Trees get raw float32, never scaled: a scaler's rounding moves rows across thresholds (stack.md §3).
        steps.append(("numbers", "passthrough" if trees else _scaling(), numbers))
    if strings:
        categories = [_frequent(frame[name], params["max_categories"]) for name in strings]
        encoder = OneHotEncoder(
            categories=categories, handle_unknown="ignore", sparse_output=False, dtype=np.float32 if trees else np.float64
        )
        steps.append(("strings", encoder, strings))
    return ColumnTransformer(steps, sparse_threshold=0)


def _scaling() -> Pipeline:
    # A column without any value is kept (as zeros), so that the graph's inputs are the contract's.
    impute = SimpleImputer(strategy="median", keep_empty_features=True)
    return Pipeline([("impute", impute), ("scale", StandardScaler())])


def _frequent(column: pd.Series, most: int) -> list[str]:
    """The most frequent categories; ties by name, so that the order of the rows does not matter."""
    counted = sorted(Counter(column).items(), key=lambda entry: (-entry[1], entry[0]))
    names = sorted(name for name, _ in counted[:most])
    return names or [MISSING_STRING]


def _lightgbm(job: Job, params: Params, device: str, threads: int, rounds: int) -> LGBMClassifier | LGBMRegressor:
    passed = {k: v for k, v in params.items() if k not in OUR_OWN}
    kind = LGBMRegressor if job.task == "regression" else LGBMClassifier
    objective = {"binary": "binary", "multiclass": "multiclass", "regression": "regression"}[job.task]
    # deterministic and force_row_wise: the same rows, seed and thread count give the same trees (CPU only).
    return kind(
        n_estimators=rounds,
        objective=objective,
        random_state=job.seed,
        n_jobs=threads,
        deterministic=True,
        force_row_wise=True,
        device_type=device,
        verbose=-1,
        **passed,
    )


def _linear(job: Job, params: Params) -> LogisticRegression | Ridge:
    if job.algorithm == "linear":
        return Ridge(alpha=float(params["alpha"]), random_state=job.seed)
    return LogisticRegression(
        C=float(params["C"]),
        max_iter=params["max_iter"],
        class_weight=params["class_weight"] or None,
        random_state=job.seed,
    )
