"""Makes multivariate-goldens.json: NannyML's DataReconstructionDriftCalculator and numpy.linalg.eigh, for core/drift/multivariate.

    uv venv -p 3.11 /tmp/gold-nml && VIRTUAL_ENV=/tmp/gold-nml uv pip install -r test/golden/cbpe-requirements.txt
    /tmp/gold-nml/bin/python test/golden/make-multivariate-goldens.py

Deterministic (seeded). Missing values are null.
"""

import json
import os
import pathlib
from importlib.metadata import version

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"

import nannyml
import numpy as np
import pandas as pd

rng = np.random.default_rng(20131029)


def table(rows, mix, shops, missing):
    """Five numbers that lie near a plane, two categories that follow them; `mix` bends the relation."""
    hidden = rng.normal(size=(rows, 2))
    load = np.array([[1.0, 0.2, 0.9, -0.5, 0.1], [0.1, 1.0, -0.4, 0.8, mix]])
    numbers = np.round(hidden @ load + 0.3 * rng.normal(size=(rows, 5)), 4) * [1, 10, 0.01, 5, 1] + [0, 100, 3, -7, 1e4]
    frame = pd.DataFrame(numbers, columns=["a", "b", "c", "d", "e"])
    frame["shop"] = np.where(hidden[:, 0] > 0, rng.choice(shops, rows), "north")
    frame["colour"] = np.where(hidden[:, 1] > 0.5, "red", np.where(hidden[:, 1] > -0.5, "green", "blue"))
    frame["same"] = 4.0
    for name in missing:
        frame.loc[rng.random(rows) < 0.07, name] = np.nan
    return frame


def plain(frame):
    return {
        name: [None if pd.isna(v) else v for v in frame[name].tolist()] for name in frame.columns
    }


def numbers_of(frame, prefix=("reconstruction_error",)):
    return [float(v) for v in frame[prefix]]


def reconstruction_case(name, columns, variance, missing, mix, shops):
    reference = table(600, 0.3, ["south", "east"], missing)[columns]
    analysis = table(240, mix, shops, missing)[columns]
    calculator = nannyml.DataReconstructionDriftCalculator(column_names=columns, n_components=variance, chunk_number=10)
    calculator.fit(reference)
    before = calculator.result.to_df()
    # One chunk: the window as a whole.
    calculator.chunker = nannyml.chunk.SizeBasedChunker(chunk_size=len(analysis))
    frame = calculator.calculate(analysis).filter(period="analysis").to_df()
    at = lambda f, key: [float(v) for v in f[("reconstruction_error", key)]]
    return dict(
        name=name,
        columns=columns,
        variance=variance,
        reference=plain(reference),
        current=plain(analysis),
        components=int(calculator._pca.n_components_),
        explained=float(calculator._pca.explained_variance_ratio_.sum()),
        chunks=at(before, "value"),
        low=at(before, "lower_threshold")[0],
        high=at(before, "upper_threshold")[0],
        mean=at(frame, "value")[0],
        standardError=at(frame, "sampling_error")[0],
        alert=bool(frame[("reconstruction_error", "alert")].iloc[0]),
    )


def eigen_case(name, matrix):
    values, vectors = np.linalg.eigh(matrix)
    order = np.argsort(-values)
    return dict(name=name, n=len(matrix), matrix=matrix.ravel().tolist(), values=values[order].tolist(), vectors=vectors[:, order].T.tolist())


def correlation(n, rows):
    return np.corrcoef(rng.normal(size=(rows, n)) @ rng.normal(size=(n, n)), rowvar=False)


ALL = ["a", "b", "c", "d", "e", "shop", "colour", "same"]
low_rank = rng.normal(size=(12, 3))
cases = [
    reconstruction_case("numbers, nothing moved", ["a", "b", "c", "d", "e"], 0.65, [], 0.3, ["south", "east"]),
    reconstruction_case("numbers, the relation of e turned round", ["a", "b", "c", "d", "e"], 0.65, [], -2.5, ["south", "east"]),
    reconstruction_case("all kinds with missing values", ALL, 0.65, ["a", "d", "shop"], 0.3, ["south", "east"]),
    reconstruction_case("all kinds, missing values and a category that the reference lacks", ALL, 0.8, ["b", "colour"], 1.5, ["south", "moon"]),
    reconstruction_case("nine tenths of the variance", ALL, 0.9, [], 0.3, ["south", "east"]),
]
eigen = [
    eigen_case("1 x 1", np.array([[3.5]])),
    eigen_case("2 x 2", np.array([[2.0, 1.0], [1.0, 3.0]])),
    eigen_case("a correlation matrix, 8 x 8", correlation(8, 300)),
    eigen_case("a correlation matrix, 40 x 40", correlation(40, 300)),
    eigen_case("of both signs, 15 x 15", (lambda m: m + m.T)(rng.normal(size=(15, 15)))),
    eigen_case("rank 3 of 12", low_rank @ low_rank.T),
    eigen_case("of very different sizes, 6 x 6", (lambda m, d: np.diag(d) @ (m @ m.T) @ np.diag(d))(rng.normal(size=(6, 6)), 10.0 ** np.arange(-3, 3))),
]
document = dict(
    versions={name: version(name) for name in ["nannyml", "category_encoders", "scikit-learn", "numpy", "pandas"]},
    reconstruction=cases,
    eigen=eigen,
)
path = pathlib.Path(__file__).with_name("multivariate-goldens.json")
path.write_text(json.dumps(document, allow_nan=False, separators=(",", ":")) + "\n")
for case in cases:
    print(case["name"], case["components"], case["mean"], case["low"], case["high"], case["alert"])
