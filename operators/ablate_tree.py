"""Ablation of a part: one term, factor or function of a component is taken out, and nothing else.

Its child against it is a controlled experiment: what is that part worth? A campaign with language
models spends a small share of its offspring on the best so far (`feedback.ablations`), and shows
the effects in prompts.
"""

import ast
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import ClassVar

import numpy as np

from evo.core.contract import Contract
from evo.core.records import Record
from operators.base import WritingOperator, operators
from operators.mutate_tree import mutants
from operators.tree.edits import replacements
from operators.tree.offspring import ATTEMPTS, Parent, first_worthy, read_parent
from operators.tree.program import Program
from operators.tree.sites import Site
from operators.tree.terms import pick
from operators.tree.tidy import tidy

_FEW = 12
"""Removals below which a component's ablations soon repeat."""
_SPENT = 0.5
"""Chance that such a component gets a mutant instead."""


@operators.register("ablate-tree")
class AblateTree(WritingOperator):
    """Takes one part out of a parent, to learn what it is worth."""

    name: ClassVar[str] = "ablate-tree"
    arity: ClassVar[int] = 1

    def propose(
        self, parents: Sequence[Record], contract: Contract, rng: np.random.Generator
    ) -> str:
        """Source of the parent without one part; a mutant where no part can go."""
        (record,) = parents
        parent = read_parent(record.candidate.source, contract)
        parts = len(_removals(parent.program))
        # Of a small component there are few ablations, which would come again and again.
        is_spent = parts < _FEW and rng.random() < _SPENT
        # One by one: the first ablation is nearly always worthy, and mutants cost far more.
        ablated = iter(()) if is_spent else _ablated(parent, rng)
        return first_worthy(chain(ablated, mutants(parent.program, rng)), [parent], rng)


def _removals(program: Program) -> list[tuple[Site, ast.expr]]:
    """Every place with a part of it that could stand there alone."""
    survey = program.survey()
    return [
        (site, part)
        for site in survey.sites
        if site.is_tensor
        for part in replacements(site, survey)
    ]


def _ablated(parent: Parent, rng: np.random.Generator) -> Iterator[Program]:
    for _ in range(ATTEMPTS):
        program = parent.program.copy()
        removals = _removals(program)
        if not removals:
            return
        site, part = pick(removals, rng)
        site.put(part)
        tidy(program)
        if program.size < parent.size:
            yield program
