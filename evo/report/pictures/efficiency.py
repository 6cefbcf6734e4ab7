"""Picture of a reward model's efficiency: share of the best found by share evaluated (Fig. 4)."""

import numpy as np
from matplotlib.figure import Figure

from evo.report.pictures.style import CYCLE, DASHES, FRONT, blank
from evo.screening.appraisal import Judgement


def draw_efficiency(judgement: Judgement) -> Figure:
    """Draw all candidates at the left, every pair of sources at the right, chance as a diagonal."""
    figure = blank(7.2, 3.6)
    left, right = figure.subplots(1, 2, sharex=True, sharey=True)
    for axes in (left, right):
        axes.plot([0, 1], [0, 1], color="0.6", lw=0.8, ls=":", label="chance")
        axes.axvline(0.25, color="0.85", lw=0.8)
        axes.set_xlabel("share evaluated")
    curve = judgement.overall.curve.recall
    left.plot(np.linspace(0, 1, len(curve)), curve, color=FRONT, lw=1.5, label="reward model")
    left.set_ylabel("share of the best 5 % found")
    left.set_title(f"{', '.join(judgement.names)}: area {judgement.overall.area.value:.2f}")
    left.legend(loc="lower right")
    teachers = list(dict.fromkeys(teacher for teacher, _ in judgement.pairs))
    tests = list(dict.fromkeys(test for _, test in judgement.pairs))
    for (teacher, test), ranked in judgement.pairs.items():
        curve = ranked.curve.recall
        right.plot(
            np.linspace(0, 1, len(curve)),
            curve,
            color=CYCLE[teachers.index(teacher) % len(CYCLE)],
            ls=DASHES[tests.index(test) % len(DASHES)],
            lw=1.1,
            label=f"{teacher} → {test}",
        )
    right.set_title(f"learned from → tested on, by {judgement.by}")
    right.legend(loc="lower right")
    return figure
