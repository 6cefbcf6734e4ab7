"""Offspring of the tree operators: which programs are good enough to return.

An offspring differs from every parent, keeps the contract's signature, is bounded in size, and is
not plainly worthless. Drafts that fall short are thrown away and drawn again.
"""

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, count

import numpy as np

from evo.core.contract import Contract
from evo.core.source import normalise
from evo.core.syntax.trees import binary, number, same, scaled
from operators.tree.algebra import has_like_terms
from operators.tree.balance import SIZE_LIMIT
from operators.tree.calls import ROOTS, called_name
from operators.tree.form import Form
from operators.tree.inline import Donation, donations, result
from operators.tree.program import Program
from operators.tree.signs import is_non_negative, is_positive
from operators.tree.sites import Site, Survey
from operators.tree.terms import learned, term
from operators.tree.tidy import tidy, write_program
from operators.tree.values import TENSORS, ExpressionType

ATTEMPTS = 25
"""Drafts that an operator offers before random programs take over; nearly always one or two do."""


@dataclass(frozen=True, eq=False)
class Parent:
    """A component with its program and parts, read once for many offspring.

    Attributes:
        program: tidied as offspring are; never changed.
        spellings: as it came and as tidied, since one that only got tidied is no new component.
    """

    program: Program
    spellings: frozenset[str]

    @cached_property
    def size(self) -> int:
        """Number of operations, names and numbers."""
        return self.program.size

    @cached_property
    def doubts(self) -> int:
        """As `doubts` counts them: one that met the contract may divide by what we cannot judge."""
        return doubts(self.program.survey())

    @cached_property
    def donations(self) -> list[Donation]:
        """Its expressions that can be moved to another program."""
        return donations(self.program)

    @cached_property
    def form(self) -> Form:
        """Its source, as offspring are written, with the numbers taken out."""
        return Form.of(write_program(self.program), self.program.contract)

    @cached_property
    def result(self) -> Donation | None:
        """All that it computes as one expression; None where it takes statements."""
        return result(self.program)


@lru_cache(maxsize=1024)
def read_parent(source: str, contract: Contract) -> Parent:
    """The parent of a source."""
    program = Program.read(source, contract)
    tidy(program)
    return Parent(program, frozenset({normalise(source), normalise(write_program(program))}))


def first_worthy(
    drafts: Iterable[Program],
    parents: Sequence[Parent],
    rng: np.random.Generator,
    *,
    keeps_all: bool = False,
) -> str:
    """The source of the first draft that is worth an evaluation.

    Args:
        drafts: programs to choose from; they may be changed.
        parents: what the offspring must differ from.
        rng: draws random programs where no draft will do.
        keeps_all: whether a draft holds all of every parent, and so the doubts of each.
    """
    known = frozenset[str]().union(*(parent.spellings for parent in parents))
    limit = max(SIZE_LIMIT, *(parent.size for parent in parents))
    contract = parents[0].program.contract
    allowed_doubts = (sum if keeps_all else max)(parent.doubts for parent in parents)
    random_programs = (random_program(contract, rng) for _ in count())
    for program in chain(drafts, random_programs):
        tidy(program)
        if program.size <= limit and is_worthy(program, allowed_doubts):
            source = write_program(program)
            if normalise(source) not in known:
                return source
    raise AssertionError("one of infinitely many random programs is worthy")


def is_worthy(program: Program, allowed_doubts: int = 0) -> bool:
    """True if a program does more than scale tensors, and raises no more doubts than allowed."""
    survey = program.survey()
    is_known = survey.returned in TENSORS
    bends = any(_bends(site.node, site, survey) for site in survey.sites)
    return (bends or not is_known) and doubts(survey) <= allowed_doubts


def doubts(survey: Survey) -> int:
    """Number of expressions that cancel, may divide by zero or may leave a function's domain.

    One more where the entry function seems to return no tensor.
    """
    doubtful = sum(_is_doubtful(site, survey) for site in survey.sites)
    return doubtful + (survey.returned not in TENSORS)


def random_program(contract: Contract, rng: np.random.Generator) -> Program:
    """A one-line component in the contract's words."""
    argument = ast.Name(contract.arguments[0], ast.Load())
    base = scaled(float(np.exp(rng.normal(0.0, 0.5))), argument)
    addend = term(contract.arguments, contract, rng)
    if contract.learnables:
        addend = learned(addend, contract, rng)
    expression = binary(base, ast.Add(), addend)
    return Program.returning(ast.unparse(expression), contract)


def _bends(node: ast.expr, site: Site, survey: Survey) -> bool:
    """True if an expression is more than a sum of scaled tensors."""
    match node:
        case ast.Call() | ast.Compare() | ast.BinOp(op=ast.Pow() | ast.MatMult()):
            return site.value != ExpressionType.OTHER
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            is_scaled = any(
                isinstance(side, ast.Name) and side.id in survey.contract.beside
                for side in (left, right)
            )
            values = survey.value(left, site), survey.value(right, site)
            return min(values) != ExpressionType.OTHER and not is_scaled
        case ast.BinOp(op=ast.Div(), right=right):
            return survey.value(right, site) != ExpressionType.OTHER
        case _:
            return False


def _is_doubtful(site: Site, survey: Survey) -> bool:
    match site.node:
        case ast.BinOp(op=ast.Add() | ast.Sub()) as node:
            return has_like_terms(node)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return number(left) == 0 or number(right) == 0
        case ast.BinOp(left=left, op=ast.Div(), right=right) if survey.value(right, site):
            return same(left, right) or not is_positive(right)
        case ast.BinOp(left=left, op=ast.Pow(), right=right) if site.is_tensor:
            exponent = number(right)
            return exponent is not None and exponent % 1 != 0 and not is_non_negative(left)
        case ast.Call() as call if site.is_tensor and called_name(call) in ROOTS:
            return not is_non_negative(survey.values.operands(call)[0])
        case _:
            return False
