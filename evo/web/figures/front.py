"""Performance against novelty: candidates, the front up to a generation, and its intervals."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from archive.pareto import front
from evo.core.arrays import Floats, Indices
from evo.report.facts.index import Index
from evo.web.figures.fitness import MEASURES
from evo.web.figures.spec import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    Figure,
    error_bars,
    figure,
    labels,
    numbers,
    plain_text,
    thinned,
)

NOVELTIES = {
    "n_behaviour": "behaviour N-score: distance to the nearest known component",
    "n_text": "text N-score: 1 − cosine to the nearest known source",
}
_HOVER = "%{y:.3f} at novelty %{x:.3f}<br>%{customdata}<extra></extra>"


class Axes(NamedTuple):
    """The columns of an index along both axes."""

    novelty: str
    measure: str


def members(
    index: Index, *, measure: str = "b_wr", novelty: str = "n_behaviour", until: int | None = None
) -> Indices:
    """Places of the front of all trained in full up to a generation, the best measure first."""
    places = np.flatnonzero(_chosen(index, novelty, until))
    points = _points(index, places, Axes(novelty, measure))
    return places[np.array(front(points[:, ::-1]), dtype=np.intp)] if len(places) else places


def front_figure(
    index: Index,
    names: dict[str, str],
    *,
    measure: str = "b_wr",
    novelty: str = "n_behaviour",
    until: int | None = None,
) -> Figure:
    """The figure of one measure against one N-score.

    Args:
        index: the campaign's.
        names: of the baselines, by id.
        measure: a key of `MEASURES`.
        novelty: a key of `NOVELTIES`.
        until: the last generation that counts; None for all.
    """
    axes = Axes(novelty, measure)
    places = np.flatnonzero(_chosen(index, novelty, until))
    on_front = members(index, measure=measure, novelty=novelty, until=until)
    final = members(index, measure=measure, novelty=novelty)
    shown = thinned(places, on_front)
    others = np.setdiff1d(shown, on_front, assume_unique=True)
    has_merit = index.has_merit[others]
    data = [
        _cloud(index, others[has_merit], axes, name="with merit", symbol="circle"),
        _cloud(index, others[~has_merit], axes, name="without merit", symbol="circle-open"),
    ]
    if until is not None and len(final):
        data.append(
            front_line(index, final, axes, name="front at the end", colour=GREY, dash="dot")
        )
    if len(on_front):
        data.append(front_line(index, on_front, axes, name="front", colour=ORANGE))
        data.append(front_points(index, on_front, axes, name="members, 95 % intervals"))
    known = np.flatnonzero(index.baseline & index.archived & ~np.isnan(index.numbers[novelty]))
    if len(known):
        data.append(
            {
                **_cloud(index, known, axes, name="baselines", symbol="x"),
                "mode": "markers+text",
                "text": labels(
                    _points(index, known, axes),
                    [names.get(index.ids[place], "") for place in known.tolist()],
                    among=_points(index, places, axes),
                ),
                "hovertext": [
                    plain_text(names.get(index.ids[place], "")) for place in known.tolist()
                ],
                "hovertemplate": "%{hovertext}: %{y:.3f} at novelty %{x:.3f}<extra></extra>",
                "textposition": "top center",
                "marker": {"symbol": "x", "size": 8, "color": BLACK},
            }
        )
    if not len(places) and not len(known):
        return figure([], note="No candidate has been trained in full yet.")
    return figure(data, x=NOVELTIES[novelty], y=MEASURES[measure])


def _chosen(index: Index, novelty: str, until: int | None) -> NDArray[np.bool_]:
    chosen = index.full & ~np.isnan(index.numbers[novelty])
    return chosen if until is None else chosen & (index.numbers["generation"] <= until)


def _points(index: Index, places: Indices, axes: Axes) -> Floats:
    return np.column_stack([index.numbers[key][places] for key in axes])


def _cloud(
    index: Index,
    places: Indices,
    axes: Axes,
    *,
    name: str,
    symbol: str,
) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": numbers(index.numbers[axes.novelty][places]),
        "y": numbers(index.numbers[axes.measure][places]),
        "customdata": [plain_text(index.texts["id"][place]) for place in places],
        "name": name,
        "marker": {"symbol": symbol, "size": 6, "color": BLUE, "opacity": 0.55},
        "hovertemplate": _HOVER,
    }


def front_points(
    index: Index,
    places: Indices,
    axes: Axes,
    *,
    name: str,
    colour: str = ORANGE,
    symbol: str = "diamond",
) -> Figure:
    """Members of a front with the 95 % intervals of their measure."""
    values, low, high = (index.numbers[axes.measure + end][places] for end in ("", "_low", "_high"))
    return {
        **_cloud(index, places, axes, name=name, symbol=symbol),
        "marker": {"symbol": symbol, "size": 9, "color": colour},
        "error_y": error_bars(values, low, high, colour=colour, width=3),
    }


def front_line(
    index: Index,
    places: Indices,
    axes: Axes,
    *,
    name: str,
    colour: str,
    dash: str = "solid",
) -> Figure:
    """The line below which everything is dominated by some members of a front, (n,) places."""
    order = places[np.argsort(index.numbers[axes.novelty][places])]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": numbers(index.numbers[axes.novelty][order]),
        "y": numbers(index.numbers[axes.measure][order]),
        "name": name,
        "line": {"color": colour, "shape": "vh", "dash": dash, "width": 1.5},
        "hoverinfo": "skip",
    }
