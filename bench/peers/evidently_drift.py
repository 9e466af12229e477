"""Evidently's own drift run, as its documentation shows it: two Parquet files, DataDriftPreset. Timed from reading to the result.

Arguments: reference file, current file, method (a stattest name, or "default"). Prints one JSON line: seconds, largest resident memory in
megabytes, drifted share.
"""

import json
import resource
import sys
import time

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

reference_file, current_file, method = sys.argv[1:4]
start = time.perf_counter()
reference, current = pd.read_parquet(reference_file), pd.read_parquet(current_file)
definition = DataDefinition(numerical_columns=list(reference.columns))
preset = DataDriftPreset() if method == "default" else DataDriftPreset(num_method=method)
snapshot = Report([preset]).run(
    Dataset.from_pandas(current, data_definition=definition), Dataset.from_pandas(reference, data_definition=definition)
)
result = json.loads(snapshot.json())
seconds = time.perf_counter() - start
share = next(m["value"]["share"] for m in result["metrics"] if isinstance(m["value"], dict) and "share" in m["value"])
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "rssMb": memory, "driftedShare": share}))
