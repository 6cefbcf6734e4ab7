"""The cost of language models by generation, and in all."""

import numpy as np

from evo.report.facts.index import Index
from evo.web.figures.spec import BLUE, ORANGE, Figure, figure, numbers


def spend_figure(index: Index) -> Figure:
    """Dollars per generation as bars, and their sum so far; replies of unknown price are named."""
    asked = ~index.coded("model").among("")
    costs = index.numbers["cost_usd"][asked]
    generations = index.numbers["generation"][asked].astype(int)
    if not np.nansum(costs):
        note = "The price of no reply is known." if len(costs) else "No language model was asked."
        return figure([], note=note)
    dollars = np.bincount(generations, weights=np.nan_to_num(costs))
    x = list(range(1, len(dollars)))
    data = [
        {
            "type": "bar",
            "x": x,
            "y": numbers(dollars[1:]),
            "name": "generation",
            "marker": {"color": BLUE},
        },
        {
            "type": "scatter",
            "mode": "lines",
            "x": x,
            "y": numbers(np.cumsum(dollars)[1:]),
            "name": "so far",
            "line": {"color": ORANGE, "width": 2.5},
        },
    ]
    drawn = figure(data, x="generation", y="dollars")
    if unknown := int(np.isnan(costs).sum()):
        drawn["caption"] = f"{unknown} replies of unknown price are left out."
    return drawn
