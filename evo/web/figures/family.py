"""The family of a candidate: its ancestors by generation and margin, and the path to it."""

from typing import NamedTuple

import numpy as np

from evo.report.facts.index import Index
from evo.web.figures.spec import (
    COLOURS,
    GREY,
    ORANGE,
    SYMBOLS,
    Figure,
    figure,
    numbers,
    plain_text,
)

MOST_ANCESTORS = 400
"""Ancestors that are drawn: those nearest to the candidate by generation."""


class Family(NamedTuple):
    """Ancestors of a candidate.

    Attributes:
        members: places in the index, the oldest first, the candidate last.
        path: places from the oldest ancestor to the candidate, by the better parent at each step.
        total: number of ancestors, drawn or not.
    """

    members: list[int]
    path: list[int]
    total: int


def family_of(index: Index, place: int) -> Family:
    """The ancestors of a candidate, and the path that led to it."""
    family, newest = {place}, [place]
    while newest:
        parents = {p for child in newest for p in _parents(index, child)}
        newest = sorted(parents - family)
        family.update(newest)
    path, seen = [place], {place}
    while parents := [p for p in _parents(index, path[-1]) if p not in seen]:
        path.append(max(parents, key=lambda p: _quality(index, p)))
        seen.add(path[-1])
    by_age = sorted(family, key=lambda p: (index.numbers["generation"][p], p))
    kept = {*by_age[-MOST_ANCESTORS:], *path}
    return Family([p for p in by_age if p in kept], path[::-1], len(family) - 1)


def family_figure(index: Index, family: Family, names: dict[str, str]) -> Figure:
    """Ancestors by generation and margin, with a line to each of their parents.

    Args:
        index: the campaign's.
        family: of the candidate.
        names: of the baselines, by id.
    """
    drawn = set(family.members)
    edges = [
        (parent, child)
        for child in family.members
        for parent in _parents(index, child)
        if parent in drawn
    ]
    data = [
        _lines(index, edges, "parent to child", GREY, 0.8),
        _lines(index, list(zip(family.path, family.path[1:], strict=False)), "path", ORANGE, 3),
    ]
    operators = sorted({index.texts["operator"][place] for place in family.members})
    for number, operator in enumerate(operators):
        places = [p for p in family.members if index.texts["operator"][p] == operator]
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": _generations(index, places),
                "y": numbers(index.numbers["margin"][places]),
                "customdata": [plain_text(index.texts["id"][place]) for place in places],
                "text": [
                    plain_text(names.get(index.texts["id"][place], index.texts["id"][place][:8]))
                    for place in places
                ],
                "name": plain_text(operator),
                "marker": {
                    "symbol": SYMBOLS[number % len(SYMBOLS)],
                    "color": COLOURS[number % len(COLOURS)],
                    "size": 8,
                },
                "hovertemplate": "%{text}: margin %{y:.3f}, generation %{x}<extra></extra>",
            }
        )
    last = family.path[-1]
    data.append(
        {
            "type": "scatter",
            "mode": "markers",
            "x": _generations(index, [last]),
            "y": numbers(index.numbers["margin"][[last]]),
            "name": "this candidate",
            "marker": {"symbol": "circle-open", "size": 16, "color": ORANGE, "line": {"width": 3}},
            "hoverinfo": "skip",
        }
    )
    return figure(data, x="generation", y="margin")


def _lines(
    index: Index, edges: list[tuple[int, int]], name: str, colour: str, width: float
) -> Figure:
    x: list[float | None] = []
    y: list[float | None] = []
    for parent, child in edges:
        x += [*_generations(index, [parent, child]), None]
        y += [*numbers(index.numbers["margin"][[parent, child]]), None]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "name": name,
        "line": {"color": colour, "width": width},
        "hoverinfo": "skip",
    }


def _generations(index: Index, places: list[int]) -> list[float | None]:
    return numbers(index.numbers["generation"][np.array(places, dtype=np.intp)])


def _parents(index: Index, child: int) -> list[int]:
    """Places of the parents of a record that reached the archive before it."""
    places = [index.places[id_] for id_ in index.parents[child] if id_ in index.places]
    return [p for p in dict.fromkeys(places) if index.archived[p] and p != child]


def _quality(index: Index, place: int) -> tuple[float, float]:
    return float(index.numbers["rung"][place]), float(index.numbers["b_wr"][place])
