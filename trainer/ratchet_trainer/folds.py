"""Folds of whole clusters: rows of one day never stand on both sides."""

from __future__ import annotations

import numpy as np

from .faults import TrainingError


def cluster_folds(cluster: np.ndarray, folds: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """(training, test) positions a fold. Clusters are shuffled by the seed, then each goes to the fold with the fewest rows;
    fewer clusters than folds give as many folds as clusters. Raises TrainingError for fewer than two."""
    names, sizes = np.unique(cluster.astype(str), return_counts=True)
    count = min(folds, len(names))
    if count < 2:
        raise TrainingError(f"cross-validation needs at least 2 clusters and 2 folds; there are {len(names)} clusters, {folds} folds")
    order = np.random.default_rng(seed).permutation(len(names))
    rows_in = np.zeros(count)
    fold_of: dict[str, int] = {}
    for position in order:
        fold = int(rows_in.argmin())
        fold_of[str(names[position])] = fold
        rows_in[fold] += sizes[position]
    membership = np.asarray([fold_of[str(name)] for name in cluster])
    return [(np.flatnonzero(membership != k), np.flatnonzero(membership == k)) for k in range(count)]
