"""Reductions: edits that drop a part of a program, or round one of its numbers."""

import ast
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from evo.core.syntax.trees import constant, number
from operators.tree.algebra import leading
from operators.tree.coefficients import coefficients, rounded
from operators.tree.edits import replacements
from operators.tree.program import Program
from operators.tree.sites import Site, Survey
from operators.tree.terms import choose

_SHARE_OF_ROUNDING = 0.5
"""Weight of rounding one number, where dropping a part has a weight of about one."""

_DULL = 0.1
"""Part of the weight that dropping an addend keeps however large its factor is."""


class Reduction(NamedTuple):
    """An expression to put in a place, and how often it is drawn."""

    site: Site
    expression: ast.expr
    weight: float


def reduce_once(program: Program, rng: np.random.Generator) -> bool:
    """Apply one reduction that is drawn; False, and nothing changed, where there is none."""
    options = list(reductions(program.survey()))
    if not options:
        return False
    chosen = choose(options, [option.weight for option in options], rng)
    chosen.site.put(chosen.expression)
    return True


def reductions(survey: Survey) -> Iterator[Reduction]:
    """Every part that may go and every number that may be rounder."""
    for site in survey.sites:
        if site.is_tensor:
            for part in replacements(site, survey):
                yield Reduction(site, part, _weight(site.node, part))
    for site in coefficients(survey):
        value = number(site.node)
        assert value is not None
        if rounded(value) != value:
            yield Reduction(site, constant(rounded(value)), _SHARE_OF_ROUNDING)


def _weight(whole: ast.expr, part: ast.expr) -> float:
    """Weight of `part` in the place of `whole`: 1, or less where a large addend would go."""
    match whole:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
            factor, _ = leading(left if part is right else right)
            return _DULL + 1.0 / (1.0 + abs(factor))
        case _:
            return 1.0
