"""Picture of the first objective against the second: candidates, the front, its uncertainty."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evo.core.arrays import Floats
from evo.report.facts.analysis import Analysis
from evo.report.facts.overview import Overview
from evo.report.pictures.labels import Label, along, place
from evo.report.pictures.style import BASELINE, FRONT, OTHER, SECOND, blank, legend_below

_MOST_LABELS = 15
"""Members up to which each is labelled with its probability."""
_KNEE_AREA = 90
"""Area of the diamond around the knee, in square points."""
_KNEE_REACH = 4
"""Distance that the diamond extends beyond other markers, in points."""


def draw_novelty(overview: Overview, over: Overview | None = None) -> Figure:
    """Draw novelty against performance, or the first two objectives in their place.

    Args:
        overview: the campaign.
        over: a second campaign, of which the front is drawn.
    """
    analysis = overview.analysis
    first, second = analysis.objectives[:2]
    figure = blank(7.2, 5.4)
    axes = figure.subplots()
    baselines = np.array([[second.read(r), first.read(r)] for r in analysis.baselines]).reshape(
        -1, 2
    )
    values = analysis.values[:, 1::-1]
    others = np.delete(values, list(analysis.members), axis=0)
    axes.scatter(*others.T, s=14, color=OTHER, alpha=0.5, lw=0, label="candidates trained in full")
    axes.scatter(*baselines.T, s=24, marker="x", color=BASELINE, lw=1, label="baselines")
    _limits(
        axes,
        [values, baselines] + ([over.analysis.values[:, 1::-1]] if over else []),
        analysis,
    )
    _front(axes, analysis, f"front of {overview.name}" if over else "Pareto front, 95 % intervals")
    if over is not None:
        _other_front(axes, over)
    axes.set_xlabel(_axis(second.label, less=second.is_minimised))
    axes.set_ylabel(_axis(first.label, less=first.is_minimised))
    second_name = "" if over is None else f", over {over.name}"
    axes.set_title(f"{overview.title}{second_name}")
    legend_below(figure)
    obstacles = [
        values,
        baselines,
        *(_edge(axes, shown.analysis) for shown in (overview, over) if shown),
    ]
    labels = [
        Label(overview.name_of(record), float(x), float(y))
        for record, (x, y) in zip(analysis.baselines, baselines, strict=True)
    ]
    place(axes, labels, points=np.vstack(obstacles))
    _probabilities(axes, analysis, np.vstack(obstacles))
    return figure


def _front(axes: Axes, analysis: Analysis, label: str) -> None:
    """Draw members with intervals, candidates near, and the band between the bounds' fronts."""
    if not analysis.members:
        return
    members, near = list(analysis.members), list(analysis.near)
    if len(analysis.objectives) == 2:
        worst, best = _worst_and_best(analysis)
        upper = _steps(axes, best[list(analysis.hopeful)])
        lower = _steps(axes, worst[list(analysis.cautious)])
        axes.fill(
            *np.vstack([upper, lower[::-1]]).T,
            color=FRONT,
            alpha=0.13,
            lw=0,
            zorder=0.5,
            label="between the fronts of the bounds",
        )
        axes.plot(*_steps(axes, analysis.values[members]).T, color=FRONT, lw=1.2, zorder=2)
    values = analysis.values[members]
    spread = np.abs(np.stack([analysis.lows[members] - values, analysis.highs[members] - values]))
    axes.errorbar(
        *values[:, 1::-1].T,
        yerr=spread[:, :, 0],
        xerr=spread[:, :, 1],
        fmt="none",
        color=FRONT,
        lw=0.8,
    )
    axes.scatter(
        *analysis.values[list(analysis.with_merit), 1::-1].T,
        s=36,
        color=FRONT,
        zorder=3,
        label=label,
    )
    if analysis.without_merit:
        axes.scatter(
            *analysis.values[list(analysis.without_merit), 1::-1].T,
            s=36,
            marker="v",
            facecolors="white",
            edgecolors=FRONT,
            lw=1,
            zorder=3,
            label="on the front without merit: B-WR below 1/2",
        )
    if near:
        axes.scatter(
            *analysis.values[near, 1::-1].T,
            s=36,
            facecolors="none",
            edgecolors=FRONT,
            lw=1,
            zorder=3,
            label="on the front with a chance of 5 % or more",
        )
    if analysis.knee is not None:
        knee = analysis.values[analysis.knee]
        axes.scatter(
            knee[1],
            knee[0],
            s=_KNEE_AREA,
            marker="D",
            facecolors="none",
            edgecolors=BASELINE,
            lw=1,
            zorder=4,
            label="knee",
        )


def _other_front(axes: Axes, over: Overview) -> None:
    analysis = over.analysis
    if not analysis.members:
        return
    members = list(analysis.members)
    if len(analysis.objectives) == 2:
        steps = _steps(axes, analysis.values[members])
        axes.plot(*steps.T, color=SECOND, lw=1.2, ls="--", zorder=2)
    points = analysis.values[members, 1::-1].T
    axes.scatter(*points, s=36, marker="s", color=SECOND, zorder=3, label=f"front of {over.name}")


def _edge(axes: Axes, analysis: Analysis) -> Floats:
    """The drawn front as points that labels avoid: (k, 2)."""
    members = list(analysis.members)
    bars = [along(np.stack([analysis.lows[i, 1::-1], analysis.highs[i, 1::-1]])) for i in members]
    line = along(_steps(axes, analysis.values[members])) if len(analysis.objectives) == 2 else None
    return np.vstack([np.zeros((0, 2)), *bars, *([] if line is None else [line])])


def _probabilities(axes: Axes, analysis: Analysis, taken: Floats) -> None:
    """Label each member with its probability to be truly on the front."""
    if analysis.probabilities is None or len(analysis.members) > _MOST_LABELS:
        return
    labels = [
        Label(
            f"{analysis.probabilities[i]:.0%}",
            float(analysis.values[i, 1]),
            float(analysis.values[i, 0]),
            clear=_KNEE_REACH if i == analysis.knee else 0,
        )
        for i in analysis.members
    ]
    place(axes, labels, points=taken, colour=FRONT)


def _worst_and_best(analysis: Analysis) -> tuple[Floats, Floats]:
    """The worse and the better end of each interval: (n, m) each."""
    less = np.array([objective.is_minimised for objective in analysis.objectives])
    return np.where(less, analysis.highs, analysis.lows), np.where(
        less, analysis.lows, analysis.highs
    )


def _steps(axes: Axes, front: Floats) -> Floats:
    """The edge of what a front dominates, within the axes: (k, 2) as x and y.

    Args:
        axes: whose limits begin at the worst.
        front: (n, 2), the best in the first objective first.
    """
    left, bottom = axes.get_xlim()[0], axes.get_ylim()[0]
    corners: list[tuple[float, float]] = []
    x = left
    for first, second in front:
        corners += [(x, first), (second, first)]
        x = second
    return np.array([*corners, (x, bottom)])


def _limits(axes: Axes, clouds: Sequence[Floats], analysis: Analysis) -> None:
    """Set limits that show everything, the worst at the left and bottom, with room for labels."""
    members = list(analysis.members)
    bounds = [analysis.lows[members, 1::-1], analysis.highs[members, 1::-1]]
    everything = np.vstack([*clouds, *bounds])
    if not len(everything):
        everything = np.array([[0.0, 0.0], [1.0, 1.0]])
    for column, setter in enumerate((axes.set_xlim, axes.set_ylim)):
        objective = analysis.objectives[1 - column]
        low, high = everything[:, column].min(), everything[:, column].max()
        if objective.worst == 0.0:
            low = min(low, 0.0)
        room = 0.05 * (high - low) or 0.5
        low, high = low - room, high + 1.5 * room
        setter((high, low) if objective.is_minimised else (low, high))


def _axis(label: str, *, less: bool) -> str:
    return f"{label}, fewer is better" if less else label
