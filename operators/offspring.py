"""What both tree operators ask of their work before they hand it on.

An offspring differs from every parent, keeps the contract's signature, is bounded in size, and is
not plainly worthless. Drafts that fall short are thrown away and drawn again.
"""

import ast
from collections.abc import Callable, Sequence
from itertools import count

import numpy as np

from evo.types import Contract, Record, normalise
from operators.program import Program
from operators.syntax import binary, number, same, scaled
from operators.terms import term
from operators.tidy import tidy, write
from operators.values import Values

SIZE_LIMIT = 40
"""Operations, names and numbers of an offspring, unless a parent is larger than that already."""

_ATTEMPTS = 50


def read_parents(parents: Sequence[Record], contract: Contract) -> list[Program]:
    """The programs of the parents, tidied as offspring are."""
    programs = [Program.read(parent.candidate.source, contract) for parent in parents]
    for program in programs:
        tidy(program)
    return programs


def first_worthy(
    draft: Callable[[], Program],
    parents: Sequence[Record],
    contract: Contract,
    rng: np.random.Generator,
) -> str:
    """The source of the first draft that is worth an evaluation.

    Args:
        draft: makes a program at each call; it may be changed.
        parents: what the offspring must differ from.
        contract: what it must define.
        rng: draws a newcomer where no draft will do.
    """
    programs = read_parents(parents, contract)
    # A parent that only got tidied is no new component, so both its spellings are known.
    known = {normalise(parent.candidate.source) for parent in parents}
    known |= {normalise(write(program)) for program in programs}
    limit = max(SIZE_LIMIT, *(program.size for program in programs))
    for attempt in count():
        program = draft() if attempt < _ATTEMPTS else newcomer(contract, rng)
        tidy(program)
        if program.size <= limit and is_worthy(program):
            source = write(program)
            if normalise(source) not in known:
                return source
    raise AssertionError("a newcomer is worthy sooner or later")


def is_worthy(program: Program) -> bool:
    """Whether a program returns tensors, does more than scale them, and nothing in it cancels."""
    values = program.values()
    sites = program.sites()
    return (
        all(site.is_tensor for site in program.returns())
        and any(_bends(site.node, site.scope, values) for site in sites)
        and not any(_cancels(site.node) for site in sites)
    )


def newcomer(contract: Contract, rng: np.random.Generator) -> Program:
    """A one-line component in the contract's words."""
    program = Program.identity(contract)
    (place,) = program.returns()
    names = contract.arguments
    factor = float(np.exp(rng.normal(0.0, 0.5)))
    place.put(binary(scaled(factor, place.node), ast.Add(), term(names, contract, rng)))
    return program


def _bends(node: ast.expr, scope: str, values: Values) -> bool:
    """Whether an expression is more than a sum of scaled tensors."""
    match node:
        case ast.Call() | ast.Compare() | ast.BinOp(op=ast.Pow() | ast.MatMult()):
            return values.of(node, scope) > 0
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return min(values.of(left, scope), values.of(right, scope)) > 0
        case ast.BinOp(op=ast.Div(), right=right):
            return values.of(right, scope) > 0
        case _:
            return False


def _cancels(node: ast.expr) -> bool:
    match node:
        case ast.BinOp(left=left, op=ast.Sub() | ast.Div(), right=right):
            return same(left, right)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return number(left) == 0 or number(right) == 0
        case _:
            return False
