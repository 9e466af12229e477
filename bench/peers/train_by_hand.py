"""The training part of the loop as a notebook does it: read the Parquet, cross-validate some parameter sets, fit, score the hold-out.

One warm process, scikit-learn's LightGBM, no validation, no ONNX, no parity, no bounds, no record. Argument: a JSON file with snapshot, features,
holdout_clusters, trials (parameter sets), fixed (parameters), folds, seed. Prints one JSON line with the seconds of each part.
"""

import json
import sys
import time

import lightgbm as lgb
import numpy as np
import pyarrow.parquet as pq
from sklearn.metrics import log_loss
from sklearn.model_selection import GroupKFold

with open(sys.argv[1]) as file:
    job = json.load(file)
seconds = {}
start = time.perf_counter()


def lap(name):
    global start
    seconds[name] = time.perf_counter() - start
    start = time.perf_counter()


table = pq.read_table(job["snapshot"])
x = np.column_stack([table[name].to_numpy() for name in job["features"]]).astype(np.float32)
y = (table["target"].to_numpy(zero_copy_only=False) == "yes").astype(int)
cluster = table["cluster"].to_numpy(zero_copy_only=False)
held = np.isin(cluster, job["holdout_clusters"])
lap("read")


def model(params):
    return lgb.LGBMClassifier(**job["fixed"], **params, random_state=job["seed"], verbose=-1)


best, best_loss = None, np.inf
for params in job["trials"]:
    losses = []
    for train, test in GroupKFold(job["folds"]).split(x[~held], y[~held], cluster[~held]):
        fitted = model(params).fit(x[~held][train], y[~held][train])
        losses.append(log_loss(y[~held][test], fitted.predict_proba(x[~held][test])[:, 1]))
    if np.mean(losses) < best_loss:
        best, best_loss = params, float(np.mean(losses))
lap("trials")
fitted = model(best).fit(x[~held], y[~held])
lap("fit")
loss = float(log_loss(y[held], fitted.predict_proba(x[held])[:, 1]))
lap("judge")
print(json.dumps({"seconds": seconds, "log_loss": loss}))
