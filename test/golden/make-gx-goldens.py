"""Makes gx-goldens.json: what Great Expectations answers on one small pandas frame, for core/quality.

    uv venv /tmp/gx && VIRTUAL_ENV=/tmp/gx uv pip install -r test/golden/gx-requirements.txt
    /tmp/gx/bin/python test/golden/make-gx-goldens.py
"""

import json
import pathlib

import great_expectations as gx
import numpy as np
import pandas as pd

ROWS = 40
NUMBERS = [None if i % 13 == 5 else (i * 7 % 23) - 3.5 for i in range(ROWS)]
OTHERS = [None if i % 11 == 3 else float(i * 5 % 17) for i in range(ROWS)]
TEXTS = [None if i % 10 == 7 else ["UA", "B6", "DL", "Straße", "a.b-1", "😀x", "line\nbreak"][i % 7] for i in range(ROWS)]
COLUMNS = {
    "id": [f"r{i % 38}" for i in range(ROWS)],
    "x": NUMBERS,
    "y": OTHERS,
    "t": TEXTS,
    "empty": [None] * ROWS,
    "whole": [float(i % 4) for i in range(ROWS)],
}

CASES = []


def case(name, **kwargs):
    CASES.append({"expectation": name, **kwargs})


def between(prefix, column, ranges):
    for low, high in ranges:
        case(f"expect_column_{prefix}_to_be_between", column=column, min_value=low, max_value=high)


for column in ["x", "missing"]:
    case("expect_column_to_exist", column=column)
case("expect_table_columns_to_match_set", column_set=list(COLUMNS))
case("expect_table_columns_to_match_set", column_set=["id", "x"])
case("expect_table_columns_to_match_set", column_set=["id", "x"], exact_match=False)
case("expect_table_columns_to_match_set", column_set=["id", "z"], exact_match=False)
for low, high in [(40, 40), (41, None), (None, 39), (1, 100)]:
    case("expect_table_row_count_to_be_between", min_value=low, max_value=high)
for mostly in [1.0, 0.95, 0.9, 0.85, 0.5]:
    for column in ["x", "t", "whole"]:
        case("expect_column_values_to_not_be_null", column=column, mostly=mostly)
    case("expect_column_values_to_be_null", column="empty", mostly=mostly)
    case("expect_column_values_to_be_null", column="x", mostly=mostly)
    for low, high, strict in [(-3.5, 18.5, False), (-3.5, 18.5, True), (0, None, False), (None, 15.5, True), (-2, 17, False)]:
        kwargs = {k: v for k, v in {"min_value": low, "max_value": high}.items() if v is not None}
        if strict:
            kwargs |= {f"strict_{k[:3]}": True for k in kwargs}
        case("expect_column_values_to_be_between", column="x", mostly=mostly, **kwargs)
    case("expect_column_values_to_be_in_set", column="t", value_set=["UA", "B6", "DL", "Straße"], mostly=mostly)
    case("expect_column_values_to_be_in_set", column="whole", value_set=[0, 1, 2, 3], mostly=mostly)
    case("expect_column_values_to_not_be_in_set", column="t", value_set=["UA"], mostly=mostly)
    case("expect_column_values_to_not_be_in_set", column="whole", value_set=[9], mostly=mostly)
    for regex in ["^[A-Z]", "[0-9]", "^\\w{2}$", "ß", "^.+$", "(UA|DL)", "\\s", "^[^a-z]+$", "a\\.b", "😀", "^.x$"]:
        case("expect_column_values_to_match_regex", column="t", regex=regex, mostly=mostly)
        case("expect_column_values_to_not_match_regex", column="t", regex=regex, mostly=mostly)
    case("expect_column_values_to_be_unique", column="id", mostly=mostly)
    case("expect_column_values_to_be_unique", column="x", mostly=mostly)
    case("expect_column_value_lengths_to_be_between", column="t", min_value=2, max_value=2, mostly=mostly)
    case("expect_column_value_lengths_to_be_between", column="t", min_value=1, max_value=6, mostly=mostly)
    for ignore in ["both_values_are_missing", "either_value_is_missing", "neither"]:
        for or_equal in [False, True]:
            case(
                "expect_column_pair_values_a_to_be_greater_than_b",
                column_A="y", column_B="x", or_equal=or_equal, ignore_row_if=ignore, mostly=mostly,
            )
    for ignore in ["all_values_are_missing", "any_value_is_missing", "never"]:
        case("expect_compound_columns_to_be_unique", column_list=["x", "t"], ignore_row_if=ignore, mostly=mostly)
        case("expect_compound_columns_to_be_unique", column_list=["t", "whole"], ignore_row_if=ignore, mostly=mostly)
between("mean", "x", [(7, 8), (-1, 0), (None, 100)])
between("median", "x", [(7, 8), (-1, 0)])
between("median", "whole", [(1.5, 1.5), (0, 1)])
between("min", "x", [(-3.5, -3.5), (0, None)])
between("max", "x", [(None, 18.5), (None, 18)])
between("sum", "x", [(0, 1000), (None, 0)])
between("stdev", "x", [(6, 8), (0, 1)])
between("unique_value_count", "t", [(7, 7), (8, None)])
between("unique_value_count", "x", [(1, 23), (None, 3)])
between("proportion_of_unique_values", "t", [(0.1, 0.3), (0.5, 1)])
for value_ranges in [[[-3.5, 5], [5, 10], [10, 18.5]], [[None, 0], [None, 0], [None, 0]]]:
    case(
        "expect_column_quantile_values_to_be_between",
        column="x", quantile_ranges={"quantiles": [0.1, 0.5, 0.9], "value_ranges": value_ranges},
    )
for ties_okay in [False, True]:
    for value_set in [[0, 1], [0, 1, 2, 3], [9]]:
        case("expect_column_most_common_value_to_be_in_set", column="whole", value_set=value_set, ties_okay=ties_okay)
    case("expect_column_most_common_value_to_be_in_set", column="t", value_set=["UA", "B6"], ties_okay=ties_okay)

frame = pd.DataFrame(COLUMNS)
context = gx.get_context(mode="ephemeral")
batch = (
    context.data_sources.add_pandas("p").add_dataframe_asset("a").add_batch_definition_whole_dataframe("b")
    .get_batch({"dataframe": frame})
)


def validate(case):
    kwargs = {k: v for k, v in case.items() if k != "expectation" and v is not None}
    class_name = "".join(part.capitalize() for part in case["expectation"].split("_"))
    result = batch.validate(getattr(gx.expectations, class_name)(**kwargs)).to_json_dict()
    details = result["result"]
    observed = details.get("observed_value")
    return {
        "given": {k: v for k, v in case.items() if v is not None},
        "success": bool(result["success"]),
        "unexpected": None if details.get("unexpected_count") is None else int(details["unexpected_count"]),
        "observed": float(observed) if isinstance(observed, (int, float, np.number)) else None,
        "raised": bool(result["exception_info"] and "raised_exception" not in result["exception_info"])
        or bool(result["exception_info"].get("raised_exception")),
    }


out = {
    "versions": {"great_expectations": gx.__version__, "pandas": pd.__version__},
    "columns": COLUMNS,
    "cases": [validate(c) for c in CASES],
}
path = pathlib.Path(__file__).with_name("gx-goldens.json")
path.write_text(json.dumps(out, ensure_ascii=False, separators=(",", ":")) + "\n")
print(len(out["cases"]), out["versions"], sum(c["raised"] for c in out["cases"]))
