"""Hyper-parameter search without a study database: rebuilt from the finished and running trials at each call."""

from __future__ import annotations

from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import TPESampler
from optuna.trial import TrialState, create_trial

from .faults import TrainingError

optuna.logging.set_verbosity(optuna.logging.ERROR)

STARTUP_TRIALS = 10
"""Trials at random before the model of the search is asked, Optuna's default."""


def suggest(request: dict[str, Any]) -> list[dict[str, Any]]:
    """The next `count` parameter sets; the same request gives the same answer."""
    space = {name: _distribution(name, entry) for name, entry in sorted(request["search"].items())}
    finished, running = request.get("finished", []), request.get("running", [])
    # Two requests with as many finished trials may differ in the running ones: both move the seed.
    seed = int(request["seed"]) + 1000 * len(finished) + len(running)
    sampler = TPESampler(seed=seed % 2**32, constant_liar=True, multivariate=False, n_startup_trials=STARTUP_TRIALS)
    study = optuna.create_study(direction=request.get("direction", "minimize"), sampler=sampler)
    for trial in finished:
        params = _known(trial["params"], space)
        value = trial.get("value")
        state = TrialState.COMPLETE if value is not None else TrialState.FAIL
        study.add_trial(create_trial(params=params, distributions=space, value=value, state=state))
    for params in running:
        study.add_trial(create_trial(params=_known(params, space), distributions=space, state=TrialState.RUNNING))
    return [dict(study.ask(space).params) for _ in range(int(request["count"]))]


def _distribution(name: str, entry: dict[str, Any]) -> BaseDistribution:
    kind = entry.get("kind")
    try:
        if kind == "int":
            return IntDistribution(int(entry["low"]), int(entry["high"]), log=bool(entry.get("log", False)))
        if kind == "float":
            return FloatDistribution(float(entry["low"]), float(entry["high"]), log=bool(entry.get("log", False)))
        if kind == "categorical":
            return CategoricalDistribution(list(entry["choices"]))
    except (KeyError, TypeError, ValueError) as error:
        raise TrainingError(f"the search range of {name} is not valid: {error}") from error
    raise TrainingError(f"the search range of {name} has kind {kind!r}, expected int, float or categorical")


def _known(params: dict[str, Any], space: dict[str, BaseDistribution]) -> dict[str, Any]:
    """Only what is searched: a trial's fixed parameters are not part of the study."""
    absent = [name for name in space if name not in params]
    if absent:
        raise TrainingError(f"a trial of the history lacks the searched parameters {absent}")
    return {name: params[name] for name in space}
