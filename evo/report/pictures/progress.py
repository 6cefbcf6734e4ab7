"""Picture of a search's progress: hypervolume and best candidate by generation."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from evo.report.facts.overview import Overview
from evo.report.pictures.style import FRONT, SECOND, blank, legend_below


def draw_progress(overview: Overview, over: Overview | None = None) -> Figure:
    """Draw the hypervolume above, the best in the first objective with its interval below.

    Args:
        overview: the campaign.
        over: a second campaign, with volumes counted from the same reference.
    """
    figure = blank(7.2, 5.4)
    upper, lower = figure.subplots(2, 1, sharex=True)
    _curves(upper, lower, overview, colour=FRONT, marker="o")
    if over is not None:
        _curves(upper, lower, over, colour=SECOND, marker="s")
    first = overview.analysis.objectives[0]
    keys = " × ".join(objective.key for objective in overview.analysis.objectives)
    upper.set_ylabel("hypervolume")
    upper.set_title(f"{overview.title}\nHypervolume of {keys}")
    lower.set_title(f"Best so far: {first.label}, 95 % interval")
    lower.set_ylabel(first.key)
    lower.set_xlabel("generation")
    lower.xaxis.set_major_locator(MaxNLocator(integer=True))
    tops = [shown.analysis.hypervolume for shown in (overview, over) if shown is not None]
    upper.set_ylim(0, 1.1 * max(tops) or 1.0)
    if over is not None:
        legend_below(figure, *upper.get_legend_handles_labels(), columns=2)
    return figure


def _curves(upper: Axes, lower: Axes, overview: Overview, *, colour: str, marker: str) -> None:
    analysis = overview.analysis
    if not analysis.volumes:
        return
    numbers = [volume.generation for volume in analysis.volumes]
    generations = np.array([record.generation for record in analysis.records])
    first = analysis.objectives[0].sign * analysis.values[:, 0]
    leaders = [
        int(np.argmax(np.where(generations <= number, first, -np.inf))) for number in numbers
    ]
    ends = analysis.lows[leaders, 0], analysis.highs[leaders, 0]
    lower.scatter(
        generations, analysis.values[:, 0], s=9, color=colour, alpha=0.35, lw=0, marker=marker
    )
    lower.fill_between(numbers, *ends, color=colour, alpha=0.15, lw=0, step="post")
    heights = [volume.hypervolume for volume in analysis.volumes]
    for axes, curve in ((upper, heights), (lower, analysis.values[leaders, 0])):
        axes.plot(
            numbers,
            curve,
            color=colour,
            ls="-" if marker == "o" else "--",
            marker=marker,
            ms=3.5,
            lw=1.3,
            drawstyle="steps-post",
            label=overview.name,
        )
