"""NannyML's own drift run, as its documentation shows it: two Parquet files, KS on every column, ten chunks. Timed from reading to the result.

Arguments: reference file, current file. Prints one JSON line: seconds, largest resident memory in megabytes, share of columns with an alert.
"""

import json
import resource
import sys
import time

import nannyml as nml
import pandas as pd

reference_file, current_file = sys.argv[1:3]
start = time.perf_counter()
reference, current = pd.read_parquet(reference_file), pd.read_parquet(current_file)
names = list(reference.columns)
calculator = nml.UnivariateDriftCalculator(column_names=names, continuous_methods=["kolmogorov_smirnov"])
frame = calculator.fit(reference).calculate(current).filter(period="analysis").to_df()
alerts = sum(bool(frame[(name, "kolmogorov_smirnov", "alert")].any()) for name in names)
seconds = time.perf_counter() - start
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "rssMb": memory, "driftedShare": alerts / len(names)}))
