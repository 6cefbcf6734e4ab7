"""Weights of edits by program size, so that sources neither grow nor shrink over generations."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from operators.tree.coefficients import USUAL_SPREAD, perturb_constant
from operators.tree.edits import (
    insert_term,
    remove_term,
    renew,
    rescale,
    swap_call,
    swap_operator,
    use_argument,
    wrap,
)
from operators.tree.program import Program
from operators.tree.sites import Survey
from operators.tree.terms import choose

Edit = Callable[[Survey, np.random.Generator], bool]
"""Changes one place, or returns False and changes nothing; the survey is outdated after that."""

SIZE_LIMIT = 60
"""Operations, names and numbers of an offspring, unless a parent is larger than that already."""

_USUAL_SIZE = 10
"""Size around which growing and shrinking edits keep each other in balance."""

_FULL_SIZE = 40
"""Size at which programs hardly grow any more; only joining two whole ones leads beyond."""


class Weighted(NamedTuple):
    """An edit and how often it is drawn; `growth` is the sign of its effect on the size."""

    edit: Edit
    weight: float
    growth: int


EDITS = (
    Weighted(perturb_constant, 3.0, 0),
    Weighted(swap_operator, 1.5, 0),
    Weighted(swap_call, 2.5, 0),
    Weighted(renew, 1.0, 0),
    Weighted(wrap, 1.5, 1),
    Weighted(insert_term, 2.0, 1),
    Weighted(rescale, 1.5, 1),
    Weighted(remove_term, 1.5, -1),
    Weighted(use_argument, 0.5, -1),
)


def edit_once(program: Program, rng: np.random.Generator, *, spread: float = USUAL_SPREAD) -> None:
    """Change one place of a program; an edit that finds no place gives way to another.

    Args:
        program: changes in place.
        rng: draws edit and place.
        spread: see `perturb_constant`.
    """
    survey, size = program.survey(), program.size
    edits = list(EDITS)
    while edits:
        chosen = choose(edits, [weight_at(edit, size) for edit in edits], rng)
        edit = chosen.edit
        if edit is perturb_constant:
            edit = partial(perturb_constant, spread=spread)
        if edit(survey, rng):
            return
        edits.remove(chosen)


def weight_at(edit: Weighted, size: int) -> float:
    """Weight of an edit for a program of a size: the larger, the more removal."""
    if edit.growth > 0:
        return edit.weight * growth_weight(size)
    if edit.growth < 0:
        return edit.weight * min(3.0, size / _USUAL_SIZE)
    return edit.weight


def growth_weight(size: int) -> float:
    """Weight of edits that add, for a program of a size, in (0, 1]."""
    return max(1e-3, 1.0 - size / _FULL_SIZE)
