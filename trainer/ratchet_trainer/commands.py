"""The kinds of job; `domain` is in domain.py. Each returns the result document; files lie in the job's output folder."""

from __future__ import annotations

import hashlib
import json
import platform
import time
from importlib import metadata
from typing import Any

import joblib
import numpy as np

from .data import Rows, read_snapshot, split_holdout
from .export import to_graph
from .faults import TrainingError
from .folds import cluster_folds
from .golden import golden_rows
from .job import DomainJob, Job
from .metrics import holdout_metrics, trial_metric
from .params import resolve_params
from .progress import Progress
from .training import Checkpoint, Trained, answer, importance, scores_of, train, write_atomically

Result = dict[str, Any]
PACKAGES = ("lightgbm", "scikit-learn", "skl2onnx", "onnxmltools", "onnx", "numpy", "pandas", "pyarrow")


def run_job(job: Job | DomainJob, progress: Progress) -> Result:
    """Does the job and writes result.json into its folder."""
    if isinstance(job, DomainJob):
        from .domain import run_domain

        return run_domain(job, progress)
    started = time.monotonic()
    job.output_dir.mkdir(parents=True, exist_ok=True)
    progress.say(0.0, "reading the snapshot")
    rows = read_snapshot(job)
    params = resolve_params(job.algorithm, job.params)
    result = {"trial": _trial, "fit": _fit, "score": _score}[job.kind](job, params, rows, progress)
    result["params"] = params
    result["versions"] = {"python": platform.python_version(), **{name: metadata.version(name) for name in PACKAGES}}
    result["seconds"] = round(time.monotonic() - started, 3)
    write_atomically(job.output_dir / "result.json", json.dumps(result, allow_nan=False).encode())
    progress.say(1.0, "done")
    return result


def _trial(job: Job, params: dict[str, Any], rows: Rows, progress: Progress) -> Result:
    """Cross-validation over whole training clusters; the held-out ones are never looked at."""
    train_index, _ = split_holdout(job, rows)
    usable = rows.take(train_index)
    folds = cluster_folds(usable.cluster, job.folds, job.seed)
    done = _TrialCheckpoint(job)
    losses: list[float] = done.losses
    device = done.device
    weights = [len(test) for _, test in folds]
    for k in range(len(losses), len(folds)):
        learn, test = folds[k]
        part = progress.span(k / len(folds), (k + 1) / len(folds))
        trained = train(job, params, usable.take(learn), part)
        judged = usable.take(test)
        losses.append(trial_metric(job.task, judged.target, answer(job, trained.pipeline, judged.frame)))
        device = trained.device
        done.save(losses, device)
        progress.say((k + 1) / len(folds), f"fold {k + 1} of {len(folds)}", metric=_pooled(job, losses, weights), checkpoint=str(done.path))
    return _result(metrics={job.metric: _pooled(job, losses, weights), "trainRows": float(len(usable))}, device=device)


def _pooled(job: Job, losses: list[float], weights: list[int]) -> float:
    """Over all rows judged so far: the mean of log-losses, the root of the mean square for rmse."""
    power = 2 if job.task == "regression" else 1
    total = np.average(np.asarray(losses) ** power, weights=weights[: len(losses)])
    return float(total ** (1 / power))


def _fit(job: Job, params: dict[str, Any], rows: Rows, progress: Progress) -> Result:
    train_index, holdout_index = split_holdout(job, rows)
    checkpoint = Checkpoint(job)
    share = 0.5 if job.compare_random_holdout and len(holdout_index) else 0.9
    trained = train(job, params, rows.take(train_index), progress.span(0.02, share), checkpoint)
    holdout = rows.take(holdout_index)
    answers = answer(job, trained.pipeline, holdout.frame) if len(holdout) else None
    metrics = {} if answers is None else holdout_metrics(job.task, holdout.target, answers, job.threshold)
    metrics |= {"trainRows": float(len(train_index)), "holdoutRows": float(len(holdout_index))}
    random_holdout = None
    if job.compare_random_holdout and len(holdout_index):
        random_holdout = _random_holdout(job, params, rows, len(holdout_index), metrics, progress.span(share, 0.9))
    progress.say(0.91, "converting to ONNX")
    graph = to_graph(job, trained)
    write_atomically(job.output_dir / "model.onnx", graph)
    joblib.dump(trained.pipeline, job.output_dir / "native.joblib")
    progress.say(0.97, "golden rows")
    result = _result(
        metrics=metrics,
        device=trained.device,
        importance=importance(job, trained.pipeline),
        model={
            "path": str(job.output_dir / "model.onnx"),
            "sha256": hashlib.sha256(graph).hexdigest(),
            "contract": {
                "task": job.task,
                "features": [{"name": f.name, "kind": f.kind} for f in job.features],
                "layout": job.layout,
                "classes": list(job.classes),
                "threshold": job.threshold,
            },
        },
        golden=golden_rows(job, trained, rows),
        holdout_scores=None if answers is None else _floats(scores_of(job, answers)),
        random_holdout=random_holdout,
    )
    checkpoint.remove()
    return result


def _random_holdout(
    job: Job, params: dict[str, Any], rows: Rows, count: int, metrics: dict[str, float], progress: Progress
) -> Result:
    """A second fit whose hold-out is as large, but drawn row by row: what a test that ignores clusters would have said."""
    index = np.sort(np.random.default_rng(job.seed).choice(len(rows), size=count, replace=False))
    rest = np.setdiff1d(np.arange(len(rows)), index)
    trained = train(job, params, rows.take(rest), progress)
    judged = rows.take(index)
    answers = answer(job, trained.pipeline, judged.frame)
    for name, value in holdout_metrics(job.task, judged.target, answers, job.threshold).items():
        metrics[f"randomHoldout.{name}"] = value
    return {"row_index": [int(i) for i in index], "scores": _floats(scores_of(job, answers))}


def _score(job: Job, params: dict[str, Any], rows: Rows, progress: Progress) -> Result:
    """The native model that an earlier `fit` left in the same folder, on the held-out rows (all rows when none are)."""
    path = job.output_dir / "native.joblib"
    if not path.exists():
        raise TrainingError(f"there is no fitted model in {job.output_dir}; run a job of kind fit there first")
    trained = Trained(joblib.load(path), "cpu")
    _, index = split_holdout(job, rows)
    judged = rows.take(index) if len(index) else rows
    progress.say(0.5, f"scoring {len(judged)} rows")
    answers = answer(job, trained.pipeline, judged.frame)
    metrics = holdout_metrics(job.task, judged.target, answers, job.threshold)
    return _result(
        metrics=metrics, device="cpu", importance=importance(job, trained.pipeline), holdout_scores=_floats(scores_of(job, answers))
    )


def _result(*, metrics: dict[str, float], device: str, **more: Any) -> Result:
    blank = {"importance": {}, "model": None, "golden": None, "holdout_scores": None, "random_holdout": None}
    return {**blank, "metrics": metrics, "device": device, **more}


def _floats(values: np.ndarray) -> list[float]:
    return [float(v) for v in values]


class _TrialCheckpoint:
    """Losses of the folds that are done."""

    def __init__(self, job: Job) -> None:
        self.path = job.output_dir / f"folds-{job.fingerprint[:16]}.json"
        self.losses: list[float] = []
        self.device = "cpu"
        try:
            document = json.loads(self.path.read_text(encoding="utf-8"))
            self.losses, self.device = [float(v) for v in document["losses"]], str(document["device"])
        except (OSError, ValueError, KeyError, TypeError):
            pass

    def save(self, losses: list[float], device: str) -> None:
        write_atomically(self.path, json.dumps({"losses": losses, "device": device}).encode())
