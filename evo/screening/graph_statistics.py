"""Statistics of a graph: its size, its depth and the operators in it."""

import json
from collections import Counter
from collections.abc import Sequence

import numpy as np

from evo.core.records import Vector
from evo.validation.graph.allowed import COUNTED, base_name

_OPERATORS = {name: index for index, name in enumerate(sorted(COUNTED))}
SIZE = 4 + len(_OPERATORS)


def graph_statistics(texts: Sequence[str]) -> Vector:
    """log(1 + count) of nodes, constants, depth and distinct operators, then per counted operator.

    Of a graph with several cases by sizes the first one counts.

    Args:
        texts: checked graphs, see `evo.validation.graph.document`: one per member of the kind.

    Returns:
        (SIZE,) float32 for each graph, one after another.
    """
    return np.concatenate([_of_graph(text) for text in texts])


def _of_graph(text: str) -> Vector:
    whole = json.loads(text)
    document = whole if "nodes" in whole else whole["cases"][0]
    depths = [0] * whole["inputs"]
    names: list[str] = []
    for node in document["nodes"]:
        if node[0] == "constant":
            depths.append(0)
            continue
        depths.append(
            1 + max((depths[reference] for reference in _references(node[1:])), default=0)
        )
        if node[0] != "item":
            names.append(base_name(node[0]))
    constants = sum(node[0] == "constant" for node in document["nodes"])
    counts = Counter(names)
    statistics = np.zeros(SIZE, dtype=np.float32)
    statistics[:4] = len(names), constants, depths[document["output"]["ref"]], len(counts)
    for name, count in counts.items():
        if name in _OPERATORS:
            statistics[4 + _OPERATORS[name]] = count
    return np.log1p(statistics)


def _references(value: object) -> list[int]:
    if isinstance(value, dict):
        if "ref" in value:
            return [value["ref"]]
        return [reference for inner in value.values() for reference in _references(inner)]
    if isinstance(value, list):
        return [reference for inner in value for reference in _references(inner)]
    return []
