"""Shift, stretch and scale what a component computes, with its value at 0 put back to 0.

For a parent f of one argument x, with random s, c and g near 1, 0 and 1:

    g · (f(s · x + c) − f(c))

One edit at a time hardly gets there: a shift alone moves the output away from 0, which trains
badly, and an offset alone does so too, so that both steps are lost before they meet. Where f(c) is
not known as a number, as with several arguments, nothing is shifted, and x and the output are
scaled alone.
"""

import ast
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import ClassVar

import numpy as np

from evo.core.contract import Contract
from evo.core.records import Record
from evo.core.syntax.trees import binary, constant, scaled, substitute
from operators.base import WritingOperator, operators
from operators.mutate_tree import mutants
from operators.tree.carry import carry
from operators.tree.numeric import value_at
from operators.tree.offspring import ATTEMPTS, Parent, first_worthy, read_parent
from operators.tree.program import Program
from operators.tree.terms import pick
from operators.tree.values import ExpressionType

_SHIFT, _FACTOR = 0.6, 0.3
"""Standard deviations of a shift, and of a factor's logarithm."""
_SHARE_OF_SHIFTS, _SHARE_OF_FACTORS = 0.8, 0.5
"""Chances that there is a shift, and that there is each of the factors."""
_NEGLIGIBLE = 0.005
"""An offset this close to 0 is left out."""


@operators.register("affine-tree")
class AffineTree(WritingOperator):
    """Shifts, stretches and scales what one parent computes."""

    name: ClassVar[str] = "affine-tree"
    arity: ClassVar[int] = 1

    def propose(
        self, parents: Sequence[Record], contract: Contract, rng: np.random.Generator
    ) -> str:
        """Source of the parent with its argument and its output transformed."""
        (record,) = parents
        parent = read_parent(record.candidate.source, contract)
        drafts = chain(_transformed(parent, rng), mutants(parent.program, rng))
        return first_worthy(drafts, [parent], rng)


def _transformed(parent: Parent, rng: np.random.Generator) -> Iterator[Program]:
    donation, contract = parent.result, parent.program.contract
    if donation is None or donation.value != ExpressionType.TENSOR:
        return
    for _ in range(ATTEMPTS):
        argument = pick(contract.arguments, rng)
        shift, offset = 0.0, None
        if rng.random() < _SHARE_OF_SHIFTS:
            shift = _rounded(rng.normal(0.0, _SHIFT))
        if len(contract.parameters) == 1:
            offset = value_at(donation.expression, {argument: shift})
        if offset is None:
            shift = offset = 0.0
        stretch, gain = _factor(rng), _factor(rng)
        if not shift and stretch == gain == 1.0 and abs(offset) < _NEGLIGIBLE:
            continue
        inner = _scaled(stretch, ast.Name(argument, ast.Load()))
        if shift:
            inner = binary(inner, ast.Add(), constant(shift))
        child = Program.identity(contract)
        whole = carry(donation.expression, parent.program, child)
        whole = substitute(whole, {argument: inner})
        if abs(offset) > _NEGLIGIBLE:
            whole = binary(whole, ast.Sub(), constant(offset))
        child.entry.body = [ast.Return(_scaled(gain, whole))]
        yield child


def _factor(rng: np.random.Generator) -> float:
    drawn = rng.random() < _SHARE_OF_FACTORS
    return _rounded(np.exp(rng.normal(0.0, _FACTOR))) if drawn else 1.0


def _scaled(factor: float, node: ast.expr) -> ast.expr:
    return node if factor == 1.0 else scaled(factor, node)


def _rounded(value: float) -> float:
    return round(float(value), 2)
