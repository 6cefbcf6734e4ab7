"""Picture of the tabular benchmark: what each strategy has found after each evaluation."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from evo.report.pictures.style import CYCLE, LINE_STYLES, blank


def draw_tabular(facts: Mapping[str, Any]) -> Figure:
    """Draw the share of the best found, and the regret at the right; bands are 95 % intervals.

    Args:
        facts: see `tabular_facts`.
    """
    figure = blank(7.2, 3.6)
    left, right = figure.subplots(1, 2, sharex=True)
    for number, row in enumerate(facts["strategies"]):
        color, dash = CYCLE[number % len(CYCLE)], LINE_STYLES[number % len(LINE_STYLES)]
        evaluated = [step["evaluated"] for step in row["curve"]]
        for axes, name in ((left, "found"), (right, "regret")):
            mean = [step[name] for step in row["curve"]]
            low, high = np.array([step[f"{name}_ci"] for step in row["curve"]]).T
            axes.plot(evaluated, mean, color=color, ls=dash, lw=1.3, label=row["strategy"])
            axes.fill_between(evaluated, low, high, color=color, alpha=0.15, lw=0)
    for axes in (left, right):
        axes.set_xlabel("evaluated")
    left.set_ylabel(f"share of the best {facts['top_share']:.0%} found")
    left.set_title(f"{facts['candidates']} candidates")
    right.set_ylabel(f"regret in {facts['goal']}")
    right.set_ylim(bottom=0)
    left.legend(loc="upper left")
    return figure
