"""Cost of requests to language models: in total, and by model, operator, generation, discovery.

A cost is null where the price of any part of it is unknown: never zero, and never a part that looks
like the whole. What could be known of it is in `known_usd`.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from archive.history.replies import Replies
from evo.core.arrays import Floats
from evo.core.messages import Spent
from evo.report.facts.index import Index


def spending_facts(index: Index, replies: Replies) -> dict[str, Any] | None:
    """Costs by author and generation; None where no model was asked.

    Args:
        index: the campaign's records, of which those count that a model wrote for it.
        replies: the campaign's. Costs by model are of all requests, those of a generation in
            progress and those without a component among them.
    """
    if not replies.spent:
        return None
    places = np.flatnonzero(~index.coded("model").among("") & ~index.inherited)
    costs, generations = (index.numbers[name][places] for name in ("cost_usd", "generation"))
    operators = index.coded("operator")
    authors = operators.codes[places]
    names = {operators.values[code]: code for code in np.unique(authors).tolist()}
    total, discoveries = _cost_facts(costs)["cost_usd"], int(index.has_merit[places].sum())
    return {
        "models": {name: spent_facts(spent) for name, spent in sorted(replies.spent.items())},
        "operators": {
            name: _cost_facts(costs[authors == code]) for name, code in sorted(names.items())
        },
        "generations": {
            str(int(number)): _cost_facts(costs[generations == number])
            for number in np.unique(generations)
        },
        "discoveries": discoveries,
        "usd_per_discovery": None if total is None or not discoveries else total / discoveries,
    }


def _cost_facts(costs: Floats) -> dict[str, Any]:
    """Facts of the costs of some replies in dollars, NaN where one is unknown."""
    dollars = float(costs.sum())
    return {
        "replies": len(costs),
        "cost_usd": None if math.isnan(dollars) else dollars,
        "known_usd": float(np.nansum(costs)),
    }


def spent_facts(spent: Spent) -> dict[str, Any]:
    """The fields of a sum by name; its cost is null where a part of it is unknown."""
    fields: Mapping[str, Any] = spent._asdict()
    if not spent.unpriced:
        return dict(fields)
    return {**fields, "cost_usd": None, "known_usd": spent.cost_usd}
