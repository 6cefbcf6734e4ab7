"""Parts of plotly's JSON that all figures share: text, numbers, colours, axes.

Plotly reads a few tags in labels as markup, so every text that is not ours passes `plain_text`.
"""

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import numpy as np

from evo.core.arrays import Floats, Indices

Figure = dict[str, Any]
"""`data` and `layout` for `Plotly.react`."""

BLUE, ORANGE, GREEN, PINK, YELLOW, SKY, BLACK, GREY = (
    *("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#888888"),
)
"""Colours by Okabe and Ito; the page lightens some where it is dark."""
COLOURS = (BLUE, ORANGE, GREEN, PINK, YELLOW, SKY, GREY)
SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "star", "x")
DASHES = ("solid", "dash", "dot", "dashdot")
COLOUR_SCALE = "Cividis"
MOST_POINTS = 300
"""Points of a cloud that are drawn; more would slow the page and look the same."""


_NOTHING: Indices = np.zeros(0, dtype=np.intp)


def plain_text(text: str) -> str:
    """Text that plotly shows as it is, without half surrogate pairs.

    >>> plain_text("<b>x</b>")
    '&lt;b&gt;x&lt;/b&gt;'
    """
    return escape(text.encode("utf-8", "replace").decode(), quote=False)


def numbers(values: Iterable[float], digits: int = 5) -> list[float | None]:
    """Values rounded to this number of significant digits; None for what is not finite."""
    return [
        float(f"{value:.{digits}g}") if math.isfinite(value) else None
        for value in np.asarray(list(values), dtype=float).tolist()
    ]


def error_bars(
    values: Floats, low: Floats, high: Floats, *, colour: str, width: int
) -> dict[str, Any]:
    """Vertical bars from low to high around values, (n,) each; width of their ends in pixels."""
    return {
        "type": "data",
        "symmetric": False,
        "array": numbers(high - values),
        "arrayminus": numbers(values - low),
        "color": colour,
        "thickness": 1,
        "width": width,
    }


def figure(
    data: Sequence[dict[str, Any]], *, x: str = "", y: str = "", note: str = "", **layout: Any
) -> Figure:
    """A figure with named axes.

    Args:
        data: the traces.
        x: title of the abscissa.
        y: title of the ordinate.
        note: said instead of the axes where there is nothing to draw.
        layout: more of plotly's layout.
    """
    return {
        "data": list(data),
        "layout": {
            "xaxis": {"title": {"text": x}, **(_whole(data) if x == "generation" else {})},
            "yaxis": {"title": {"text": y}},
            "showlegend": len(data) > 1,
            **layout,
        },
        "note": "" if data else note or "Nothing to draw yet.",
    }


def _whole(data: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Ticks of an axis of generations: at whole numbers, about eight of them."""
    places = [value for trace in data for value in trace.get("x", ()) if value is not None]
    span = max(places, default=1) - min(places, default=0)
    steps = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
    return {"tick0": 0, "dtick": next((step for step in steps if span / step <= 10), 10_000)}


def band(x: Sequence[Any], low: Sequence[Any], high: Sequence[Any], **more: Any) -> Figure:
    """A filled band between two curves."""
    return {
        "type": "scatter",
        "x": [*x, *reversed(x)],
        "y": [*high, *reversed(low)],
        "fill": "toself",
        "mode": "lines",
        "line": {"width": 0},
        "opacity": 0.25,
        "hoverinfo": "skip",
        **more,
    }


def held(x: Sequence[Any], *curves: Sequence[Any]) -> list[list[Any]]:
    """Abscissae and curves with a step at each abscissa, up to which the value before holds.

    >>> held([1, 2, 3], [5, 7, 7])
    [[1, 2, 2, 3, 3], [5, 5, 7, 7, 7]]
    """
    places = [(number + 1) // 2 for number in range(2 * len(x) - 1)]
    values = [number // 2 for number in range(2 * len(x) - 1)]
    return [[x[p] for p in places], *([curve[v] for v in values] for curve in curves)]


def thinned(places: Indices, keep: Indices = _NOTHING) -> Indices:
    """At most `MOST_POINTS` places: those to keep, and of the others some, evenly spaced.

    Args:
        places: (n,) places in an index.
        keep: (m,) places among them that must be drawn.
    """
    others = np.setdiff1d(places, keep, assume_unique=True)
    room = max(MOST_POINTS - len(keep), 0)
    if len(others) > room:
        others = others[np.linspace(0, len(others) - 1, room).astype(np.intp)] if room else keep[:0]
    return np.concatenate([others, keep]).astype(np.intp)


def labels(points: Floats, names: Sequence[str], *, among: Floats) -> list[str]:
    """The names of points that have room for one, in order; empty for the others.

    Args:
        points: (n, 2) abscissae and ordinates.
        names: of the points.
        among: (m, 2) all points of the figure, which decide how far its axes go.
    """
    everything = np.concatenate([points, among])
    span = np.ptp(everything, axis=0) if len(everything) else np.ones(2)
    scaled = points / np.where(span > 0, span, 1.0) / (0.09, 0.04)
    placed: list[int] = []
    for place, point in enumerate(scaled):
        if all((np.abs(point - scaled[other]) > 1).any() for other in placed):
            placed.append(place)
    return [plain_text(name) if place in placed else "" for place, name in enumerate(names)]
