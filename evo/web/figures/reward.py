"""The quality of a reward model's ranking of the campaign's candidates, and its certainty."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evo.core.arrays import Floats
from evo.web.figures.spec import BLUE, GREY, Figure, figure, numbers, plain_text, thinned

_MOST_BARS = 300
"""Candidates up to which each has its interval drawn."""


def efficiency_figure(facts: Mapping[str, Any]) -> Figure:
    """Share of the best found by share evaluated, with what `evo reward` says as a note.

    Args:
        facts: see `reward_facts`.
    """
    curve = facts["curve"]
    low, high = facts["found_at_quarter_ci"]
    trust = facts["trust"]
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": numbers(point["evaluated"] for point in curve),
            "y": numbers(point["found"] for point in curve),
            "name": "reward model",
            "line": {"color": BLUE, "width": 2.5},
        },
        {
            "type": "scatter",
            "mode": "lines",
            "x": [0, 1],
            "y": [0, 1],
            "name": "chance",
            "line": {"color": GREY, "dash": "dot"},
        },
    ]
    drawn = figure(data, x="share evaluated", y="share of the best 5 % found")
    correlation = trust["rank_correlation"]
    drawn["caption"] = (
        f"Of {facts['evaluated']} candidates, each ranked by models that did not see it: the first "
        f"quarter holds {facts['found_at_quarter']:.0%} of the best (95 % interval {low:.0%} to "
        f"{high:.0%}). Trust is {'earned' if trust['earned'] else 'not earned'}: rank correlation "
        f"{'unknown' if correlation is None else f'{correlation:.2f}'} over {trust['candidates']} "
        "candidates that were drawn at random."
    )
    return drawn


def calibration_figure(
    facts: Mapping[str, Any], forecasts: Mapping[str, Floats], ids: Sequence[str]
) -> Figure:
    """Measured margins against those that a model predicted which had not seen the candidate.

    Args:
        facts: of one campaign, see `reward_facts`.
        forecasts: its columns, see `forecast_columns`.
        ids: of its evaluated candidates, in order.
    """
    shown = thinned(np.arange(len(ids)))
    expected, measured, spread = (
        forecasts[name][shown] for name in ("expected", "measured", "spread")
    )
    ends = [float(end) for end in np.quantile(forecasts["measured"], [0.0, 1.0])]
    data = [
        {
            "type": "scatter",
            "mode": "markers",
            "x": numbers(expected),
            "y": numbers(measured),
            "error_x": {
                "type": "data",
                "array": numbers(1.96 * spread),
                "color": GREY,
                "thickness": 0.6,
                "width": 0,
                "visible": len(shown) <= _MOST_BARS,
            },
            "customdata": [plain_text(ids[int(place)]) for place in shown],
            "name": "candidates, 95 % intervals",
            "marker": {"color": BLUE, "size": 6, "opacity": 0.7},
            "hovertemplate": "predicted %{x:.3f}, measured %{y:.3f}<extra></extra>",
        },
        {
            "type": "scatter",
            "mode": "lines",
            "x": ends,
            "y": ends,
            "name": "as predicted",
            "line": {"color": GREY, "dash": "dot"},
            "hoverinfo": "skip",
        },
    ]
    drawn = figure(data, x="predicted margin", y="measured margin")
    calibration = facts["calibration"]
    shares = ", ".join(
        f"{one['measured']:.0%} within {one['nominal']:.0%}" for one in calibration["coverage"]
    )
    drawn["caption"] = (
        f"Measured margins inside the predicted intervals: {shares}. Measured less predicted is "
        f"{calibration['bias']:+.3f} on average and {calibration['error_in_deviations']:.2f} of "
        "the predicted deviations (1 is calibrated, more is too sure)."
    )
    return drawn
