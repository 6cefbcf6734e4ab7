"""Symbolic sizes: `x / x.shape[1]` is the same graph at every size of x.

A trace holds a size as a plain number. Traces at several shapes that differ only in such numbers
are merged into one graph, in which `{"size": [input, dim, plus]}` is the size of an input's
dimension plus a constant; dim None means its number of elements.
"""

import json
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

Shapes = Sequence[Sequence[int]]
"""One shape per argument of a component."""

_MAX_ADDED = 2
"""Largest constant added to a size: people write `x.shape[1] - 1`; more is coincidence."""


class Size(NamedTuple):
    """The size of an input's dimension plus a whole number.

    Attributes:
        input: index of the input.
        dim: index of the dimension; None for the number of elements.
        plus: number that is added.
    """

    input: int
    dim: int | None
    plus: int

    def of(self, shape: Sequence[int]) -> int:
        """The value where the input has this shape.

        Raises:
            IndexError: the shape has no such dimension.
        """
        return (math.prod(shape) if self.dim is None else shape[self.dim]) + self.plus


def with_sizes(texts: Sequence[str], shapes: Sequence[Shapes]) -> str | None:
    """Merge the traces of one function at several shapes; None if they differ in more than sizes.

    >>> one, two = (f'{{"nodes":[["aten.div.Tensor",[{{"ref":0}},{n}],{{}}]]}}' for n in (7, 6))
    >>> with_sizes([one, two], [[(5, 7)], [(8, 6)]])
    '{"nodes":[["aten.div.Tensor",[{"ref":0},{"size":[0,1,0]}],{}]]}'
    """
    documents = [json.loads(text) for text in texts]
    nodes = [document.pop("nodes") for document in documents]
    if any(document != documents[0] for document in documents) or len(set(map(len, nodes))) > 1:
        return None
    try:
        merged = [_merged_node(versions, shapes) for versions in zip(*nodes, strict=True)]
    except _DifferentGraphsError:
        return None
    return json.dumps({"nodes": merged, **documents[0]}, separators=(",", ":"))


class _DifferentGraphsError(Exception):
    """Two traces differ in more than sizes."""


def _merged_node(versions: Sequence[Any], shapes: Sequence[Shapes]) -> Any:
    first = versions[0]
    if all(version == first for version in versions):
        return first
    names = {version[0] for version in versions}
    if len(names) > 1 or not names.isdisjoint({"constant", "item"}):
        raise _DifferentGraphsError
    name, positional, keywords = zip(*versions, strict=True)
    if any(version != keywords[0] for version in keywords):
        raise _DifferentGraphsError
    return [name[0], _merged(positional, shapes), keywords[0]]


def _merged(versions: Sequence[Any], shapes: Sequence[Shapes]) -> Any:
    first = versions[0]
    if all(version == first for version in versions):
        return first
    if all(isinstance(version, list) and len(version) == len(first) for version in versions):
        return [_merged(parts, shapes) for parts in zip(*versions, strict=True)]
    if all(type(version) is int for version in versions):
        return {"size": list(_size(versions, shapes))}
    raise _DifferentGraphsError


def _size(numbers: Sequence[int], shapes: Sequence[Shapes]) -> Size:
    """The size that has these values at these shapes; one without a constant if there is one."""
    candidates: list[Size] = []
    for index, versions in enumerate(zip(*shapes, strict=True)):
        rank = min(map(len, versions))
        for dim in (*range(rank), *range(-rank, 0), None):
            bare = Size(index, dim, 0)
            differences = {n - bare.of(shape) for n, shape in zip(numbers, versions, strict=True)}
            if len(differences) == 1 and abs(plus := differences.pop()) <= _MAX_ADDED:
                candidates.append(bare._replace(plus=plus))
    if not candidates:
        raise _DifferentGraphsError
    return min(candidates, key=lambda size: abs(size.plus))
