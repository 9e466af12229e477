"""Which device LightGBM can really use here. Tried once a process, with a fit of eight rows."""

from __future__ import annotations

import functools
import os
import sys

import lightgbm as lgb
import numpy as np


@functools.lru_cache(maxsize=1)
def working_device() -> str:
    """`cuda` or `gpu` when a card was given (CUDA_VISIBLE_DEVICES) and LightGBM's build can use it, else `cpu`."""
    if os.environ.get("CUDA_VISIBLE_DEVICES", "").strip() in ("", "-1"):
        return "cpu"
    for device in ("cuda", "gpu"):
        if _works(device):
            return device
    print("a card was given, but this build of LightGBM cannot use it: training on the CPU", file=sys.stderr)
    return "cpu"


def _works(device: str) -> bool:
    rows = np.arange(64, dtype=np.float32).reshape(-1, 1)
    try:
        params = {"objective": "regression", "device_type": device, "verbose": -1, "min_data_in_leaf": 1, "num_threads": 1}
        lgb.train(params, lgb.Dataset(rows, label=rows[:, 0]), num_boost_round=1)
        return True
    except lgb.basic.LightGBMError:
        return False
