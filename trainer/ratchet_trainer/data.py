"""The snapshot: a Parquet file named by its digest."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from .faults import TrainingError
from .job import Feature, Job

MISSING_STRING = ""
"""A missing string, in training and at the gateway (adapters/onnx/feeds.ts)."""


@dataclass(frozen=True)
class Rows:
    frame: pd.DataFrame
    """One column a feature, named by column_name(): float32 with NaN for missing, or text with "" for missing."""
    target: np.ndarray
    """Class index (int64), or the value (float64) for regression."""
    cluster: np.ndarray
    event_time: np.ndarray

    def __len__(self) -> int:
        return len(self.target)

    def take(self, index: np.ndarray) -> "Rows":
        return Rows(
            self.frame.iloc[index].reset_index(drop=True),
            self.target[index],
            self.cluster[index],
            self.event_time[index],
        )


def column_name(position: int) -> str:
    """Inner names, because converters rename what is not an identifier."""
    return f"ratchet_column_{position}"


def read_snapshot(job: Job) -> Rows:
    _verify(job)
    try:
        wanted = [f.name for f in job.features] + ["target", "event_time", "cluster"]
        file = pq.ParquetFile(job.snapshot_path)
        absent = [name for name in wanted if name not in file.schema_arrow.names]
        if absent:
            raise TrainingError(f"the snapshot lacks the columns {absent}; it has {file.schema_arrow.names}")
        table = file.read(columns=wanted)
    except (OSError, pa.ArrowInvalid) as error:
        raise TrainingError(f"the snapshot {job.snapshot_path} is not readable Parquet: {error}") from error
    if table.num_rows == 0:
        raise TrainingError("the snapshot holds no rows")
    columns = {column_name(i): feature_column(table, f) for i, f in enumerate(job.features)}
    return Rows(
        pd.DataFrame(columns),
        _target(table, job),
        np.asarray(table["cluster"].cast(pa.string()).to_pylist(), dtype=object),
        table["event_time"].cast(pa.int64(), safe=False).to_numpy(),
    )


def _verify(job: Job) -> None:
    digest = hashlib.sha256()
    try:
        with open(job.snapshot_path, "rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    except OSError as error:
        raise TrainingError(f"the snapshot {job.snapshot_path} cannot be read: {error}") from error
    if digest.hexdigest() != job.snapshot_digest.removeprefix("sha256:"):
        raise TrainingError(
            f"the snapshot has SHA-256 {digest.hexdigest()}, the job says {job.snapshot_digest}: somebody changed the file"
        )


def feature_column(table: pa.Table, feature: Feature) -> np.ndarray | pd.Series:
    column = table[feature.name]
    if feature.kind == "number":
        try:
            values = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise TrainingError(f"column {feature.name} is {column.type}, expected numbers: {error}") from error
        # What the graph will see: thresholds are compared with float32 values.
        return np.asarray(values, dtype=np.float64).astype(np.float32)
    text = column.cast(pa.string()).fill_null(MISSING_STRING)
    return pd.Series(text.to_pylist(), dtype=object)


def _target(table: pa.Table, job: Job) -> np.ndarray:
    column = table["target"]
    if column.null_count > 0:
        raise TrainingError(f"target is null in {column.null_count} of {len(column)} rows")
    texts = column.cast(pa.string()).to_pylist()
    if job.task == "regression":
        try:
            values = np.asarray([float(t) for t in texts])
        except ValueError as error:
            raise TrainingError(f"target must be a number: {error}") from error
        if not np.isfinite(values).all():
            raise TrainingError("target holds values that are not finite")
        return values
    index = {name: i for i, name in enumerate(job.classes)}
    unknown = sorted({t for t in texts if t not in index})
    if unknown:
        raise TrainingError(f"target holds {unknown[:5]}, the classes are {list(job.classes)}")
    return np.asarray([index[t] for t in texts], dtype=np.int64)


def split_holdout(job: Job, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the training rows and of the held-out rows, both in snapshot order."""
    held = np.isin(rows.cluster, np.asarray(job.holdout_clusters, dtype=object)) if job.holdout_clusters else np.zeros(len(rows), bool)
    train, holdout = np.flatnonzero(~held), np.flatnonzero(held)
    if len(train) == 0:
        raise TrainingError("every row lies in a held-out cluster: nothing is left to train on")
    if job.holdout_clusters and len(holdout) == 0:
        raise TrainingError("no row lies in a held-out cluster: there is nothing to judge the model on")
    return train, holdout
