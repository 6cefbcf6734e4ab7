"""Pictures of a campaign. Colours are those of Okabe and Ito, told apart by every kind of eye."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from evo.report.summary import Front
from evo.types import Record

_FRONT, _OTHER, _BASELINE = "#D55E00", "#0072B2", "#000000"


def novelty_plot(found: Front, names: Mapping[str, str], path: Path, *, title: str) -> Path:
    """Novelty against performance with the front, its intervals, and the baselines by name.

    Args:
        found: the front to draw.
        names: baseline names by id.
        path: where to save; the ending decides the format.
        title: the picture's heading.
    """
    everything = (*found.members, *found.others, *found.baselines)
    figure = Figure(figsize=(7.2, 4.8), layout="constrained")
    axes = figure.subplots()
    _dots(axes, found.others, _OTHER, "candidates trained in full")
    _baselines(axes, found.baselines, names)
    _front(axes, found.members)
    axes.set_xlabel("behaviour N-score (distance to the nearest known component)")
    axes.set_ylabel("B-WR (chance to beat a baseline)")
    axes.set_ylim(-0.03, 1.05)
    axes.set_xlim(0, 1.12 * max((_point(record)[0] for record in everything), default=1.0))
    axes.axhline(0.5, color="0.75", linewidth=0.8, zorder=0)
    axes.set_title(title, loc="left", fontsize=10)
    axes.legend(loc="lower right", fontsize=8, framealpha=0.9)
    figure.savefig(path, dpi=160)
    return path


def _dots(axes: Axes, records: Sequence[Record], colour: str, label: str) -> None:
    points = np.array([_point(record) for record in records]).reshape(-1, 2)
    axes.scatter(points[:, 0], points[:, 1], s=14, color=colour, alpha=0.55, lw=0, label=label)


def _front(axes: Axes, members: Sequence[Record]) -> None:
    if not members:
        return
    points = np.array([_point(record) for record in members])
    rates = [record.score.b_wr for record in members if record.score]
    spread = np.array([[r.value - r.low, r.high - r.value] for r in rates]).T
    # What the front dominates, from the axis to its most novel member.
    edge = np.vstack([[0.0, points[0, 1]], points])
    axes.plot(edge[:, 0], edge[:, 1], color=_FRONT, lw=1.2, drawstyle="steps-pre", zorder=2)
    axes.errorbar(points[:, 0], points[:, 1], yerr=spread, fmt="none", color=_FRONT, lw=0.8)
    axes.scatter(
        points[:, 0],
        points[:, 1],
        s=34,
        color=_FRONT,
        zorder=3,
        label="Pareto front, 95 % interval",
    )


def _baselines(axes: Axes, records: Sequence[Record], names: Mapping[str, str]) -> None:
    points = np.array([_point(record) for record in records]).reshape(-1, 2)
    axes.scatter(
        points[:, 0], points[:, 1], s=22, marker="x", color=_BASELINE, lw=1, label="baselines"
    )
    labels = [names.get(record.id, "") for record in records]
    for label, (x, y), (dx, dy) in zip(labels, points, _places(points), strict=True):
        axes.annotate(label, (x, y), xytext=(dx, dy), textcoords="offset points", fontsize=7)


def _places(points: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Offsets of labels, in points: those of baselines that all but coincide are stacked."""
    offsets = [(5, 2), (5, -8), (5, 12), (5, -18)]
    places: list[tuple[int, int]] = []
    for index, point in enumerate(points):
        gaps = np.abs(points[:index] - point)
        crowd = int(((gaps[:, 0] < 0.15) & (gaps[:, 1] < 0.03)).sum())
        places.append(offsets[crowd % len(offsets)])
    return places


def _point(record: Record) -> tuple[float, float]:
    assert record.novelty is not None
    assert record.score is not None
    return record.novelty.behaviour, record.score.b_wr.value
