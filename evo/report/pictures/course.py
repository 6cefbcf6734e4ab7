"""Picture of how the candidates of a study change over its course, a line per level."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from evo.report.pictures.style import CYCLE, LINE_STYLES, blank, legend_below

PANELS = {
    "near_known": "nearest is a baseline",
    "baseline_distance": "distance to baselines",
    "diversity": "diversity",
    "mean_margin": "mean margin",
}
"""Measures that are drawn, with their titles."""


def draw_course(parts: Sequence[Mapping[str, Any]], levels: Mapping[str, str]) -> Figure:
    """Draw each measure by part of the search, the mean over the cells of a level.

    Args:
        parts: rows of `course_facts`.
        levels: of the cells that are drawn, by the cells' names.
    """
    figure = blank(7.2, 2.4)
    panels = figure.subplots(1, len(PANELS), sharex=True)
    for axes, (measure, title) in zip(panels, PANELS.items(), strict=True):
        for place, level in enumerate(dict.fromkeys(levels.values())):
            rows = [row for row in parts if levels.get(row["cell"]) == level]
            points = [
                (end, np.mean(values))
                for end in sorted({row["part"] / row["of"] for row in rows})
                if (
                    values := [
                        row[measure]
                        for row in rows
                        if row["part"] / row["of"] == end and row[measure] is not None
                    ]
                )
            ]
            if points:
                axes.plot(
                    *np.transpose(points),
                    color=CYCLE[place % len(CYCLE)],
                    ls=LINE_STYLES[place % len(LINE_STYLES)],
                    marker="o",
                    ms=3,
                    label=level,
                )
        axes.set_title(title)
        axes.set_xlabel("share of the search")
        axes.set_xlim(0, 1.05)
    legend_below(figure, *panels[0].get_legend_handles_labels())
    return figure
