"""The job kind `domain`: can a classifier tell two tables apart? (core/drift/multivariate/judge-domain.ts DomainJob)

LightGBM with its defaults, out-of-fold scores of all rows pooled into one AUC, as NannyML 0.13.1's DomainClassifierCalculator.
"""

from __future__ import annotations

import hashlib
import json
import math
import platform
import time
import warnings
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.stats import rankdata
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from . import preemption
from .data import MISSING_STRING, column_name, feature_column
from .faults import TrainingError
from .job import DomainJob
from .progress import Progress
from .training import threads, write_atomically

PACKAGES = ("lightgbm", "scikit-learn", "numpy", "pandas", "pyarrow", "scipy")
TWO_SIDED_95 = 1.959963984540054


@dataclass(frozen=True)
class Table:
    columns: dict[str, Any]
    cluster: np.ndarray | None
    rows: int


def run_domain(job: DomainJob, progress: Progress) -> dict[str, Any]:
    """Does the job and writes result.json into its folder."""
    started = time.monotonic()
    job.output_dir.mkdir(parents=True, exist_ok=True)
    progress.say(0.0, "reading the two tables")
    reference = _read(job, job.reference_path, job.reference_digest)
    current = _read(job, job.current_path, job.current_digest)
    frame = _joined(job, reference, current)
    side = np.concatenate([np.zeros(reference.rows, dtype=int), np.ones(current.rows, dtype=int)])
    cluster = None if reference.cluster is None or current.cluster is None else np.concatenate([reference.cluster, current.cluster])
    scores, gains = _out_of_fold(job, frame, side, cluster, progress.span(0.1, 0.95))
    result = {
        **auc_of(side, scores, cluster),
        "importance": _shares(job, gains),
        "rows": {"reference": reference.rows, "current": current.rows},
        "clusters": None if cluster is None else int(len(np.unique(cluster))),
        "versions": {"python": platform.python_version(), **{name: metadata.version(name) for name in PACKAGES}},
        "seconds": round(time.monotonic() - started, 3),
    }
    write_atomically(job.output_dir / "result.json", json.dumps(result, allow_nan=False).encode())
    progress.say(1.0, "done")
    return result


def auc_of(side: np.ndarray, scores: np.ndarray, cluster: np.ndarray | None) -> dict[str, float]:
    """AUC by mid-ranks and its standard error from structural components: DeLong, DeLong and Clarke-Pearson 1988 (Biometrics
    44:837); with clusters their sums a cluster, Obuchowski 1997 (Biometrics 53:567). The p-value of AUC = 0.5 takes the larger
    of that and the Mann-Whitney standard error under H0 (ties corrected), because the former is 0 when the sides separate."""
    current, reference = scores[side == 1], scores[side == 0]
    m, n = len(current), len(reference)
    ranks = rankdata(scores)
    # Of each row: the share of the other side that it beats (current) or loses to (reference); a tie is a half.
    beats = (ranks[side == 1] - rankdata(current)) / n
    loses = 1 - (ranks[side == 0] - rankdata(reference)) / m
    auc = float(beats.mean())
    influence = np.empty(m + n)
    influence[side == 1] = (beats - auc) / m
    influence[side == 0] = (loses - auc) / n
    if cluster is None:
        variance = float(np.var(beats, ddof=1) / m + np.var(loses, ddof=1) / n)
    else:
        _, member = np.unique(cluster, return_inverse=True)
        sums = np.bincount(member, weights=influence)
        variance = float(np.sum(sums**2) * len(sums) / max(1, len(sums) - 1))
    _, ties = np.unique(scores, return_counts=True)
    total = m + n
    null = (total + 1 - float(np.sum(ties.astype(float) ** 3 - ties)) / (total * (total - 1))) / (12.0 * m * n)
    error = math.sqrt(max(variance, 0.0))
    judged = math.sqrt(max(variance, null, 0.0))
    return {
        "auc": auc,
        "low": max(0.0, auc - TWO_SIDED_95 * error),
        "high": min(1.0, auc + TWO_SIDED_95 * error),
        "standard_error": error,
        # All scores equal: nothing distinguishes the sides.
        "p_value": 1.0 if judged == 0 else math.erfc(abs(auc - 0.5) / judged / math.sqrt(2)),
    }


def _out_of_fold(
    job: DomainJob, frame: pd.DataFrame, side: np.ndarray, cluster: np.ndarray | None, progress: Progress
) -> tuple[np.ndarray, np.ndarray]:
    if cluster is None:
        folds = list(StratifiedKFold(n_splits=job.folds).split(frame, side))
    else:
        if len(np.unique(cluster)) < job.folds:
            raise TrainingError(f"{len(np.unique(cluster))} clusters are too few for {job.folds} folds")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            splitter = StratifiedGroupKFold(n_splits=job.folds, shuffle=True, random_state=job.seed)
            folds = list(splitter.split(frame, side, groups=cluster))
    scores = np.zeros(len(side))
    gains = np.zeros(len(job.features))
    for k, (learn, test) in enumerate(folds):
        preemption.check()
        if len(np.unique(side[learn])) < 2:
            raise TrainingError(f"without fold {k + 1} only one table is left: its clusters are too few for {job.folds} folds")
        model = lgb.LGBMClassifier(random_state=job.seed, n_jobs=threads(), deterministic=True, verbose=-1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(frame.iloc[learn], side[learn])
            scores[test] = model.predict_proba(frame.iloc[test])[:, 1]
        gains += model.booster_.feature_importance(importance_type="gain")
        progress.say((k + 1) / len(folds), f"fold {k + 1} of {len(folds)}")
    return scores, gains


def _shares(job: DomainJob, gains: np.ndarray) -> dict[str, float]:
    total = float(gains.sum())
    return {f.name: float(gain) / total if total > 0 else 0.0 for f, gain in zip(job.features, gains)}


def _joined(job: DomainJob, reference: Table, current: Table) -> pd.DataFrame:
    """Reference rows first. Strings as one categorical of both sides; a missing string is a category of its own."""
    columns: dict[str, Any] = {}
    for i, feature in enumerate(job.features):
        name = column_name(i)
        both = np.concatenate([np.asarray(reference.columns[name]), np.asarray(current.columns[name])])
        if feature.kind == "string":
            columns[name] = pd.Categorical(both, categories=sorted({str(v) for v in both} | {MISSING_STRING}))
        else:
            columns[name] = both
    return pd.DataFrame(columns)


def _read(job: DomainJob, path: Path, digest: str) -> Table:
    try:
        with open(path, "rb") as file:
            seen = hashlib.file_digest(file, "sha256").hexdigest()
        if seen != digest.removeprefix("sha256:"):
            raise TrainingError(f"{path} has SHA-256 {seen}, the job says {digest}: somebody changed the file")
        file = pq.ParquetFile(path)
        wanted = [f.name for f in job.features] + ([job.cluster_column] if job.cluster_column is not None else [])
        absent = [name for name in wanted if name not in file.schema_arrow.names]
        if absent:
            raise TrainingError(f"{path} lacks the columns {absent}; it has {file.schema_arrow.names}")
        table = file.read(columns=list(dict.fromkeys(wanted)))
    except (OSError, pa.ArrowInvalid) as error:
        raise TrainingError(f"{path} is not readable Parquet: {error}") from error
    if table.num_rows < job.folds:
        raise TrainingError(f"{path} has {table.num_rows} rows, fewer than the {job.folds} folds")
    if table.num_rows > job.maximum_rows:
        table = table.take(pa.array(np.linspace(0, table.num_rows - 1, job.maximum_rows).astype(np.int64)))
    columns = {column_name(i): feature_column(table, f) for i, f in enumerate(job.features)}
    cluster = None
    if job.cluster_column is not None:
        cluster = np.asarray(table[job.cluster_column].cast(pa.string()).fill_null(MISSING_STRING).to_pylist(), dtype=str)
    return Table(columns, cluster, table.num_rows)
