"""Golden rows: rows with known answers that every gateway and the parity check reproduce."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from .data import MISSING_STRING, Rows, column_name
from .job import Job
from .training import Trained, answer, labels_of, scores_of

UNSEEN_CATEGORY = "ratchet-unseen-category"


def golden_rows(job: Job, trained: Trained, rows: Rows) -> dict[str, Any]:
    """`job.golden_rows` rows: real ones, a quarter of them with a missing value where there are such, and one in ten made
    from a real one with an unseen category or a missing value in one feature after the other."""
    random = np.random.default_rng(job.seed)
    frame = _real(job, rows, random)
    frame = _spoil(job, frame)
    answers = answer(job, trained.pipeline, frame)
    return {
        "features": {
            "rows": len(frame),
            "columns": {f.name: _values(frame[column_name(i)], f.kind) for i, f in enumerate(job.features)},
        },
        "scores": [float(s) for s in scores_of(job, answers)],
        "labels": labels_of(job, answers),
    }


def _real(job: Job, rows: Rows, random: np.random.Generator) -> pd.DataFrame:
    wanted = max(1, job.golden_rows)
    missing = np.zeros(len(rows), dtype=bool)
    for i, feature in enumerate(job.features):
        column = rows.frame[column_name(i)]
        missing |= (column.isna() if feature.kind == "number" else column.eq(MISSING_STRING)).to_numpy()
    some = _choose(np.flatnonzero(missing), wanted // 4, random)
    others = np.setdiff1d(np.arange(len(rows)), some)
    index = np.sort(np.concatenate([some, _choose(others, wanted - len(some), random)]))
    return rows.frame.iloc[index].reset_index(drop=True)


def _choose(index: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    return random.choice(index, size=min(count, len(index)), replace=False).astype(np.int64)


def _spoil(job: Job, frame: pd.DataFrame) -> pd.DataFrame:
    """What production will send and the training data may lack: one row in ten gets one such value."""
    frame = frame.copy()
    changes = [(i, None) for i in range(len(job.features))] + [(i, UNSEEN_CATEGORY) for i in job.strings]
    for step, row in enumerate(range(0, len(frame), 10)):
        i, value = changes[step % len(changes)]
        missing = np.float32("nan") if job.features[i].kind == "number" else MISSING_STRING
        frame.at[row, column_name(i)] = missing if value is None else value
    return frame


def _values(column: pd.Series, kind: str) -> list[float | str | None]:
    if kind == "string":
        # A missing string and an empty one are the same to the model; "" is what it saw.
        return [str(v) if v != MISSING_STRING else None for v in column]
    return [None if np.isnan(v) else float(v) for v in column.astype(np.float64)]
