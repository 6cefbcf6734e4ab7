"""The map of a campaign: what candidates compute, or how they read, projected to two dimensions.

    (x, y) = the two leading principal components of the vectors (PCA)

Distances in the map are at most those of the vectors; the share of the variance that it shows
stands at its axes.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from archive.history.records import Records
from evo.core.arrays import Floats
from evo.report.facts.index import Index
from evo.web.figures.spec import (
    BLACK,
    GREY,
    SCALE,
    Figure,
    figure,
    labels,
    numbers,
    plain,
    thinned,
)

DESCRIPTORS = {"behaviour": "what it computes on the probe", "text": "how its source reads"}
_SAMPLE = 4_000
"""Vectors that the components are taken from."""


class Projection(NamedTuple):
    """Two coordinates per record.

    Attributes:
        places: places of the records that have a vector: (n,).
        points: (n, 2).
        shares: share of the variance along each axis.
    """

    places: NDArray[np.intp]
    points: Floats
    shares: tuple[float, float]


def projected(records: Records, descriptor: str) -> Projection:
    """The projection of the vectors of all records, read from disk in blocks."""
    name = f"{descriptor}_vector"
    present: list[NDArray[np.bool_]] = []
    parts: list[NDArray[np.float32]] = []
    for block in records.blocks():
        present.append(block[f"{name}.present"])
        if len(block[name]):
            parts.append(block[name])
    places = np.flatnonzero(np.concatenate(present)) if present else np.zeros(0, np.intp)
    if len(places) < 3:
        return Projection(places[:0], np.zeros((0, 2)), (0.0, 0.0))
    vectors = np.concatenate(parts)
    vectors = np.nan_to_num(vectors, posinf=0.0, neginf=0.0)
    # One that is far off would take both axes for itself.
    limit = np.quantile(np.abs(vectors), 0.999)
    vectors = np.clip(vectors, -limit, limit)
    sample = vectors[np.linspace(0, len(vectors) - 1, min(_SAMPLE, len(vectors))).astype(int)]
    centre = sample.mean(axis=0)
    _, scales, axes = np.linalg.svd(sample - centre, full_matrices=False)
    variance = scales**2 / max(float((scales**2).sum()), 1e-12)
    shares = (*variance.tolist(), 0.0, 0.0)[:2]
    points = ((vectors - centre) @ axes[:2].T).astype(np.float64)
    return Projection(places, points, (shares[0], shares[1]))


def map_figure(index: Index, projection: Projection, names: dict[str, str]) -> Figure:
    """Candidates as points, light where their margin is large; baselines by name.

    Args:
        index: the campaign's.
        projection: of its vectors.
        names: of the baselines, by id.
    """
    places = projection.places[projection.places < len(index)]
    if not len(places):
        return figure([], note="No candidate has been described yet.")
    rows = np.full(len(index), -1)
    rows[places] = np.arange(len(places))
    scored = places[index.full[places]]
    best = scored[np.argsort(-index.numbers["margin"][scored])[:300]]
    shown = thinned(places[~index.baseline[places]], best)
    trained, rest = shown[index.full[shown]], shown[~index.full[shown]]
    data = [
        {
            **_points(index, projection, rows, rest, "not trained in full"),
            "marker": {"size": 4, "color": GREY, "opacity": 0.4},
        },
        {
            **_points(index, projection, rows, trained, "trained in full"),
            "marker": {
                "size": 7,
                "color": numbers(index.numbers["margin"][trained]),
                "colorscale": SCALE,
                "colorbar": {"title": {"text": "margin"}, "thickness": 12},
                "line": {"width": 0.5, "color": GREY},
            },
        },
    ]
    known = places[index.baseline[places]]
    data.append(
        {
            **_points(index, projection, rows, known, "baselines"),
            "mode": "markers+text",
            "text": labels(
                projection.points[rows[known]],
                [names.get(index.texts["id"][place], "") for place in known],
                among=projection.points[rows[shown]],
            ),
            "hovertext": [plain(names.get(index.texts["id"][place], "")) for place in known],
            "hovertemplate": "%{hovertext}<extra></extra>",
            "textposition": "top center",
            "marker": {"symbol": "x", "size": 8, "color": BLACK},
        }
    )
    first, second = projection.shares
    title = {"text": f"second component, {second:.0%} of the variance"}
    return figure(
        data,
        x=f"first component, {first:.0%} of the variance",
        yaxis={"title": title, "zeroline": False},  # zero is the mean of the vectors, no more
    )


def _points(
    index: Index,
    projection: Projection,
    rows: NDArray[np.intp],
    places: NDArray[np.intp],
    name: str,
) -> Figure:
    points = projection.points[rows[places]]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": numbers(points[:, 0], 4),
        "y": numbers(points[:, 1], 4),
        "customdata": [plain(index.texts["id"][place]) for place in places],
        "name": name,
        "hovertemplate": "%{customdata}<extra></extra>",
    }
