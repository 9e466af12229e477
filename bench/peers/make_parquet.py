"""Raw little-endian float32, one feature after the other, as Parquet the way pandas writes it. Arguments: raw file, Parquet file, rows, features."""

import sys

import numpy as np
import pandas as pd

raw, target = sys.argv[1:3]
rows, features = int(sys.argv[3]), int(sys.argv[4])
columns = np.fromfile(raw, dtype="<f4").reshape(features, rows)
pd.DataFrame({f"x{i}": columns[i] for i in range(features)}, copy=False).to_parquet(target, index=False)
