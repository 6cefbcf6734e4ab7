"""Sums, products and quotients of syntax trees, written as a careful author would.

`2 * x * 0.5`, `x + 0`, `x - -0.3`, `x + (y - 1) + 3` and `x + 0.5 * x` all have a shorter form.
A number that is one factor or term among others keeps its digits; merged ones are rounded.
"""

import ast
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from operators.syntax import Number, binary, constant, number, scaled

IsArithmetic = Callable[[ast.expr], bool]
"""Whether an expression is a number or tensor of numbers already: `1.0 * mask` makes it one."""


def add_up(node: ast.BinOp, is_arithmetic: IsArithmetic) -> ast.expr:
    """A sum with like terms merged, without zeros, brackets and double signs."""
    terms = list(_terms(node, 1))
    groups: dict[str, _Term] = {}
    for term in terms:
        merged = groups.get(term.key)
        if merged is None or not (term.base is None or is_arithmetic(term.base)):
            groups[term.key if merged is None else f"{term.key} {len(groups)}"] = term
        else:
            groups[term.key] = merged.plus(term)
    kept = [term for term in groups.values() if term.factor != 0]
    if not kept or not any(is_arithmetic(term.expression()) for term in kept):
        return node
    if len(kept) < len(groups):
        kept.sort(key=lambda term: term.base is None)
    # Python's own order, but for a leading minus that a later term can spare.
    first = next((term for term in kept if term.factor > 0), kept[0])
    total = first.expression()
    for term in kept:
        if term is first:
            continue
        op = ast.Add() if term.factor > 0 else ast.Sub()
        total = binary(total, op, term.size_of())
    return total


@dataclass(frozen=True)
class _Term:
    """`factor * base`; a number alone has no base."""

    factor: Number
    base: ast.expr | None
    is_merged: bool = False
