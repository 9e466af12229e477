"""One ONNX graph from raw features to answers (DESIGN §6)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import onnx
from lightgbm import LGBMClassifier, LGBMRegressor
from onnx import TensorProto, helper, numpy_helper
from onnxmltools.convert.lightgbm.operator_converters.LightGbm import convert_lightgbm
from skl2onnx import to_onnx, update_registered_converter
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from skl2onnx.common.shape_calculator import (
    calculate_linear_classifier_output_shapes,
    calculate_linear_regressor_output_shapes,
)
from sklearn.pipeline import Pipeline

from .data import column_name
from .job import Job
from .training import Trained

OPSET = {"": 18, "ai.onnx.ml": 3}
MAX_IR = 10
MATRIX_INPUT = "features"


def to_graph(job: Job, trained: Trained) -> bytes:
    _register()
    pipeline = trained.pipeline
    classifier = job.task != "regression"
    options = {id(pipeline.named_steps["model"]): {"zipmap": False}} if classifier else None
    if job.layout == "matrix":
        types = [(MATRIX_INPUT, FloatTensorType([None, len(job.features)]))]
    else:
        types = [
            (column_name(i), FloatTensorType([None, 1]) if f.kind == "number" else StringTensorType([None, 1]))
            for i, f in enumerate(job.features)
        ]
    # Nothing stands before trees on numbers alone, and the converter cannot read a step that is "passthrough".
    bare = job.layout == "matrix" and job.algorithm == "lightgbm"
    model = to_onnx(pipeline.named_steps["model"] if bare else pipeline, initial_types=types, target_opset=OPSET, options=options)
    graph = model.graph
    _reshape_inputs(job, graph)
    _reshape_outputs(job, graph)
    model.ir_version = min(model.ir_version, MAX_IR)
    onnx.checker.check_model(model)
    return model.SerializeToString()


@lru_cache(maxsize=1)
def _register() -> None:
    for kind, alias, shapes, options in (
        (LGBMClassifier, "RatchetLightGbmClassifier", calculate_linear_classifier_output_shapes, {"zipmap": [True, False, "columns"], "nocl": [True, False]}),
        (LGBMRegressor, "RatchetLightGbmRegressor", calculate_linear_regressor_output_shapes, None),
    ):
        update_registered_converter(kind, alias, shapes, _convert_exactly, options=options)


def _convert_exactly(scope: Any, operator: Any, container: Any) -> None:
    convert_lightgbm(scope, operator, _ExactThresholds(container))


class _ExactThresholds:
    """The converter's container, except that thresholds of tree nodes are rounded down to float32.

    The converter stores a double threshold t as the nearest float32. For a float32 x, x <= t holds exactly when
    x <= (the largest float32 that is not above t), so rounding down changes no answer and rounding up changes some.
    """

    def __init__(self, container: Any) -> None:
        self._container = container

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)

    def add_node(self, op_type: str, inputs: Any, outputs: Any, **attributes: Any) -> None:
        if op_type.startswith("TreeEnsemble"):
            modes, values = attributes["nodes_modes"], attributes["nodes_values"]
            attributes["nodes_values"] = [
                float(round_down(value)) if mode == "BRANCH_LEQ" else float(value) for mode, value in zip(modes, values)
            ]
        self._container.add_node(op_type, inputs, outputs, **attributes)


def round_down(value: float) -> np.float32:
    """The largest float32 that is not above `value`."""
    nearest = np.float32(value)
    return nearest if float(nearest) <= value else np.nextafter(nearest, np.float32(-np.inf))


def _reshape_inputs(job: Job, graph: onnx.GraphProto) -> None:
    """Skl2onnx makes one [N, 1] input a column; the contract wants [N], by the feature's own name."""
    del graph.input[:]
    if job.layout == "matrix":
        graph.input.append(helper.make_tensor_value_info(MATRIX_INPUT, TensorProto.FLOAT, ["N", len(job.features)]))
        return
    _constant(graph, "ratchet_axis", np.asarray([1], dtype=np.int64))
    nodes = []
    for i, feature in enumerate(job.features):
        _free(graph, feature.name)
        kind = TensorProto.FLOAT if feature.kind == "number" else TensorProto.STRING
        graph.input.append(helper.make_tensor_value_info(feature.name, kind, ["N"]))
        nodes.append(helper.make_node("Unsqueeze", [feature.name, "ratchet_axis"], [column_name(i)], name=f"ratchet_unsqueeze_{i}"))
    later = list(graph.node)
    del graph.node[:]
    graph.node.extend([*nodes, *later])


def _reshape_outputs(job: Job, graph: onnx.GraphProto) -> None:
    for name in ("label", "probability", "prediction"):
        _free(graph, name)
    names = [output.name for output in graph.output]
    del graph.output[:]
    if job.task == "regression":
        _constant(graph, "ratchet_flat", np.asarray([-1], dtype=np.int64))
        _add(graph, "Reshape", [names[0], "ratchet_flat"], "prediction", TensorProto.FLOAT)
        return
    label, probabilities = names
    for k in range(len(job.classes)):
        if job.task == "binary" and k == 0:
            continue
        name = "probability" if job.task == "binary" else f"probability_{k}"
        _constant(graph, f"ratchet_class_{k}", np.asarray(k, dtype=np.int64))
        _add(graph, "Gather", [probabilities, f"ratchet_class_{k}"], name, TensorProto.FLOAT, axis=1)
    if job.task == "binary":
        # The label follows the policy's threshold, not 0.5.
        _constant(graph, "ratchet_threshold", np.asarray(job.threshold, dtype=np.float32))
        graph.node.append(helper.make_node("GreaterOrEqual", ["probability", "ratchet_threshold"], ["ratchet_positive"]))
        _add(graph, "Cast", ["ratchet_positive"], "label", TensorProto.INT64, to=TensorProto.INT64)
    else:
        _add(graph, "Identity", [label], "label", TensorProto.INT64)


def _add(graph: onnx.GraphProto, op: str, inputs: list[str], output: str, kind: int, **attributes: Any) -> None:
    graph.node.append(helper.make_node(op, inputs, [output], name=f"ratchet_{output}", **attributes))
    graph.output.append(helper.make_tensor_value_info(output, kind, ["N"]))


def _constant(graph: onnx.GraphProto, name: str, value: np.ndarray) -> None:
    graph.initializer.append(numpy_helper.from_array(value, name))


def _free(graph: onnx.GraphProto, name: str) -> str:
    """Gives a value inside the graph that bears `name` another one, which is returned."""
    inner = f"ratchet_inner_{name}"
    for node in graph.node:
        node.input[:] = [inner if given == name else given for given in node.input]
        node.output[:] = [inner if given == name else given for given in node.output]
    for entry in (*graph.initializer, *graph.output):
        if entry.name == name:
            entry.name = inner
    return inner
