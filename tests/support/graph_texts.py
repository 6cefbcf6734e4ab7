"""Texts of graphs, node by node."""

import json

NODES = [
    ["aten.sigmoid.default", [{"ref": 0}], {}],
    ["constant", "float32", [1], [0.5]],
    ["aten.mul.Tensor", [{"ref": 1}, {"ref": 2}], {}],
    ["aten.stack.default", [[{"ref": 3}, {"ref": 0}], -1], {}],
    ["aten.max.dim", [{"ref": 4}, -1], {}],
    ["item", {"ref": 5}, 0],
    ["aten.add.Tensor", [{"ref": 6}, {"float": "inf"}], {"alpha": 0.0}],
    ["aten.nan_to_num.default", [{"ref": 7}, 1.0, 2.0], {}],
    ["aten.to.dtype", [{"ref": 8}, {"dtype": "float32"}], {}],
    ["aten.clamp.default", [{"ref": 9}, None, 3], {}],
    ["aten.gelu.default", [{"ref": 10}], {"approximate": "tanh"}],
]


def text(*nodes, output: int | None = None, inputs: int = 1) -> str:
    last = inputs + len(nodes) - 1 if output is None else output
    return json.dumps({"inputs": inputs, "nodes": list(nodes), "output": {"ref": last}})


PAIR = ["aten.max.dim", [{"ref": 0}, -1], {}]


SINE = ["aten.sin.default", [{"ref": 0}], {}]
