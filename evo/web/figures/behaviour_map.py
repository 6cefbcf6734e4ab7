"""The map of a campaign: what candidates compute, or how they read, projected to two dimensions.

    (x, y) = the two leading principal components of the vectors (PCA)

Distances in the map are at most those of the vectors; the share of the variance that it shows
stands at its axes. Of a large campaign it takes a sample, so that memory does not grow with it.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from archive.history.records import Records
from evo.core.arrays import Floats
from evo.core.seeds import child
from evo.report.facts.index import Index
from evo.web.figures.spec import (
    BLACK,
    COLOUR_SCALE,
    GREY,
    Figure,
    figure,
    labels,
    numbers,
    plain_text,
    thinned,
)

DESCRIPTORS = {"behaviour": "what it computes on the probe", "text": "how its source reads"}
SAMPLE = 4_000
"""Vectors that the map is made of, drawn at random, besides those of the best and of baselines."""
ALWAYS_MAPPED = 300
"""Candidates with the largest margins, which are always in the map."""


class Projection(NamedTuple):
    """Two coordinates per record.

    Attributes:
        places: places of the records in the map: (n,), ascending.
        points: (n, 2).
        shares: share of the variance along each axis.
        vectors: number of records that have a vector.
    """

    places: NDArray[np.intp]
    points: Floats
    shares: tuple[float, float]
    vectors: int


def projected(
    records: Records, descriptor: str, index: Index, *, sample: int = SAMPLE
) -> Projection:
    """The projection of a campaign's vectors, read from disk a segment at a time.

    Args:
        records: of the campaign.
        descriptor: one of `DESCRIPTORS`.
        index: of as many records or fewer.
        sample: number of vectors besides those of the best and of baselines.
    """
    always = np.concatenate([_best(index), np.flatnonzero(index.baseline)])
    vectors, places, count = _drawn(records, f"{descriptor}_vector", always, sample)
    if len(places) < 3:
        return Projection(places[:0], np.zeros((0, 2)), (0.0, 0.0), count)
    vectors = np.nan_to_num(vectors, posinf=0.0, neginf=0.0)
    # One that is far off would take both axes for itself.
    limit = np.quantile(np.abs(vectors), 0.999)
    vectors = np.clip(vectors, -limit, limit)
    centre = vectors.mean(axis=0)
    _, scales, axes = np.linalg.svd(vectors - centre, full_matrices=False)
    variance = scales**2 / max(float((scales**2).sum()), 1e-12)
    shares = (*variance.tolist(), 0.0, 0.0)[:2]
    points = ((vectors - centre) @ axes[:2].T).astype(np.float64)
    return Projection(places, points, (shares[0], shares[1]), count)


def _drawn(
    records: Records, name: str, always: NDArray[np.intp], sample: int
) -> tuple[NDArray[np.float32], NDArray[np.intp], int]:
    """Vectors of some records and as many drawn, their places, and the number there is.

    Each place has a random number of its own, and the smallest ones are drawn: a campaign that
    grows keeps most of its sample.
    """
    numbers = child(0, "map").random(len(records))
    numbers[always[always < len(records)]] = -1.0  # the index may be newer
    most = sample + len(always)
    vectors, places = np.zeros((0, 0), np.float32), np.zeros(0, np.intp)
    first = count = 0
    for columns in records.vectors(name):
        present = columns[f"{name}.present"]
        here = first + np.flatnonzero(present)
        first, count = first + len(present), count + len(here)
        if not len(here):
            continue
        both = np.concatenate([places, here])
        kept = np.sort(np.argsort(numbers[both], kind="stable")[:most])
        new = columns[name][kept[kept >= len(places)] - len(places)]
        old = vectors[kept[kept < len(places)]]
        vectors, places = np.concatenate([old, new]) if len(places) else new, both[kept]
    return vectors, places, count


def _best(index: Index) -> NDArray[np.intp]:
    """Places of those trained in full with the largest margins."""
    scored = np.flatnonzero(index.full)
    return scored[np.argsort(-index.numbers["margin"][scored], kind="stable")[:ALWAYS_MAPPED]]


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
    shown = thinned(
        places[~index.baseline[places]], np.intersect1d(_best(index), places, assume_unique=True)
    )
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
                "colorscale": COLOUR_SCALE,
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
            "hovertext": [plain_text(names.get(index.texts["id"][place], "")) for place in known],
            "hovertemplate": "%{hovertext}<extra></extra>",
            "textposition": "top center",
            "marker": {"symbol": "x", "size": 8, "color": BLACK},
        }
    )
    first, second = projection.shares
    drawn = ""
    if len(places) < projection.vectors:
        drawn = f"; {len(places):,} of {projection.vectors:,} vectors"
    title = {"text": f"second component, {second:.0%} of the variance"}
    return figure(
        data,
        x=f"first component, {first:.0%} of the variance{drawn}",
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
        "customdata": [plain_text(index.texts["id"][place]) for place in places],
        "name": name,
        "hovertemplate": "%{customdata}<extra></extra>",
    }
