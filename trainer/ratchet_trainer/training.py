"""Fits one model on given rows, and answers with it."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from . import preemption
from .data import Rows
from .device import working_device
from .faults import Preempted, TrainingError
from .job import Job
from .pipelines import as_input, build_pipeline
from .progress import Progress

Params = dict[str, Any]
CHECKPOINT_EVERY = 25
"""Rounds between two checkpoints on disk."""


@dataclass(frozen=True)
class Trained:
    pipeline: Pipeline
    device: str


def threads() -> int:
    return max(1, int(os.environ.get("RATCHET_TRAINER_THREADS", "1")))


def train(job: Job, params: Params, rows: Rows, progress: Progress, checkpoint: "Checkpoint | None" = None) -> Trained:
    """`checkpoint`: where the rounds done so far are kept and resumed from (LightGBM only; None: neither)."""
    if job.task != "regression" and len(np.unique(rows.target)) < 2:
        only = job.classes[int(rows.target[0])]
        raise TrainingError(f"the {len(rows)} training rows hold one class only, {only!r}: nothing can be learnt")
    if job.algorithm != "lightgbm":
        progress.say(0.05, f"fitting {job.algorithm} on {len(rows)} rows")
        pipeline = build_pipeline(job, params, rows.frame, "cpu", 1, 0)
        pipeline.fit(as_input(job, rows.frame), rows.target)
        return Trained(pipeline, "cpu")
    return _train_lightgbm(job, params, rows, progress, checkpoint)


def _train_lightgbm(
    job: Job, params: Params, rows: Rows, progress: Progress, checkpoint: "Checkpoint | None"
) -> Trained:
    total = params["num_iterations"]
    done = checkpoint.load() if checkpoint else None
    before = done.current_iteration() if done is not None else 0
    if before > 0:
        progress.say(before / total, f"resumed from round {before} of {total}", checkpoint=str(checkpoint.path))
    device = working_device()
    pipeline = build_pipeline(job, params, rows.frame, device, threads(), total - before)
    if before > 0:
        # Another stream of random bags for the remaining rounds: the same one would repeat the first rounds' bags.
        pipeline.set_params(model__random_state=job.seed + before)
    latest: list[lgb.Booster] = []

    def on_round(env: lgb.callback.CallbackEnv) -> None:
        latest[:] = [env.model]
        rounds = before + env.iteration + 1
        if checkpoint and rounds % CHECKPOINT_EVERY == 0 and rounds < total:
            checkpoint.save(env.model)
        progress.tick(rounds / total, f"round {rounds} of {total}")
        preemption.check()

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pipeline.fit(as_input(job, rows.frame), rows.target, model__callbacks=[on_round], model__init_model=done)
    except Preempted:
        if checkpoint and latest and total > 1:
            # At least one round is left for the resumed fit(), which makes the estimator.
            checkpoint.save(latest[0], at_most=total - 1)
        raise
    return Trained(pipeline, "cpu" if device == "cpu" else "gpu")


class Checkpoint:
    """The trees so far, in a file that belongs to one job: another job's file in the same folder is not taken."""

    def __init__(self, job: Job, name: str = "checkpoint") -> None:
        self.path = job.output_dir / f"{name}-{job.fingerprint[:16]}.lgb.txt"

    def load(self) -> lgb.Booster | None:
        if not self.path.exists():
            return None
        try:
            return lgb.Booster(model_file=str(self.path))
        except lgb.basic.LightGBMError:
            # Half a file cannot come from save() below; whatever it is, training from the start is right.
            return None

    def save(self, booster: lgb.Booster, at_most: int | None = None) -> None:
        text = booster.model_to_string(num_iteration=-1 if at_most is None else min(at_most, booster.current_iteration()))
        write_atomically(self.path, text.encode())

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)


def write_atomically(path: Path, body: bytes) -> None:
    partial = path.with_name(path.name + ".part")
    with open(partial, "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


def answer(job: Job, pipeline: Pipeline, frame: pd.DataFrame) -> np.ndarray:
    """[N, K] probabilities in the order of the job's classes, or [N] values for regression."""
    given = as_input(job, frame)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if job.task == "regression":
            return np.asarray(pipeline.predict(given), dtype=np.float64)
        probabilities = pipeline.predict_proba(given)
    full = np.zeros((len(frame), len(job.classes)))
    full[:, np.asarray(pipeline.classes_, dtype=int)] = probabilities
    return full


def scores_of(job: Job, answers: np.ndarray) -> np.ndarray:
    """The score of core/model.ts PredictionValue: binary: of the positive class; multiclass: the largest; regression: the value."""
    if job.task == "regression":
        return answers
    return answers[:, 1] if job.task == "binary" else answers.max(axis=1)


def labels_of(job: Job, answers: np.ndarray) -> list[str | None]:
    if job.task == "regression":
        return [None] * len(answers)
    if job.task == "binary":
        return [job.classes[int(p >= job.threshold)] for p in answers[:, 1]]
    return [job.classes[int(k)] for k in answers.argmax(axis=1)]


def importance(job: Job, pipeline: Pipeline) -> dict[str, float]:
    """Share of each raw feature: gain of its splits, or |coefficient| of its scaled columns; sums to 1 unless all are 0."""
    model, prepare = pipeline.named_steps["model"], pipeline.named_steps["prepare"]
    if job.algorithm == "lightgbm":
        columns = model.booster_.feature_importance(importance_type="gain")
    else:
        columns = np.abs(np.atleast_2d(model.coef_)).sum(axis=0)
    shares = dict.fromkeys((f.name for f in job.features), 0.0)
    position = 0
    for i in job.numbers:
        shares[job.features[i].name] += float(columns[position])
        position += 1
    if job.strings:
        for i, categories in zip(job.strings, prepare.named_transformers_["strings"].categories_):
            shares[job.features[i].name] += float(columns[position : position + len(categories)].sum())
            position += len(categories)
    total = sum(shares.values())
    return {name: value / total if total > 0 else 0.0 for name, value in shares.items()}
