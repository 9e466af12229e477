"""Writes three small ONNX graphs in Ratchet's shape (DESIGN section 6), whose answers are known by formula.

binary.onnx      columns: delay float [N], day string [N]; probability = sigmoid(0.1 * delay + (1 if day == 'sun' else 0))
multiclass.onnx  matrix:  features float [N, 2]; probability_k = softmax over (a, b, a + b)
regression.onnx  matrix:  features float [N, 2]; prediction = 2 a - b
"""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, STRING, INT64 = TensorProto.FLOAT, TensorProto.STRING, TensorProto.INT64


def value(name, kind, shape):
    return helper.make_tensor_value_info(name, kind, shape)


def const(name, array):
    return numpy_helper.from_array(np.asarray(array), name)


def texts(name, items):
    return helper.make_tensor(name, STRING, [len(items)], [item.encode() for item in items])


def save(path, nodes, inputs, outputs, constants):
    graph = helper.make_graph(nodes, path.stem, inputs, outputs, constants)
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def binary(path):
    nodes = [
        helper.make_node(
            "LabelEncoder", ["day"], ["sunday"], domain="ai.onnx.ml",
            keys_strings=["sun"], values_floats=[1.0], default_float=0.0,
        ),
        helper.make_node("Mul", ["delay", "tenth"], ["scaled"]),
        helper.make_node("Add", ["scaled", "sunday"], ["logit"]),
        helper.make_node("Sigmoid", ["logit"], ["probability"]),
        helper.make_node("GreaterOrEqual", ["probability", "half"], ["positive"]),
        helper.make_node("Cast", ["positive"], ["index"], to=INT64),
        helper.make_node("Gather", ["classes", "index"], ["label"]),
    ]
    save(
        path, nodes,
        [value("delay", FLOAT, ["N"]), value("day", STRING, ["N"])],
        [value("label", STRING, ["N"]), value("probability", FLOAT, ["N"])],
        [const("tenth", np.float32(0.1)), const("half", np.float32(0.5)), texts("classes", ["no", "yes"])],
    )


def multiclass(path):
    nodes = [
        helper.make_node("MatMul", ["features", "weights"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["all"], axis=1),
        helper.make_node("ArgMax", ["all"], ["index"], axis=1, keepdims=0),
        helper.make_node("Gather", ["classes", "index"], ["label"]),
        *[helper.make_node("Gather", ["all", f"k{k}"], [f"probability_{k}"], axis=1) for k in range(3)],
    ]
    save(
        path, nodes,
        [value("features", FLOAT, ["N", 2])],
        [value("label", STRING, ["N"])] + [value(f"probability_{k}", FLOAT, ["N"]) for k in range(3)],
        [const("weights", np.array([[1, 0, 1], [0, 1, 1]], np.float32)), texts("classes", ["a", "b", "both"])]
        + [const(f"k{k}", np.int64(k)) for k in range(3)],
    )


def regression(path):
    nodes = [helper.make_node("MatMul", ["features", "weights"], ["prediction"])]
    save(
        path, nodes,
        [value("features", FLOAT, ["N", 2])],
        [value("prediction", FLOAT, ["N"])],
        [const("weights", np.array([2, -1], np.float32))],
    )


folder = Path(sys.argv[1])
binary(folder / "binary.onnx")
multiclass(folder / "multiclass.onnx")
regression(folder / "regression.onnx")
