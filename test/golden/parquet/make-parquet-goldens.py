"""Small Parquet files as pyarrow writes them, in three layouts, and what they hold. Argument: the folder to write to.

Run with the pyarrow that expected.json names; the files are committed, tests do not run this.
"""

import json
import sys
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 300
folder = sys.argv[1]
random = np.random.default_rng(5)
normal = random.standard_normal(ROWS)
missing = random.random(ROWS) < 0.2


def nullable(values):
    return [None if gone else value for value, gone in zip(values, missing)]


columns = {
    "f": pa.array(normal.astype("f4"), pa.float32()),
    "f_null": pa.array(normal.astype("f4"), pa.float32(), mask=missing),
    "d_required": pa.array(normal, pa.float64()),
    "d_ties": pa.array(nullable((normal * 2).round() / 2), pa.float64()),
    "i32": pa.array((normal * 100).astype("i4"), pa.int32()),
    "i64": pa.array(nullable([int(value * 1e12) for value in normal]), pa.int64()),
    "u32": pa.array([int(abs(value) * 1e8) + 2**31 for value in normal], pa.uint32()),
    "flag": pa.array(nullable([bool(value > 0) for value in normal]), pa.bool_()),
    "text": pa.array(nullable(["abc"[i % 3] + "é" for i in range(ROWS)]), pa.string()),
    "ms": pa.array([1_700_000_000_000 + 1000 * i for i in range(ROWS)], pa.timestamp("ms")),
    "us": pa.array([1_700_000_000_000_000 + 1_000_500 * i for i in range(ROWS)], pa.timestamp("us")),
    "day": pa.array(list(range(ROWS)), pa.int32()).cast(pa.date32()),
    "price": pa.array([Decimal(int(value * 100)).scaleb(-2) for value in normal], pa.decimal128(8, 2)),
    "none": pa.array([None] * ROWS, pa.float32()),
    "list": pa.array([[1.0, 2.0]] * ROWS, pa.list_(pa.float64())),
}
fields = [pa.field(name, column.type, nullable=name != "d_required") for name, column in columns.items()]
table = pa.table(list(columns.values()), schema=pa.schema(fields))
paged = {"data_page_size": 300, "write_batch_size": 32}
pq.write_table(table, f"{folder}/pages-v1.parquet", row_group_size=130, compression="snappy", **paged)
pq.write_table(table, f"{folder}/pages-v2.parquet", row_group_size=200, compression="gzip", data_page_version="2.0", **paged)
pq.write_table(table, f"{folder}/plain.parquet", compression="none", use_dictionary=False)

expected = {name: column.to_pylist() for name, column in columns.items() if name != "list"}
expected["ms"] = columns["ms"].cast(pa.int64()).to_pylist()
expected["us"] = [value / 1000 for value in columns["us"].cast(pa.int64()).to_pylist()]
expected["day"] = [86_400_000 * value for value in columns["day"].cast(pa.int32()).to_pylist()]
expected["price"] = [float(value) for value in expected["price"]]
expected["flag"] = [None if value is None else str(value).lower() for value in expected["flag"]]
with open(f"{folder}/expected.json", "w") as file:
    json.dump({"versions": {"pyarrow": pa.__version__}, "rows": ROWS, "columns": expected}, file, separators=(",", ":"))
