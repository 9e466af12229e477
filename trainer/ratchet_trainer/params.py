"""Hyper-parameters: names, defaults, ranges are the algorithms' own. Unknown ones are refused, not ignored."""

from __future__ import annotations

import re
from typing import Any

from .faults import TrainingError

Params = dict[str, Any]

LIGHTGBM_DEFAULTS: Params = {
    "num_iterations": 200,
    "learning_rate": 0.05,
    "num_leaves": 15,
    "max_depth": -1,
    "min_data_in_leaf": 200,
    "feature_fraction": 0.8,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l1": 0.0,
    "lambda_l2": 0.0,
    "min_gain_to_split": 0.0,
    "max_bin": 255,
}
LIGHTGBM_FURTHER = ("min_sum_hessian_in_leaf", "scale_pos_weight", "is_unbalance", "path_smooth", "extra_trees")
LINEAR_DEFAULTS: dict[str, Params] = {
    "logistic": {"C": 1.0, "max_iter": 1000, "class_weight": ""},
    "linear": {"alpha": 1.0},
}
ENCODING_DEFAULTS: Params = {"max_categories": 255}
"""Categories a string feature keeps, the most frequent ones; the others share the columns of an unseen one (all zero)."""

LIGHTGBM_ALIASES = {
    "rounds": "num_iterations",
    "num_rounds": "num_iterations",
    "num_boost_round": "num_iterations",
    "n_estimators": "num_iterations",
    "iterations": "num_iterations",
    "num_trees": "num_iterations",
    "eta": "learning_rate",
    "leaves": "num_leaves",
    "max_leaves": "num_leaves",
    "min_child_samples": "min_data_in_leaf",
    "min_child": "min_data_in_leaf",
    "min_data": "min_data_in_leaf",
    "min_child_weight": "min_sum_hessian_in_leaf",
    "colsample_bytree": "feature_fraction",
    "subsample": "bagging_fraction",
    "bagging": "bagging_fraction",
    "subsample_freq": "bagging_freq",
    "reg_alpha": "lambda_l1",
    "reg_lambda": "lambda_l2",
    "min_split_gain": "min_gain_to_split",
}


def resolve_params(algorithm: str, given: Params) -> Params:
    """Defaults filled, aliases and camelCase resolved. Raises TrainingError for a name that is not known."""
    if algorithm == "lightgbm":
        defaults, further, aliases = LIGHTGBM_DEFAULTS, LIGHTGBM_FURTHER, LIGHTGBM_ALIASES
    else:
        defaults, further, aliases = LINEAR_DEFAULTS[algorithm], (), {}
    resolved = {**defaults, **ENCODING_DEFAULTS}
    known = {*resolved, *further}
    seen: dict[str, str] = {}
    for name, value in given.items():
        key = name if name in known else _snake(name)
        key = aliases.get(key, key)
        if key not in known:
            raise TrainingError(f"unknown parameter {name} for {algorithm}; known are {sorted(known)}")
        if key in seen:
            raise TrainingError(f"parameters {seen[key]} and {name} are the same one, {key}")
        seen[key] = name
        resolved[key] = value
    for key in ("num_iterations", "num_leaves", "min_data_in_leaf", "bagging_freq", "max_bin", "max_depth", "max_iter", "max_categories"):
        if key in resolved:
            resolved[key] = int(resolved[key])
    return resolved


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda m: "_" + m.group(1).lower(), name)
