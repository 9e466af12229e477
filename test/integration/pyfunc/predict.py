"""Loads models:/<name>@champion for each job on stdin, predicts its rows, prints the answers as JSON."""

import json
import sys

import mlflow
import pandas as pd

answers = []
for job in json.load(sys.stdin):
    model = mlflow.pyfunc.load_model(f"models:/{job['model']}@champion")
    frame = model.predict(pd.DataFrame(job["rows"]))
    answers.append({"columns": {name: frame[name].tolist() for name in frame.columns}, "inputs": model.metadata.get_input_schema().input_names()})
print("ANSWERS" + json.dumps(answers))
