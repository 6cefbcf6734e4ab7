"""Pictures of a campaign. Colours are those of Okabe and Ito, told apart by every kind of eye."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evo.report.summary import Front
from evo.types import Record

_FRONT, _OTHER, _BASELINE = "#D55E00", "#0072B2", "#000000"


def novelty_plot(found: Front, names: dict[str, str], path: Path, *, title: str) -> Path:
    """Novelty against performance with the front, its intervals, and the baselines by name.

    Args:
        found: the front to draw.
        names: baseline names by id.
        path: where to save; the ending decides the format.
        title: the picture's heading.
    """
    figure = Figure(figsize=(7.2, 4.8), layout="constrained")
    axes = figure.subplots()
    _dots(axes, found.others, _OTHER, "evaluated candidates")
    _baselines(axes, found.baselines, names)
    _front(axes, found.members)
    axes.set_xlabel("behaviour N-score (distance to the nearest known component)")
    axes.set_ylabel("B-WR (chance to beat a baseline)")
    axes.set_ylim(-0.03, 1.05)
    axes.set_xscale("symlog", linthresh=0.01)
    axes.set_xlim(left=0)
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
    axes.errorbar(points[:, 0], points[:, 1], yerr=spread, fmt="none", color=_FRONT, lw=0.8)
    axes.plot(points[:, 0], points[:, 1], color=_FRONT, lw=1.2, drawstyle="steps-pre", zorder=2)
    axes.scatter(
        points[:, 0],
        points[:, 1],
        s=34,
        color=_FRONT,
        zorder=3,
        label="Pareto front, 95 % interval",
    )


def _baselines(axes: Axes, records: Sequence[Record], names: dict[str, str]) -> None:
    points = np.array([_point(record) for record in records]).reshape(-1, 2)
    axes.scatter(
        points[:, 0], points[:, 1], s=22, marker="x", color=_BASELINE, lw=1, label="baselines"
    )
    for record, (x, y) in zip(records, points, strict=True):
        axes.annotate(
            names.get(record.id, ""), (x, y), xytext=(4, 2), textcoords="offset points", fontsize=7
        )


def _point(record: Record) -> tuple[float, float]:
    assert record.novelty is not None
    assert record.score is not None
    return record.novelty.behaviour, record.score.b_wr.value
