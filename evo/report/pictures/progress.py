"""How a search went: what its front dominates and its best candidate, over generations."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from evo.report.pictures.scene import Scene
from evo.report.pictures.style import FRONT, SECOND, blank


def draw_progress(scene: Scene, over: Scene | None = None) -> Figure:
    """Hypervolume above, the best in the first objective with its interval below.

    Args:
        scene: the campaign.
        over: another, laid over it; volumes are then counted from one reference.
    """
    figure = blank(7.2, 5.4)
    upper, lower = figure.subplots(2, 1, sharex=True)
    _curves(upper, lower, scene, colour=FRONT, marker="o")
    if over is not None:
        _curves(upper, lower, over, colour=SECOND, marker="s")
    first = scene.analysis.objectives[0]
    keys = " × ".join(objective.key for objective in scene.analysis.objectives)
    upper.set_ylabel("hypervolume")
    upper.set_title(f"{scene.title}\nHypervolume of {keys}")
    lower.set_title(f"Best so far: {first.label}, 95 % interval")
    lower.set_ylabel(first.key)
    lower.set_xlabel("generation")
    lower.xaxis.set_major_locator(MaxNLocator(integer=True))
    tops = [each.analysis.hypervolume for each in (scene, over) if each is not None]
    upper.set_ylim(0, 1.1 * max(tops) or 1.0)
    if over is not None:
        figure.legend(*upper.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def _curves(upper: Axes, lower: Axes, scene: Scene, *, colour: str, marker: str) -> None:
    found = scene.analysis
    if not found.volumes:
        return
    numbers = [volume.generation for volume in found.volumes]
    born = np.array([record.generation for record in found.records])
    first = found.objectives[0].sign * found.values[:, 0]
    leaders = [int(np.argmax(np.where(born <= number, first, -np.inf))) for number in numbers]
    ends = found.lows[leaders, 0], found.highs[leaders, 0]
    lower.scatter(born, found.values[:, 0], s=9, color=colour, alpha=0.35, lw=0, marker=marker)
    lower.fill_between(numbers, *ends, color=colour, alpha=0.15, lw=0, step="post")
    heights = [volume.hypervolume for volume in found.volumes]
    for axes, curve in ((upper, heights), (lower, found.values[leaders, 0])):
        axes.plot(
            numbers,
            curve,
            color=colour,
            ls="-" if marker == "o" else "--",
            marker=marker,
            ms=3.5,
            lw=1.3,
            drawstyle="steps-post",
            label=scene.name,
        )
