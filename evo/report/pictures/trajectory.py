"""Picture of a search's trajectory beside other campaigns, such as a random search."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from evo.report.facts.trajectory import Reached, Rival
from evo.report.pictures.style import BASELINE, CYCLE, FRONT, LINE_STYLES, blank, legend_below


def draw_trajectory(name: str, reached: Sequence[Reached], rivals: Sequence[Rival]) -> Figure:
    """Draw the margin of the best so far by candidates trained, and by processor time.

    Args:
        name: of the campaign.
        reached: its trajectory.
        rivals: the other campaigns.
    """
    figure = blank(7.2, 3.4)
    left, right = figure.subplots(1, 2, sharey=True)
    curves = [(name, FRONT, "-", reached)]
    colours = [colour for colour in CYCLE if colour != FRONT]
    for number, rival in enumerate(rivals):
        dash = LINE_STYLES[1 + number % (len(LINE_STYLES) - 1)]
        curves.append((rival.name, colours[number % len(colours)], dash, rival.reached))
    for label, colour, dash, points in curves:
        if not points:
            continue
        margins = np.array([point.margin for point in points])
        for axes, x in (
            (left, [point.evaluated for point in points]),
            (right, [point.seconds / 3600 for point in points]),
        ):
            axes.plot(
                x, margins[:, 0], color=colour, ls=dash, lw=1.4, drawstyle="steps-post", label=label
            )
            axes.fill_between(
                x, margins[:, 1], margins[:, 2], color=colour, alpha=0.13, lw=0, step="post"
            )
    if reached and reached[0].generation == 1:
        left.axhline(
            reached[0].margin.value, color=BASELINE, lw=0.8, ls=":", label="first generation alone"
        )
    left.set_xlabel("candidates trained")
    right.set_xlabel("processor hours")
    left.set_ylabel("margin of the best so far")
    left.set_title("Best so far by worth, 95 % intervals")
    handles, labels = left.get_legend_handles_labels()
    if handles:
        legend_below(figure, handles, labels, columns=min(4, len(handles)))
    return figure
