"""The first objective against the second: every candidate, the front, and how sure it is."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evo.core.arrays import Floats
from evo.report.facts.analysis import Analysis
from evo.report.pictures.labels import Label, along, place
from evo.report.pictures.scene import Scene
from evo.report.pictures.style import BASELINE, FRONT, OTHER, SECOND, blank

_MOST_LABELS = 15
"""Members with their probability written beside them."""
_KNEE_AREA = 90
"""Of the diamond around the knee, in square points."""
_KNEE_REACH = 4
"""How far the diamond reaches beyond other markers, in points."""


def draw_novelty(scene: Scene, over: Scene | None = None) -> Figure:
    """Novelty against performance, or whatever the first two objectives are.

    Args:
        scene: the campaign.
        over: another, whose front is laid over it.
    """
    found = scene.analysis
    first, second = found.objectives[:2]
    figure = blank(7.2, 5.4)
    axes = figure.subplots()
    known = np.array([[second.read(r), first.read(r)] for r in found.baselines]).reshape(-1, 2)
    values = found.values[:, 1::-1]
    others = np.delete(values, list(found.members), axis=0)
    axes.scatter(*others.T, s=14, color=OTHER, alpha=0.5, lw=0, label="candidates trained in full")
    axes.scatter(*known.T, s=24, marker="x", color=BASELINE, lw=1, label="baselines")
    _limits(axes, [values, known] + ([over.analysis.values[:, 1::-1]] if over else []), found)
    _front(axes, found, f"front of {scene.name}" if over else "Pareto front, 95 % intervals")
    if over is not None:
        _other_front(axes, over)
    axes.set_xlabel(_axis(second.label, less=second.is_minimised))
    axes.set_ylabel(_axis(first.label, less=first.is_minimised))
    beside = "" if over is None else f", over {over.name}"
    axes.set_title(f"{scene.title}{beside}")
    figure.legend(loc="outside lower center", ncols=3)
    taken = [values, known, *(_edge(axes, each.analysis) for each in (scene, over) if each)]
    labels = [
        Label(scene.name_of(record), float(x), float(y))
        for record, (x, y) in zip(found.baselines, known, strict=True)
    ]
    place(axes, labels, points=np.vstack(taken))
    _probabilities(axes, found, np.vstack(taken))
    return figure


def _front(axes: Axes, found: Analysis, label: str) -> None:
    """Members with intervals; who may be one; the band between the bounds' fronts."""
    if not found.members:
        return
    members, near = list(found.members), list(found.near)
    if len(found.objectives) == 2:
        worst, best = _worst_and_best(found)
        upper = _steps(axes, best[list(found.hopeful)])
        lower = _steps(axes, worst[list(found.cautious)])
        axes.fill(
            *np.vstack([upper, lower[::-1]]).T,
            color=FRONT,
            alpha=0.13,
            lw=0,
            zorder=0.5,
            label="between the fronts of the bounds",
        )
        axes.plot(*_steps(axes, found.values[members]).T, color=FRONT, lw=1.2, zorder=2)
    x, y = found.values[members, 1], found.values[members, 0]
    values = found.values[members]
    spread = np.abs(np.stack([found.lows[members] - values, found.highs[members] - values]))
    axes.errorbar(x, y, yerr=spread[:, :, 0], xerr=spread[:, :, 1], fmt="none", color=FRONT, lw=0.8)
    axes.scatter(x, y, s=36, color=FRONT, zorder=3, label=label)
    if near:
        axes.scatter(
            *found.values[near, 1::-1].T,
            s=36,
            facecolors="none",
            edgecolors=FRONT,
            lw=1,
            zorder=3,
            label="on the front with a chance of 5 % or more",
        )
    if found.knee is not None:
        at = found.values[found.knee]
        axes.scatter(
            at[1],
            at[0],
            s=_KNEE_AREA,
            marker="D",
            facecolors="none",
            edgecolors=BASELINE,
            lw=1,
            zorder=4,
            label="knee",
        )


def _other_front(axes: Axes, over: Scene) -> None:
    found = over.analysis
    if not found.members:
        return
    members = list(found.members)
    if len(found.objectives) == 2:
        steps = _steps(axes, found.values[members])
        axes.plot(*steps.T, color=SECOND, lw=1.2, ls="--", zorder=2)
    points = found.values[members, 1::-1].T
    axes.scatter(*points, s=36, marker="s", color=SECOND, zorder=3, label=f"front of {over.name}")


def _edge(axes: Axes, found: Analysis) -> Floats:
    """What is drawn of the front, as points that labels keep off: (k, 2)."""
    members = list(found.members)
    bars = [along(np.stack([found.lows[i, 1::-1], found.highs[i, 1::-1]])) for i in members]
    line = along(_steps(axes, found.values[members])) if len(found.objectives) == 2 else None
    return np.vstack([np.zeros((0, 2)), *bars, *([] if line is None else [line])])


def _probabilities(axes: Axes, found: Analysis, taken: Floats) -> None:
    """Beside each member, how probable it is to be one."""
    if found.probabilities is None or len(found.members) > _MOST_LABELS:
        return
    labels = [
        Label(
            f"{found.probabilities[i]:.0%}",
            float(found.values[i, 1]),
            float(found.values[i, 0]),
            clear=_KNEE_REACH if i == found.knee else 0,
        )
        for i in found.members
    ]
    place(axes, labels, points=taken, colour=FRONT)


def _worst_and_best(found: Analysis) -> tuple[Floats, Floats]:
    """The bounds by what they mean, each objective in its own direction."""
    less = np.array([objective.is_minimised for objective in found.objectives])
    return np.where(less, found.highs, found.lows), np.where(less, found.lows, found.highs)


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


def _limits(axes: Axes, clouds: Sequence[Floats], found: Analysis) -> None:
    """Everything in sight, worst at the left and the bottom, room for labels at the right."""
    members = list(found.members)
    bounds = [found.lows[members, 1::-1], found.highs[members, 1::-1]]
    everything = np.vstack([*clouds, *bounds])
    if not len(everything):
        everything = np.array([[0.0, 0.0], [1.0, 1.0]])
    for place_, setter in enumerate((axes.set_xlim, axes.set_ylim)):
        objective = found.objectives[1 - place_]
        low, high = everything[:, place_].min(), everything[:, place_].max()
        if objective.worst == 0.0:
            low = min(low, 0.0)
        room = 0.05 * (high - low) or 0.5
        low, high = low - room, high + 1.5 * room
        setter((high, low) if objective.is_minimised else (low, high))


def _axis(label: str, *, less: bool) -> str:
    return f"{label}, fewer is better" if less else label
