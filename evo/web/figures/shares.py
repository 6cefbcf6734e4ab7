"""Shares of operators or language models by generation, and what each contributes."""

import numpy as np

from evo.core.arrays import Floats
from evo.report.facts.index import Index
from evo.web.figures.spec import COLOURS, GREY, Figure, figure, numbers, plain_text

_MOST = 7
"""Operators or models with a colour of their own; the rarest of more are drawn together."""


def share_figure(index: Index, column: str = "operator") -> Figure:
    """Share of the proposals of each generation by operator or by model, stacked.

    Args:
        index: the campaign's.
        column: "operator" or "model".
    """
    names, counts = _counts(index, column)
    if not names:
        return figure([], note="No language model was asked." if column == "model" else "")
    totals = np.maximum(counts.sum(axis=0), 1)
    generations = list(range(1, counts.shape[1] + 1))
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "stackgroup": "all",
            "x": generations,
            "y": numbers(row / totals, 4),
            "name": plain_text(name),
            "line": {"width": 0.5, "color": _colour(number, name)},
            "hovertemplate": "generation %{x}: %{y:.0%}",
        }
        for number, (name, row) in enumerate(zip(names, counts, strict=True))
    ]
    layout = {"title": {"text": "share of proposals"}, "range": [0, 1], "tickformat": ".0%"}
    return figure(data, x="generation", yaxis=layout, showlegend=True)


def contribution_figure(index: Index, column: str = "operator") -> Figure:
    """The margins of those trained in full, by operator or model, as boxes."""
    names, _ = _counts(index, column)
    full = np.flatnonzero(index.full)
    authors = index.coded(column)
    margins = index.numbers["margin"][full]
    data = []
    for number, name in enumerate(names):
        values = margins[authors.among(name)[full]]
        if not len(values):
            continue
        low, first, middle, third, high = np.quantile(values, [0.05, 0.25, 0.5, 0.75, 0.95])
        data.append(
            {
                "type": "box",
                "x": [plain_text(f"{name} ({len(values)})")],
                "name": plain_text(name),
                "lowerfence": [float(low)],
                "q1": [float(first)],
                "median": [float(middle)],
                "q3": [float(third)],
                "upperfence": [float(high)],
                "mean": [float(values.mean())],
                "marker": {"color": _colour(number, name)},
            }
        )
    note = "No candidate has been trained in full yet."
    return figure(data, y="margin of those trained in full", note=note, showlegend=False)


def _counts(index: Index, column: str) -> tuple[list[str], Floats]:
    """Names, the most frequent first, and their proposals per generation: (names, generations)."""
    places = np.flatnonzero(index.proposed)
    authors = index.coded(column)
    places = places[~authors.among("")[places]]
    if not len(places):
        return [], np.zeros((0, 0))
    names = authors.distinct(index.proposed)
    numbers_of = {name: number for number, name in enumerate(names)}
    code_of = np.array([numbers_of.get(value, -1) for value in authors.values])
    codes = code_of[authors.codes[places]]
    totals = np.bincount(codes, minlength=len(names))
    generations = index.numbers["generation"][places].astype(int)
    counts = np.zeros((len(names), int(generations.max()) + 1))
    np.add.at(counts, (codes, generations), 1)
    order = np.argsort(-totals, kind="stable")
    top, rest = order[:_MOST], order[_MOST:]
    rows = [counts[number] for number in top]
    shown = [names[number] for number in top]
    if len(rest):
        rows.append(counts[rest].sum(axis=0))
        shown.append("others")
    return shown, np.array(rows)[:, 1:]


def _colour(number: int, name: str) -> str:
    return GREY if name == "others" else COLOURS[number % len(COLOURS)]
