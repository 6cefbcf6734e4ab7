"""Picture of a reward model's efficiency: share of the best found by share evaluated (Fig. 4)."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evo.report.pictures.style import COLOUR_MAP, CYCLE, FRONT, LINE_STYLES, blank
from evo.screening.appraisal import Judgement, Ranked

_MOST_CURVES = 9
"""Pairs of sources whose curves can be told apart."""
_MOST_NAMED = 30
"""Characters of the campaigns' names in a title, which ends before the other panel."""


def draw_efficiency(judgement: Judgement) -> Figure:
    """Draw the appraisal of a reward model, see `draw_pairs`."""
    return draw_pairs(judgement.names, judgement.overall, judgement.pairs, by=judgement.by)


def draw_pairs(
    names: Sequence[str], overall: Ranked, pairs: Mapping[tuple[str, str], Ranked], *, by: str
) -> Figure:
    """Draw all candidates at the left, every pair of sources at the right, chance as a diagonal.

    Of many sources the right has the share found at a quarter as a matrix.

    Args:
        names: of the campaigns.
        overall: of all candidates.
        pairs: by source learned from and source tested on.
        by: what sources are.
    """
    figure = blank(7.2, 3.6)
    is_matrix = len(pairs) > _MOST_CURVES
    left, right = figure.subplots(1, 2, sharex=not is_matrix, sharey=not is_matrix)
    for axes in (left,) if is_matrix else (left, right):
        axes.plot([0, 1], [0, 1], color="0.6", lw=0.8, ls=":", label="chance")
        axes.axvline(0.25, color="0.85", lw=0.8)
        axes.set_xlabel("share evaluated")
    curve = overall.curve.recall
    left.plot(np.linspace(0, 1, len(curve)), curve, color=FRONT, lw=1.5, label="reward model")
    left.set_ylabel("share of the best 5 % found")
    whose = ", ".join(names)
    if len(names) > 1 and len(whose) > _MOST_NAMED:
        whose = f"{len(names)} campaigns"
    left.set_title(f"{whose}: area {overall.area.value:.2f}")
    left.legend(loc="lower right")
    if is_matrix:
        _draw_matrix(right, pairs)
        return figure
    teachers = list(dict.fromkeys(teacher for teacher, _ in pairs))
    tests = list(dict.fromkeys(test for _, test in pairs))
    for (teacher, test), ranked in pairs.items():
        curve = ranked.curve.recall
        right.plot(
            np.linspace(0, 1, len(curve)),
            curve,
            color=CYCLE[teachers.index(teacher) % len(CYCLE)],
            ls=LINE_STYLES[tests.index(test) % len(LINE_STYLES)],
            lw=1.1,
            label=f"{teacher} → {test}",
        )
    right.set_title(f"learned from → tested on, by {by}")
    right.legend(loc="lower right")
    return figure


def _draw_matrix(axes: Axes, pairs: Mapping[tuple[str, str], Ranked]) -> None:
    names = list(dict.fromkeys(teacher for teacher, _ in pairs))
    shares = np.array([[pairs[teacher, test].recall.value for test in names] for teacher in names])
    axes.imshow(shares, cmap=COLOUR_MAP, vmin=0, vmax=1)
    for row, column in np.ndindex(shares.shape):
        share = shares[row, column]
        colour = "white" if share < 0.5 else "black"
        axes.text(column, row, f"{share:.2f}", ha="center", va="center", color=colour, fontsize=6)
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=6)
    axes.set_yticks(range(len(names)), names, fontsize=6)
    axes.set_xlabel("tested on")
    axes.set_ylabel("learned from")
    axes.set_title("best 5 % found at a quarter")
