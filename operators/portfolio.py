"""The portfolio: which operator makes the next offspring, and from whom."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from evo.core.adaptation import Tally, shares
from evo.core.contract import Contract
from evo.core.errors import UsageError
from evo.core.records import Candidate, Record
from operators.base import AskingOperator, LearningOperator, Operator, WritingOperator, operators
from operators.past import NO_PAST, Past
from operators.tree.terms import choose

ParentsOf = Callable[[int], Sequence[Record]]
"""Draws that many parents."""


class Portfolio:
    """Operators side by side, those that write and those that ask.

    Args:
        weights: how often each operator is drawn, by name, in any unit; 0 switches one off.
        floor: share of the draws that is spread evenly when the rest follows what each has
            contributed lately; None keeps to the weights.

    Raises:
        UsageError: no operator has such a name, or the weights are none to draw by.
    """

    def __init__(self, weights: Mapping[str, float], *, floor: float | None = None) -> None:
        # Sorted, so that the order in a configuration file changes no draw.
        self._operators = {name: operators.get(name)() for name in sorted(weights)}
        self._weights = {name: weights[name] for name in sorted(weights)}
        self._floor = floor
        values = list(self._weights.values())
        if not all(math.isfinite(weight) and weight >= 0 for weight in values) or not any(values):
            raise UsageError(
                "Operator weights must be finite, not negative, and one above zero; "
                f"got {dict(weights)}."
            )
        if never := [name for name, one in self._operators.items() if not one.is_drawn]:
            raise UsageError(
                f"Operator {never[0]!r} cannot be drawn, so it takes no weight: it follows what a "
                "language model sent. Leave it out; llm.repair and the roles of models switch it."
            )

    @property
    def asks(self) -> bool:
        """True if an operator that may be drawn asks a language model."""
        return bool(self.asking)

    @property
    def writes(self) -> bool:
        """True if an operator that may be drawn needs none."""
        return len(self.asking) < len(self._drawn())

    @property
    def asking(self) -> list[str]:
        """The operators that may be drawn and ask a language model, by name."""
        return [name for name, one in self._drawn().items() if isinstance(one, AskingOperator)]

    @property
    def copying(self) -> list[str]:
        """The operators that may be drawn and make something new in combinations alone."""
        return [name for name, one in self._drawn().items() if one.copies_parent]

    def draw(
        self, rng: np.random.Generator, tallies: Mapping[str, Tally] | None = None
    ) -> Operator:
        """Draw the operator of one offspring; `tallies` hold the recent successes of each."""
        chances = self._weights
        if self._floor is not None:
            chances = shares(self._weights, tallies or {}, floor=self._floor)
        return self._operators[choose(list(chances), list(chances.values()), rng)]

    def draw_writing(self, rng: np.random.Generator) -> WritingOperator | None:
        """One that needs no language model, by its weight; None where there is none."""
        writing = {
            name: one for name, one in self._drawn().items() if isinstance(one, WritingOperator)
        }
        if not writing:
            return None
        return choose(list(writing.values()), [self._weights[name] for name in writing], rng)

    def _drawn(self) -> dict[str, Operator]:
        return {name: one for name, one in self._operators.items() if self._weights[name] > 0}


def write_offspring(
    operator: WritingOperator,
    parents_of: ParentsOf,
    contract: Contract,
    rng: np.random.Generator,
    past: Past = NO_PAST,
) -> Candidate:
    """The offspring of a writing operator, from parents that are drawn for it.

    Args:
        operator: writes the source.
        parents_of: draws the parents.
        contract: what the source must define.
        rng: the only source of chance.
        past: what an operator that learns may know.
    """
    parents = parents_of(operator.parents(rng))
    if isinstance(operator, LearningOperator):
        source, step = operator.draft(parents, contract, rng, past)
    else:
        source, step = operator.propose(parents, contract, rng), -1
    candidate = Candidate.of(
        contract.kind,
        source,
        operator=operator.name,
        parents=[parent.id for parent in parents],
    )
    return replace(candidate, step=step)
