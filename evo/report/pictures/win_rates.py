"""Picture of B-WR against BSOTA-WR: beating some baselines is not beating the best one."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from evo.core.arrays import Floats
from evo.core.estimate import Estimate
from evo.core.records import Record
from evo.report.facts.overview import Overview, best_by_bsota
from evo.report.pictures.labels import Label, place
from evo.report.pictures.style import BASELINE, FRONT, OTHER, SECOND, blank, legend_below

_WITH_INTERVALS = 3


def draw_win_rates(overview: Overview, over: Overview | None = None) -> Figure:
    """Draw both win rates of all candidates trained in full, and of the baselines."""
    analysis = overview.analysis
    figure = blank(6.0, 5.6)
    axes = figure.subplots()
    axes.axhline(0.5, color="0.8", lw=0.8, zorder=0)
    axes.axvline(0.5, color="0.8", lw=0.8, zorder=0)
    label = overview.name if over else "candidates trained in full"
    axes.scatter(*_rates(analysis.records), s=14, color=OTHER, alpha=0.5, lw=0, label=label)
    if over is not None:
        axes.scatter(
            *_rates(over.analysis.records),
            s=14,
            color=SECOND,
            alpha=0.5,
            lw=0,
            marker="s",
            label=over.name,
        )
    baseline_rates = _rates(analysis.baselines)
    axes.scatter(*baseline_rates, s=24, marker="x", color=BASELINE, lw=1, label="baselines")
    leaders = best_by_bsota(analysis.records, _WITH_INTERVALS)
    if leaders:
        x, y = _rates(leaders)
        axes.errorbar(
            x,
            y,
            xerr=_spread([r.scored.b_wr for r in leaders]),
            yerr=_spread([r.scored.bsota_wr for r in leaders]),
            fmt="o",
            ms=5,
            color=FRONT,
            lw=0.8,
            label="the best three, 95 % intervals",
        )
    axes.set_xlim(-0.03, 1.03)
    axes.set_ylim(-0.03, 1.03)
    axes.set_xlabel("B-WR (chance to beat a baseline)")
    axes.set_ylabel("BSOTA-WR (chance to beat the best baseline)")
    axes.set_title(overview.title)
    legend_below(figure)
    labels = [
        Label(overview.name_of(record), float(x), float(y))
        for record, x, y in zip(analysis.baselines, *baseline_rates, strict=True)
    ]
    place(axes, labels, points=np.stack(_rates(analysis.records), axis=1))
    return figure


def _rates(records: Sequence[Record]) -> tuple[Floats, Floats]:
    """B-WR and BSOTA-WR, (n,) each."""
    scores = [record.scored for record in records]
    return (
        np.array([score.b_wr.value for score in scores]),
        np.array([score.bsota_wr.value for score in scores]),
    )


def _spread(rates: Sequence[Estimate]) -> Floats:
    """Distances from values to the lower and upper ends of their intervals: (2, n)."""
    return np.array([[r.value - r.low, r.high - r.value] for r in rates]).T
