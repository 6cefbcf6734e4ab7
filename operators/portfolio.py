"""The portfolio: which operator makes the next offspring, and from whom."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from evo.errors import UsageError
from evo.types import Candidate, Contract, Record
from operators.base import operators
from operators.tree.terms import choose


class Portfolio:
    """Operators with fixed weights.

    Args:
        weights: how often each operator is drawn, by name, in any unit; 0 switches one off.

    Raises:
        UsageError: no operator has such a name, or the weights are none to draw by.
    """

    def __init__(self, weights: Mapping[str, float]) -> None:
        # Sorted, so that the order in a configuration file changes no draw.
        self._operators = [operators.get(name)() for name in sorted(weights)]
        self._weights = [weights[name] for name in sorted(weights)]
        if not all(math.isfinite(weight) and weight >= 0 for weight in self._weights) or not any(
            self._weights
        ):
            raise UsageError(
                "Operator weights must be finite, not negative, and one above zero; "
                f"got {dict(weights)}."
            )

    def propose(
        self,
        parents_of: Callable[[int], Sequence[Record]],
        contract: Contract,
        rng: np.random.Generator,
    ) -> Candidate:
        """One offspring.

        Args:
            parents_of: draws that many parents.
            contract: what the offspring must define.
            rng: draws the operator, and is then the operator's.
        """
        operator = choose(self._operators, self._weights, rng)
        parents = parents_of(operator.arity)
        source = operator.propose(parents, contract, rng)
        return Candidate.of(
            contract.kind,
            source,
            operator=operator.name,
            parents=[parent.id for parent in parents],
        )
