"""Metrics of a hold-out, under the names of core/policy.ts MetricName."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import roc_auc_score

CLIP = 1e-15
"""Probabilities are clipped to [CLIP, 1 - CLIP], as scikit-learn's log_loss does for float64."""


def trial_metric(task: str, truth: np.ndarray, answer: np.ndarray) -> float:
    """logLoss for classification, rmse for regression."""
    return rmse(truth, answer) if task == "regression" else log_loss(truth, answer)


def log_loss(truth: np.ndarray, probabilities: np.ndarray) -> float:
    chosen = probabilities[np.arange(len(truth)), truth]
    return float(-np.log(np.clip(chosen, CLIP, 1 - CLIP)).mean())


def rmse(truth: np.ndarray, answer: np.ndarray) -> float:
    return float(np.sqrt(np.mean((truth - answer) ** 2)))


def holdout_metrics(task: str, truth: np.ndarray, answer: np.ndarray, threshold: float) -> dict[str, float]:
    """What cannot be measured (AUC with one class) is left out, never NaN."""
    if len(truth) == 0:
        return {}
    if task == "regression":
        return {"rmse": rmse(truth, answer), "mae": float(np.abs(truth - answer).mean())}
    metrics = {"logLoss": log_loss(truth, answer)}
    if task == "multiclass":
        metrics["accuracy"] = float((answer.argmax(axis=1) == truth).mean())
        return metrics
    positive = answer[:, 1]
    metrics["accuracy"] = float(((positive >= threshold) == (truth == 1)).mean())
    metrics["brier"] = float(((positive - truth) ** 2).mean())
    if 0 < truth.sum() < len(truth):
        metrics["auc"] = float(roc_auc_score(truth, positive))
    return metrics
