"""Simplification of a component: drop a part of it, or round its numbers.

A search that only adds and swaps carries parts along that change nothing, or whose numbers have
digits that mean nothing. Where the shorter component is as good, it is the better one: easier to
read, cheaper, and with fewer places where the next edit is lost. Offspring are no larger than their
parent, unless that has nothing to drop. The smaller an addend's factor, the more often it is the
one that goes.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import ClassVar

import numpy as np

from evo.core.contract import Contract
from evo.core.records import Record
from operators.base import WritingOperator, operators
from operators.mutate_tree import mutants
from operators.tree.offspring import ATTEMPTS, Parent, first_worthy, read_parent
from operators.tree.program import Program
from operators.tree.reductions import reduce_once
from operators.tree.tidy import tidy

_ROUNDS = 8
"""Rounds of reductions and edits before a larger offspring is taken; the first is mostly enough."""
_HARDLY_REDUCIBLE = 6
"""Nodes up to which one round is all: few components are that small, so its offspring repeat."""
_LAST_REDUCTION = 0.6
"""Chance that a reduction is the last one."""


@operators.register("simplify-tree")
class SimplifyTree(WritingOperator):
    """Drops parts of one parent or rounds its numbers, so that it gets shorter or plainer."""

    name: ClassVar[str] = "simplify-tree"
    arity: ClassVar[int] = 1

    def propose(
        self, parents: Sequence[Record], contract: Contract, rng: np.random.Generator
    ) -> str:
        """Source of a component no larger than the parent."""
        (record,) = parents
        parent = read_parent(record.candidate.source, contract)
        rounds = 1 if parent.size <= _HARDLY_REDUCIBLE else _ROUNDS
        drafts = chain.from_iterable(
            chain(_reduced(parent, rng), mutants(parent.program, rng)) for _ in range(rounds)
        )
        reduced = _not_larger(drafts, parent)
        # Of the smallest components, hardly any edit gives another that is no larger.
        return first_worthy(chain(reduced, mutants(parent.program, rng)), [parent], rng)


def _reduced(parent: Parent, rng: np.random.Generator) -> Iterator[Program]:
    for _ in range(ATTEMPTS):
        program = parent.program.copy()
        for _ in range(int(rng.geometric(_LAST_REDUCTION))):
            reduce_once(program, rng)
        yield program


def _not_larger(drafts: Iterator[Program], parent: Parent) -> Iterator[Program]:
    for program in drafts:
        tidy(program)
        if program.size <= parent.size:
            yield program
