"""Mutation of a component's syntax tree: one small edit, now and then a few.

Works without a model or a network. It must never change what a component is given or returns in
shape, nor touch the numbers that shapes are made of.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from evo.core.contract import Contract
from evo.core.records import Record
from operators.base import WritingOperator, operators
from operators.tree.balance import edit_once
from operators.tree.offspring import ATTEMPTS, first_worthy, read_parent
from operators.tree.program import Program

_LAST_EDIT = 0.7
"""Chance that an edit is the last one, so that most mutants are one edit away."""


@operators.register("mutate-tree")
class MutateTree(WritingOperator):
    """Makes small random edits to the syntax tree of one parent."""

    name: ClassVar[str] = "mutate-tree"
    arity: ClassVar[int] = 1

    def propose(
        self, parents: Sequence[Record], contract: Contract, rng: np.random.Generator
    ) -> str:
        """Source of a mutant of the parent."""
        (record,) = parents
        parent = read_parent(record.candidate.source, contract)
        drafts = (mutant(parent.program, rng) for _ in range(ATTEMPTS))
        return first_worthy(drafts, [parent], rng)


def mutant(parent: Program, rng: np.random.Generator) -> Program:
    """The parent with one or more edits; it stays as it is."""
    program = parent.copy()
    for _ in range(int(rng.geometric(_LAST_EDIT))):
        edit_once(program, rng)
    return program
