"""The job file: snake_case JSON of core/ports.ts TrainerJob, or of core/drift/multivariate DomainJob."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from .faults import TrainingError

KINDS = ("trial", "fit", "score")
TASKS = ("binary", "multiclass", "regression")
ALGORITHMS = ("lightgbm", "logistic", "linear")
RESERVED_NAMES = ("label", "probability", "prediction", "features")


@dataclass(frozen=True)
class Feature:
    name: str
    kind: str


@dataclass(frozen=True)
class Job:
    kind: str
    snapshot_path: Path
    snapshot_digest: str
    task: str
    features: tuple[Feature, ...]
    classes: tuple[str, ...]
    threshold: float
    algorithm: str
    params: dict[str, Any]
    seed: int
    holdout_clusters: tuple[str, ...]
    folds: int
    golden_rows: int
    compare_random_holdout: bool
    output_dir: Path
    fingerprint: str
    """Digest of all that decides the outcome: a checkpoint of another job in the same folder is not resumed."""

    @property
    def metric(self) -> str:
        """The metric of a trial; smaller is better."""
        return "rmse" if self.task == "regression" else "logLoss"

    @property
    def numbers(self) -> list[int]:
        return [i for i, f in enumerate(self.features) if f.kind == "number"]

    @property
    def strings(self) -> list[int]:
        return [i for i, f in enumerate(self.features) if f.kind == "string"]

    @property
    def layout(self) -> str:
        return "columns" if self.strings else "matrix"


@dataclass(frozen=True)
class DomainJob:
    """Kind `domain`: two tables instead of one snapshot, no target."""

    reference_path: Path
    reference_digest: str
    current_path: Path
    current_digest: str
    features: tuple[Feature, ...]
    cluster_column: str | None
    folds: int
    maximum_rows: int
    seed: int
    output_dir: Path


def read_job(path: str | Path) -> Job | DomainJob:
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"the job file {path} cannot be read: {error}") from error
    if isinstance(document, dict) and document.get("kind") == "domain":
        return parse_domain_job(document)
    return parse_job(document)


def parse_job(document: Any) -> Job:
    if not isinstance(document, dict):
        raise TrainingError("the job must be a JSON object")
    features = tuple(_feature(entry) for entry in _get(document, "features", list))
    job = Job(
        kind=_choice(document, "kind", KINDS),
        snapshot_path=_local_path(_get(document, "snapshot_uri", str)),
        snapshot_digest=_get(document, "snapshot_digest", str),
        task=_choice(document, "task", TASKS),
        features=features,
        classes=tuple(str(c) for c in _get(document, "classes", list)),
        threshold=float(_get(document, "threshold", (int, float), 0.5)),
        algorithm=_choice(document, "algorithm", ALGORITHMS),
        params=dict(_get(document, "params", dict, {})),
        seed=int(_get(document, "seed", int, 0)),
        holdout_clusters=tuple(str(c) for c in _get(document, "holdout_clusters", list, [])),
        folds=int(_get(document, "folds", int, 5)),
        golden_rows=int(_get(document, "golden_rows", int, 200)),
        compare_random_holdout=bool(_get(document, "compare_random_holdout", bool, False)),
        output_dir=Path(_get(document, "output_dir", str)),
        fingerprint=_fingerprint(document),
    )
    _check(job)
    return job


def parse_domain_job(document: dict[str, Any]) -> DomainJob:
    job = DomainJob(
        reference_path=_local_path(_get(document, "reference_uri", str)),
        reference_digest=_get(document, "reference_digest", str),
        current_path=_local_path(_get(document, "current_uri", str)),
        current_digest=_get(document, "current_digest", str),
        features=tuple(_feature(entry) for entry in _get(document, "features", list)),
        cluster_column=_get(document, "cluster_column", str, None),
        folds=int(_get(document, "folds", int, 5)),
        maximum_rows=int(_get(document, "maximum_rows", int, 200_000)),
        seed=int(_get(document, "seed", int, 0)),
        output_dir=Path(_get(document, "output_dir", str)),
    )
    names = [f.name for f in job.features]
    if not names:
        raise TrainingError("the job names no features")
    if len(set(names)) != len(names):
        raise TrainingError(f"feature names repeat: {sorted(n for n in set(names) if names.count(n) > 1)}")
    if not 2 <= job.folds <= 50:
        raise TrainingError(f"folds of the job is {job.folds}, expected 2 to 50")
    if job.maximum_rows < job.folds:
        raise TrainingError(f"maximum_rows of the job is {job.maximum_rows}, expected at least its {job.folds} folds")
    return job


def _check(job: Job) -> None:
    names = [f.name for f in job.features]
    if not names:
        raise TrainingError("the job names no features")
    if len(set(names)) != len(names):
        raise TrainingError(f"feature names repeat: {sorted(n for n in set(names) if names.count(n) > 1)}")
    taken = [n for n in names if n in RESERVED_NAMES or n.startswith(("probability_", "ratchet_"))]
    if taken:
        raise TrainingError(f"features named {taken} clash with the graph's own names; rename them in the query")
    if job.task == "binary" and len(job.classes) != 2:
        raise TrainingError(f"a binary task has 2 classes, the job names {len(job.classes)}")
    if job.task == "multiclass" and len(job.classes) < 2:
        raise TrainingError(f"a multiclass task has at least 2 classes, the job names {len(job.classes)}")
    if job.algorithm == "logistic" and job.task == "regression":
        raise TrainingError("algorithm logistic does classification; use linear for regression")
    if job.algorithm == "linear" and job.task != "regression":
        raise TrainingError("algorithm linear does regression; use logistic for classification")


def _feature(entry: Any) -> Feature:
    if not isinstance(entry, dict) or entry.get("kind") not in ("number", "string"):
        raise TrainingError(f"a feature is {{name, kind: number|string}}, not {entry!r}")
    return Feature(str(entry["name"]), entry["kind"])


def _get(document: dict[str, Any], key: str, kinds: Any, default: Any = ...) -> Any:
    value = document.get(key)
    if value is None:
        if default is ...:
            raise TrainingError(f"the job lacks {key}")
        return default
    if not isinstance(value, kinds):
        raise TrainingError(f"{key} of the job is {value!r}, of a wrong type")
    return value


def _choice(document: dict[str, Any], key: str, allowed: tuple[str, ...]) -> str:
    value = _get(document, key, str)
    if value not in allowed:
        raise TrainingError(f"{key} of the job is {value!r}, expected one of {list(allowed)}")
    return value


def _local_path(uri: str) -> Path:
    parsed = urlparse(uri)
    if parsed.scheme == "file":
        return Path(unquote(parsed.path))
    if parsed.scheme == "":
        return Path(uri)
    raise TrainingError(f"the built-in trainer reads local files; {uri} is not one")


def _fingerprint(document: dict[str, Any]) -> str:
    # Where the files lie may change between two attempts; what is computed may not.
    relevant = {k: v for k, v in document.items() if k not in ("output_dir", "snapshot_uri")}
    return hashlib.sha256(json.dumps(relevant, sort_keys=True).encode()).hexdigest()
