"""Fitness over generations: the best so far, the mean, quantiles and second measurements."""

from collections.abc import Sequence

import numpy as np

from evo.campaign.climb import Climb
from evo.report.facts.index import Index
from evo.web.figures.spec import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    Figure,
    band,
    error_bars,
    figure,
    held,
    numbers,
    plain_text,
    thinned,
)

MEASURES = {
    "margin": "margin: log-ratio of losses to the best baseline's",
    "b_wr": "B-WR: chance to beat a baseline",
    "bsota_wr": "BSOTA-WR: chance to beat the best baseline",
}
_QUANTILES = (0.1, 0.5, 0.9)
_MOST_MARKERS = 60


def fitness_figure(index: Index, climbs: Sequence[Climb], measure: str = "margin") -> Figure:
    """The figure of one measure of the candidates that were trained in full.

    Args:
        index: the campaign's.
        climbs: one per generation, as far as they are known yet.
        measure: a key of `MEASURES`.
    """
    full = np.flatnonzero(index.full)
    if not len(full):
        return figure([], note="No candidate has been trained in full yet.")
    generations = index.numbers["generation"][full].astype(int)
    values = index.numbers[measure][full]
    numbers_of = np.unique(generations)
    groups = np.split(values, np.searchsorted(generations, numbers_of[1:]))
    low, middle, high = np.array([np.quantile(group, _QUANTILES) for group in groups]).T
    x = numbers_of.tolist()
    data = [
        band(x, numbers(low), numbers(high), name="10–90 % of the generation", fillcolor=BLUE),
        {
            "type": "scatter",
            "mode": "lines",
            "x": x,
            "y": numbers(middle),
            "name": "median",
            "line": {"color": BLUE, "width": 1, "dash": "dot"},
        },
        {
            "type": "scatter",
            "mode": _mode(x),
            "x": x,
            "y": numbers([group.mean() for group in groups]),
            "name": "mean",
            "line": {"color": BLUE},
        },
        *_best(climbs, measure),
        *_again(index, measure),
    ]
    return figure(data, x="generation", y=MEASURES[measure], zeroline=measure == "margin")


def _mode(x: Sequence[int]) -> str:
    """Markers too where there is room for them."""
    return "lines+markers" if len(x) <= _MOST_MARKERS else "lines"


def _best(climbs: Sequence[Climb], measure: str) -> list[Figure]:
    known = [(climb.generation, climb.best) for climb in climbs if climb.best is not None]
    if not known:
        return []
    x = [generation for generation, _ in known]
    estimates = [getattr(best, measure) for _, best in known]
    ends = zip(*((estimate.low, estimate.high) for estimate in estimates), strict=True)
    steps, low, high = held(x, *map(numbers, ends))
    return [
        band(steps, low, high, name="95 % interval of the best", fillcolor=ORANGE),
        {
            "type": "scatter",
            "mode": _mode(x),
            "x": x,
            "y": numbers(estimate.value for estimate in estimates),
            "customdata": [plain_text(best.id) for _, best in known],
            "name": "best so far, by worth",
            "line": {"color": ORANGE, "width": 2.5, "shape": "hv"},
            "hovertemplate": "generation %{x}: %{y:.3f}<br>%{customdata}<extra>best</extra>",
        },
    ]


def _again(index: Index, measure: str) -> list[Figure]:
    places = thinned(np.flatnonzero(index.remeasured))
    if not len(places):
        return []
    values, low, high = (index.numbers[measure + end][places] for end in ("", "_low", "_high"))
    is_few = len(places) <= 200
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "x": index.numbers["generation"][places].astype(int).tolist(),
            "y": numbers(values),
            "error_y": error_bars(values, low, high, colour=GREY, width=0) | {"visible": is_few},
            "customdata": [plain_text(index.texts["id"][place]) for place in places],
            "name": "measured again on fresh seeds",
            "marker": {"symbol": "diamond", "size": 7, "color": GREEN},
            "hovertemplate": "%{y:.3f}<br>%{customdata}<extra>measured again</extra>",
        }
    ]
