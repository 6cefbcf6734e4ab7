"""Mutation of a component's syntax tree: one small edit, now and then a few.

Works without a model or a network. The edits stand in `operators.edits`; here is how they are
drawn, so that sources neither grow nor wither over many generations.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from evo.types import Contract, Record
from operators.base import Operator, operators
from operators.edits import EDITS, Weighted
from operators.offspring import SIZE_LIMIT, first_worthy, read_parents
from operators.program import Program
from operators.terms import choose

_ONE_EDIT = 0.7
"""Chance that a mutant is one edit away; each further edit is drawn as often again."""

_USUAL_SIZE = 14
"""Size around which growing and shrinking edits keep each other in balance."""


@operators.register("mutate-tree")
class MutateTree(Operator):
    """Edits one parent's syntax tree."""

    name: ClassVar[str] = "mutate-tree"
    arity: ClassVar[int] = 1

    def propose(
        self, parents: Sequence[Record], contract: Contract, rng: np.random.Generator
    ) -> str:
        """Source of a mutant of the one parent."""
        (parent,) = read_parents(parents, contract)

        def draft() -> Program:
            program = parent.copy()
            for _ in range(int(rng.geometric(_ONE_EDIT))):
                edit_once(program, rng)
            return program

        return first_worthy(draft, parents, contract, rng)


def edit_once(program: Program, rng: np.random.Generator) -> None:
    """Change one place of a program; edits that find no place give way to others."""
    edits = list(EDITS)
    size = program.size
    while edits:
        chosen = choose(edits, [weight_at(edit, size) for edit in edits], rng)
        if chosen.edit(program, rng):
            return
        edits.remove(chosen)


def weight_at(edit: Weighted, size: int) -> float:
    """How often an edit is drawn for a program of a size: the larger, the more removal."""
    if edit.growth > 0:
        return edit.weight * max(1e-3, 1.0 - size / SIZE_LIMIT)
    if edit.growth < 0:
        return edit.weight * min(3.0, size / _USUAL_SIZE)
    return edit.weight
