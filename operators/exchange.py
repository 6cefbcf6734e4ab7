"""Recombination of whole components: one of the second parent with the others of the first."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from evo.core.contract import Contract
from evo.core.records import Record
from operators.base import WritingOperator, operators


@operators.register("exchange")
class ComponentExchange(WritingOperator):
    """Takes a component of the second parent unchanged; only for combinations of kinds."""

    name: ClassVar[str] = "exchange"
    arity: ClassVar[int] = 2
    copies_parent: ClassVar[bool] = True

    def propose(
        self,
        parents: Sequence[Record],
        contract: Contract,  # noqa: ARG002 - what it hands on is finished
        rng: np.random.Generator,  # noqa: ARG002 - and nothing is drawn
    ) -> str:
        """The second parent's source."""
        return parents[1].candidate.source
