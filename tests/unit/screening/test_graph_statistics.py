import json

import numpy as np

from evo.screening.graph_statistics import SIZE, graph_statistics

GATED = json.dumps(
    {
        "inputs": 1,
        "nodes": [
            ["aten.sigmoid.default", [{"ref": 0}], {}],
            ["constant", "float32", [1], [0.5]],
            ["aten.mul.Tensor", [{"ref": 0}, {"ref": 1}], {}],
            ["aten.mul.Tensor", [{"ref": 3}, {"ref": 2}], {}],
        ],
        "output": {"ref": 4},
    }
)


def test_a_graph_is_counted_without_being_run() -> None:
    nodes, constants, depth, different = np.expm1(graph_statistics([GATED])[:4]).round()

    assert (nodes, constants, depth, different) == (3, 1, 3, 2)


def test_each_operator_has_a_place_of_its_own() -> None:
    counts = np.expm1(graph_statistics([GATED])[4:]).round()

    assert len(counts) == SIZE - 4
    assert sorted(counts[counts > 0]) == [1, 2]
