"""Random sampling from the contract's words, without a look at any parent.

It uses nothing that a search has learned: a baseline that searches must beat.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from evo.core.contract import Contract
from evo.core.records import Record
from operators.base import WritingOperator, operators
from operators.mutate_tree import mutant
from operators.tree.offspring import ATTEMPTS, first_worthy, random_program, read_parent
from operators.tree.program import Program
from operators.tree.tidy import write_program

_MOST_EDITS = 4


@operators.register("sample-tree")
class SampleTree(WritingOperator):
    """Draws a random component from the kind's vocabulary, without parents."""

    name: ClassVar[str] = "sample-tree"
    arity: ClassVar[int] = 0

    def propose(
        self,
        parents: Sequence[Record],  # noqa: ARG002 - there are none
        contract: Contract,
        rng: np.random.Generator,
    ) -> str:
        """Source of a random component, of one line or grown by a few random edits."""
        drafts = (_draft(contract, rng) for _ in range(ATTEMPTS))
        plainest = read_parent(write_program(Program.identity(contract)), contract)
        return first_worthy(drafts, [plainest], rng)


def _draft(contract: Contract, rng: np.random.Generator) -> Program:
    program = random_program(contract, rng)
    for _ in range(int(rng.integers(_MOST_EDITS + 1))):
        program = mutant(program, rng)
    return program
