"""Adaptive operator selection: operators are drawn by recent success, with a floor for each.

Probability matching as in D. Thierens, "An adaptive pursuit strategy for allocating operator
probabilities", GECCO 2005, https://doi.org/10.1145/1068009.1068251:

    P_i = P_min + (1 − K · P_min) · Q_i / Σ_j Q_j

for K operators. Where we differ: Q_i is the configured weight times the share of recent proposals
that survived into the population, over a window of sealed generations instead of an exponential
average, so that it is derived from history and needs no state of its own; and an operator of which
little is known is pulled towards the mean of all.
"""

from collections.abc import Mapping
from typing import NamedTuple

_PRIOR = 8
"""Proposals that the mean of all operators counts for."""


class Tally(NamedTuple):
    """Successes of an operator or a model over some generations.

    Attributes:
        proposed: candidates, with any outcome.
        survived: those that were in the population when their generation was sealed.
        cost_usd: price of its requests.
    """

    proposed: int = 0
    survived: int = 0
    cost_usd: float = 0.0

    def plus(self, other: "Tally") -> "Tally":
        """The sum of both."""
        return Tally(
            self.proposed + other.proposed,
            self.survived + other.survived,
            self.cost_usd + other.cost_usd,
        )


def shares(
    weights: Mapping[str, float], tallies: Mapping[str, Tally], *, floor: float
) -> dict[str, float]:
    """Probability of each operator that has a weight; they sum to one.

    Args:
        weights: as configured, by name.
        tallies: the recent past, by name.
        floor: share that is spread evenly, in [0, 1].

    >>> even = {"a": 1.0, "b": 1.0}
    >>> shares(even, {}, floor=0.2)
    {'a': 0.5, 'b': 0.5}
    >>> adapted = shares(even, {"a": Tally(100, 50), "b": Tally(100, 0)}, floor=0.2)
    >>> {name: round(share, 2) for name, share in adapted.items()}
    {'a': 0.87, 'b': 0.13}
    """
    drawn = {name: weight for name, weight in weights.items() if weight > 0}
    known = [tallies.get(name, Tally()) for name in drawn]
    mean = (sum(t.survived for t in known) + 1) / (sum(t.proposed for t in known) + 2)
    values = [
        weight * (tally.survived + _PRIOR * mean) / (tally.proposed + _PRIOR)
        for weight, tally in zip(drawn.values(), known, strict=True)
    ]
    least = floor / len(drawn)
    return {
        name: least + (1 - floor) * value / sum(values)
        for name, value in zip(drawn, values, strict=True)
    }
