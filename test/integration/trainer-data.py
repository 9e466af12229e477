"""Writes a small mixed snapshot for test/integration/trainer.test.ts and prints its SHA-256.

Arguments: path, task (binary | multiclass | regression), nulls (all | none), rows. Same arguments, same file.
"""

import hashlib
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

path, task, nulls, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
random = np.random.default_rng(11)
amount = random.normal(100, 40, count)
delay = random.exponential(20, count)
shop = random.choice(["north", "south", "östlich", "a,b"], count)
colour = random.choice(["red", "green", "blue"], count)
effect = 0.02 * (amount - 100) + 0.05 * (delay - 20) + np.where(shop == "south", 1.5, 0) - np.where(colour == "red", 1, 0)
noisy = effect + random.normal(0, 1, count)
if task == "binary":
    target = np.where(noisy > 0, "yes", "no")
elif task == "multiclass":
    target = np.select([noisy > 1, noisy > -1], ["high", "mid"], "low")
else:
    target = np.asarray([repr(float(v)) for v in 1000 + 50 * noisy])


def hide(values, share):
    mask = random.random(count) < (share if nulls == "all" else 0)
    return pa.array([None if m else v for v, m in zip(values.tolist(), mask)])


table = pa.table(
    {
        "amount": hide(amount, 0.1),
        "variable": hide(delay, 0.05),
        "shop": hide(shop, 0.05),
        "colour": pa.array(colour.tolist()),
        "target": pa.array(target.tolist()),
        "event_time": pa.array(np.arange(count, dtype=np.int64) * 60_000),
        "cluster": pa.array([f"day-{i % 10}" for i in range(count)]),
    }
)
pq.write_table(table, path)
print(hashlib.sha256(open(path, "rb").read()).hexdigest())
