"""Makes the small graphs of test/adapters/onnx/graphs: `python make-graphs.py`, with onnx of the trainer's environment."""

from pathlib import Path

from onnx import TensorProto as T, checker, helper as h, save

FOLDER = Path(__file__).parent / "graphs"
FLOAT, DOUBLE, TEXT, INT = T.FLOAT, T.DOUBLE, T.STRING, T.INT64


def make(name, nodes, inputs, outputs, constants=(), ml=False):
    def value(entry):
        return h.make_tensor_value_info(entry[0], entry[1], entry[2] if len(entry) > 2 else ["N"])

    outs = [entry if not isinstance(entry, tuple) else value(entry) for entry in outputs]
    graph = h.make_graph(nodes, name, [value(i) for i in inputs], outs, list(constants))
    opsets = [h.make_opsetid("", 18)] + ([h.make_opsetid("ai.onnx.ml", 3)] if ml else [])
    model = h.make_model(graph, opset_imports=opsets, ir_version=8)
    checker.check_model(model)
    save(model, FOLDER / f"{name}.onnx")


def is_text(word, output):
    encoder = h.make_node("LabelEncoder", ["colour"], [output], domain="ai.onnx.ml", keys_strings=[word], values_floats=[1.0], default_float=0.0)
    return encoder


# probability = 1 for a missing amount, else amount, plus 0.25 where colour is ""
amount = [h.make_node("IsNaN", ["amount"], ["gone"]), h.make_node("Where", ["gone", "one", "amount"], ["filled"])]
one = h.make_tensor("one", FLOAT, [], [1.0])
quarter = h.make_tensor("quarter", FLOAT, [], [0.25])
bonus = [is_text("", "empty"), h.make_node("Mul", ["empty", "quarter"], ["bonus"])]
mixed = [*amount, *bonus, h.make_node("Add", ["filled", "bonus"], ["probability"])]
columns = [("amount", FLOAT), ("colour", TEXT)]
make("binary-columns", mixed, columns, [("probability", FLOAT)], [one, quarter], ml=True)

row_sum = h.make_node("ReduceSum", ["features", "axis"], ["prediction"], keepdims=0)
axis = h.make_tensor("axis", INT, [1], [1])
make("regression-matrix", [row_sum], [("features", FLOAT, ["N", 2])], [("prediction", FLOAT)], [axis])

three = [h.make_node("Identity", ["x"], ["probability_0"]), h.make_node("Identity", ["y"], ["probability_1"]), h.make_node("Identity", ["z"], ["probability_2"])]
make("multiclass-columns", three, [("x", FLOAT), ("y", FLOAT), ("z", FLOAT)], [(f"probability_{k}", FLOAT) for k in range(3)])

same = [h.make_node("Identity", ["amount"], ["probability"])]
make("probability-amount", same, [("amount", FLOAT)], [("probability", FLOAT)])
# For rollouts: another file with the same answers, and one whose answers are inverted.
make("amount-again", [h.make_node("Identity", ["amount"], ["copy"]), h.make_node("Identity", ["copy"], ["probability"])], [("amount", FLOAT)], [("probability", FLOAT)])
make("inverted-amount", [h.make_node("Sub", ["one", "amount"], ["probability"])], [("amount", FLOAT)], [("probability", FLOAT)], [one])
make("double-input", [h.make_node("Cast", ["amount"], ["probability"], to=FLOAT)], [("amount", DOUBLE)], [("probability", FLOAT)])
make("rank-two-input", [h.make_node("Squeeze", ["amount"], ["probability"])], [("amount", FLOAT, ["N", 1])], [("probability", FLOAT)])
make("rank-two-output", [h.make_node("Unsqueeze", ["amount", "axis"], ["probability"])], [("amount", FLOAT)], [("probability", FLOAT, ["N", 1])], [axis])
make("int-output", [h.make_node("Cast", ["amount"], ["probability"], to=INT)], [("amount", FLOAT)], [("probability", INT)])
make("no-output", [h.make_node("Identity", ["amount"], ["score"])], [("amount", FLOAT)], [("score", FLOAT)])
make("first-row-only", [h.make_node("Gather", ["amount", "first"], ["probability"])], [("amount", FLOAT)], [("probability", FLOAT)], [h.make_tensor("first", INT, [1], [0])])

pair = [h.make_node("Unsqueeze", ["amount", "axis"], ["table"]), h.make_node("Concat", ["table", "table"], ["both"], axis=1), h.make_node("ZipMap", ["both"], ["probability"], domain="ai.onnx.ml", classlabels_int64s=[0, 1])]
maps = h.make_value_info("probability", h.make_sequence_type_proto(h.make_map_type_proto(INT, h.make_tensor_type_proto(FLOAT, []))))
make("zipmap-output", pair, [("amount", FLOAT)], [maps], [axis], ml=True)
