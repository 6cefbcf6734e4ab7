"""Picture of the tabular benchmark: what each strategy has found after each evaluation."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from evo.evaluation.statistics.mean import student_mean
from evo.report.pictures.style import CYCLE, DASHES, blank
from evo.screening.efficiency import TOP
from evo.tabular.benchmark import StrategyResult, Table


def draw_tabular(table: Table, results: Sequence[StrategyResult]) -> Figure:
    """Draw the share of the best found, and the regret at the right; bands are 95 % intervals."""
    figure = blank(7.2, 3.6)
    left, right = figure.subplots(1, 2, sharex=True)
    for number, result in enumerate(results):
        color, dash = CYCLE[number % len(CYCLE)], DASHES[number % len(DASHES)]
        regret = table.truth.max() - result.best
        for axes, values, first in ((left, result.recall, 0), (right, regret, 1)):
            means = np.array([student_mean(column) for column in values.T])
            evaluated = np.arange(first, first + len(means))
            axes.plot(evaluated, means[:, 0], color=color, ls=dash, lw=1.3, label=result.name)
            axes.fill_between(evaluated, means[:, 1], means[:, 2], color=color, alpha=0.15, lw=0)
    for axes in (left, right):
        axes.set_xlabel("evaluated")
    left.set_ylabel(f"share of the best {TOP:.0%} found")
    left.set_title(f"{len(table.candidates)} candidates")
    right.set_ylabel(f"regret in {table.goal}")
    right.set_ylim(bottom=0)
    left.legend(loc="upper left")
    return figure
