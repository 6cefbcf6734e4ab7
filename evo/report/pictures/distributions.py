"""Picture of win rates by level: the distribution over the candidates trained in full."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from evo.core.records import Record
from evo.report.pictures.style import CYCLE, OTHER, blank, note

_WHISKERS = (5, 95)
_SPREAD = 0.28
"""Half of the height over which the dots of a level are spread."""


def draw_distributions(groups: Mapping[str, Sequence[Record]]) -> Figure:
    """Draw B-WR and BSOTA-WR, one row per level: quartiles, whiskers at 5 and 95 %, and all dots.

    Args:
        groups: candidates trained in full, by level.
    """
    groups = {level: records for level, records in groups.items() if records}
    figure = blank(7.2, 0.9 + 0.34 * max(len(groups), 3))
    if not groups:
        return note(figure, "no candidate trained in full yet")
    left, right = figure.subplots(1, 2, sharey=True)
    for axes, measure, title in ((left, "b_wr", "B-WR"), (right, "bsota_wr", "BSOTA-WR")):
        rates = [
            np.array([getattr(record.scored, measure).value for record in records])
            for records in groups.values()
        ]
        axes.axvline(0.5, color="0.8", lw=0.8, zorder=0)
        for place, values in enumerate(rates):
            heights = place + np.linspace(-_SPREAD, _SPREAD, len(values) + 2)[1:-1]
            axes.scatter(values, heights, s=6, color=CYCLE[0], alpha=0.35, lw=0)
        axes.boxplot(
            rates,
            orientation="horizontal",
            positions=range(len(rates)),
            widths=0.6,
            whis=_WHISKERS,
            showfliers=False,
            manage_ticks=False,
            medianprops={"color": "black"},
            boxprops={"color": OTHER},
            whiskerprops={"color": OTHER},
            capprops={"color": OTHER},
        )
        axes.set_xlim(-0.03, 1.03)
        axes.set_xlabel(title)
    names = [f"{level} ({len(records)})" for level, records in groups.items()]
    left.set_yticks(range(len(names)), names, fontsize=7)
    left.set_ylim(len(names) - 0.4, -0.6)
    return figure
