"""Sizes in formulas: `x / x.shape[1]` is the same graph at every size of x.

A trace holds a size as the number that it was. Traces at several shapes that differ in nothing but
such numbers are one graph, in which `{"size": [input, dim, plus]}` stands for the size of an
input's dimension and a constant; dim None means its number of elements.
"""

import json
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

Shapes = Sequence[Sequence[int]]
"""One shape per argument of a component."""

_MOST_ADDED = 2
"""`x.shape[1] - 1` is written by people; more than this is chance."""


class Size(NamedTuple):
    """A size of an input, and a whole number that is added to it."""

    input: int
    dim: int | None
    plus: int

    def of(self, shape: Sequence[int]) -> int:
        """Its value where the input has this shape.

        Raises:
            IndexError: it has no such dimension.
        """
        return (math.prod(shape) if self.dim is None else shape[self.dim]) + self.plus


def with_sizes(texts: Sequence[str], shapes: Sequence[Shapes]) -> str | None:
    """One graph for traces at these shapes, None where they differ in more than sizes.

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
    except _OtherError:
        return None
    return json.dumps({"nodes": merged, **documents[0]}, separators=(",", ":"))


class _OtherError(Exception):
    """Two traces differ in more than sizes."""


def _merged_node(versions: Sequence[Any], shapes: Sequence[Shapes]) -> Any:
    first = versions[0]
    if all(version == first for version in versions):
        return first
    names = {version[0] for version in versions}
    if len(names) > 1 or not names.isdisjoint({"constant", "item"}):
        raise _OtherError
    name, positional, keywords = zip(*versions, strict=True)
    if any(given != keywords[0] for given in keywords):
        raise _OtherError
    return [name[0], _merged(positional, shapes), keywords[0]]


def _merged(versions: Sequence[Any], shapes: Sequence[Shapes]) -> Any:
    first = versions[0]
    if all(version == first for version in versions):
        return first
    if all(isinstance(version, list) and len(version) == len(first) for version in versions):
        return [_merged(parts, shapes) for parts in zip(*versions, strict=True)]
    if all(type(version) is int for version in versions):
        return {"size": list(_size(versions, shapes))}
    raise _OtherError


def _size(numbers: Sequence[int], shapes: Sequence[Shapes]) -> Size:
    """The size that takes these values; one without a constant comes first."""
    found: list[Size] = []
    for place, versions in enumerate(zip(*shapes, strict=True)):
        rank = min(map(len, versions))
        for dim in (*range(rank), *range(-rank, 0), None):
            bare = Size(place, dim, 0)
            over = {n - bare.of(shape) for n, shape in zip(numbers, versions, strict=True)}
            if len(over) == 1 and abs(plus := over.pop()) <= _MOST_ADDED:
                found.append(bare._replace(plus=plus))
    if not found:
        raise _OtherError
    return min(found, key=lambda size: abs(size.plus))
