"""Tuning of a component's numbers: form and numbers are searched apart.

All evaluated components of the parent's form, wherever they come from, are points of one problem:
numbers in, margin out. A Bayesian optimiser says which numbers to try next, and the offspring is an
ordinary one: it passes the walls, trains at the rungs and is stored like any other, and what it
scored is the optimiser's next point. There is no training beside the loop, and no state beside the
history.

A form without numbers, and now and then any other, gets one more: a factor or a shift.
"""

import math
from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np

from evo.core.contract import Contract
from evo.core.records import Record
from operators.base import Draft, LearningOperator, operators
from operators.past import Past, Variant
from operators.tree.edits import insert_number
from operators.tree.form import Form
from operators.tree.offspring import ATTEMPTS, Parent, first_worthy, read_parent
from operators.tree.program import Program
from operators.tree.tuning import EvaluatedPoint, next_positions

_SHARE_OF_INSERTIONS = 0.15
_SPREAD = 0.3
"""Standard deviation of a new factor's logarithm, and of a new shift."""


@operators.register("tune-tree")
class TuneTree(LearningOperator):
    """Gives one parent better numbers, from what all components of its form scored."""

    name: ClassVar[str] = "tune-tree"
    arity: ClassVar[int] = 1

    def draft(
        self, parents: Sequence[Record], contract: Contract, rng: np.random.Generator, past: Past
    ) -> Draft:
        """A component of the parent's form with other numbers, or with one number more."""
        (record,) = parents
        parent = read_parent(record.candidate.source, contract)
        inserts = not parent.form.free or rng.random() < _SHARE_OF_INSERTIONS
        drafts = _widened(parent, rng) if inserts else _tuned(parent, record, past, rng)
        return Draft(first_worthy(drafts, [parent], rng))


def _tuned(
    parent: Parent, record: Record, past: Past, rng: np.random.Generator
) -> Iterator[Program]:
    form = parent.form
    variants = [variant for variant in past.variants(form.key) if _is_comparable(variant, form)]
    points = [_point(variant, form) for variant in variants]
    if not any(variant.numbers == form.numbers for variant in variants):
        # As it came, the parent is spelled in another way, or it was not evaluated.
        score = record.score
        of_parent = Variant.of(form.numbers, score) if score else Variant(form.numbers, 0.0, 0, 1.0)
        points.append(_point(of_parent, form))
    known = {variant.numbers for variant in variants}
    for position, _ in zip(next_positions(points, rng), range(ATTEMPTS), strict=False):
        values = dict(zip(form.free, np.exp(position).tolist(), strict=True))
        source = form.source(values)
        if Form.of(source, parent.program.contract).numbers not in known:
            yield Program.read(source, parent.program.contract)


def _widened(parent: Parent, rng: np.random.Generator) -> Iterator[Program]:
    for _ in range(ATTEMPTS):
        program = parent.program.copy()
        if insert_number(program.survey(), rng, spread=_SPREAD):
            yield program


def _is_comparable(variant: Variant, form: Form) -> bool:
    """True if a variant has the form's numbers wherever they may not change."""
    return all(
        theirs > 0 if index in form.free else theirs == ours
        for index, (theirs, ours) in enumerate(zip(variant.numbers, form.numbers, strict=True))
    )


def _point(variant: Variant, form: Form) -> EvaluatedPoint:
    position = tuple(math.log(variant.numbers[index]) for index in form.free)
    return EvaluatedPoint(position, variant.margin, variant.rung, variant.error)
