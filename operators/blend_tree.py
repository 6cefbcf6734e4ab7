"""Crossover of what two components compute: a mix of their outputs, or one applied to the other.

Moving parts between sources, as `crossover-tree` does, says little about what the child computes.
The children here are bounded by their parents instead, as in geometric semantic crossover
(Moraglio, Krawiec and Johnson 2012, "Geometric Semantic Genetic Programming",
https://doi.org/10.1007/978-3-642-32937-1_3): with parents a and b and an argument x,

    mix       w · a + (1 − w) · b                      between both, for any input
    gate      b + sigmoid(k · x) · (a − b)             b on the left, a on the right
    compose   a(b(x))

Where we differ: the weight w is one round number rather than a random function, and children
beyond the size limit are dropped, since repeated mixing doubles sources; also w may lie a little
above 1, away from the second parent.
"""

import ast
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import ClassVar, Literal

import numpy as np

from evo.core.contract import Contract
from evo.core.records import Record
from evo.core.syntax.names import identifiers
from evo.core.syntax.trees import binary, clone, constant, scaled, substitute
from operators.base import WritingOperator, operators
from operators.crossover_tree import cross
from operators.tree.carry import as_helper, carry
from operators.tree.inline import Donation
from operators.tree.offspring import ATTEMPTS, Parent, first_worthy, read_parent
from operators.tree.program import Program
from operators.tree.terms import choose, pick
from operators.tree.values import ExpressionType

BlendWay = Literal["mix", "gate", "compose"]

_WAYS: dict[BlendWay, float] = {"mix": 0.7, "gate": 0.25, "compose": 0.05}
"""As measured: half of the mixes are ahead of their first parent, a few of the compositions."""
_WEIGHTS = (0.1, 0.25, 0.5, 0.5, 0.75, 0.9, 1.25)
"""Weights of the first parent."""
_STEEPNESS = (1.0, 2.0, 5.0)
_GATE = "torch.sigmoid({})"
_LIMIT = 40
"""Size of a child; two parents that are larger exchange parts, as in `crossover-tree`."""
_BLENDS = 8
"""Blends that are tried first."""


@operators.register("blend-tree")
class BlendTree(WritingOperator):
    """Mixes, gates or composes what two parents compute."""

    name: ClassVar[str] = "blend-tree"
    arity: ClassVar[int] = 2

    def propose(
        self, parents: Sequence[Record], contract: Contract, rng: np.random.Generator
    ) -> str:
        """Source of a component whose output is made of both parents' outputs."""
        both = [read_parent(parent.candidate.source, contract) for parent in parents]
        drafts = chain(_blended(both, rng), _crossed(both, rng))
        return first_worthy(drafts, both, rng, keeps_all=True)


def blend(first: Parent, second: Parent, way: BlendWay, rng: np.random.Generator) -> Program:
    """A program of what both compute; they stay as they are.

    A way that their types do not permit gives way to a mix.
    """
    child = Program.identity(first.program.contract)
    one, other = (_whole(parent, child) for parent in (first, second))
    arguments = child.contract.arguments
    is_full = one.value == other.value == ExpressionType.TENSOR
    left, right = one.expression, other.expression
    if way == "compose" and is_full:
        expression = substitute(left, {pick(arguments, rng): right})
    elif way == "gate" and is_full and _GATE in child.contract.vocabulary:
        argument = ast.Name(pick(arguments, rng), ast.Load())
        expression = _gated(left, right, scaled(pick(_STEEPNESS, rng), argument))
    else:
        expression = _mixed(left, right, pick(_WEIGHTS, rng))
    child.entry.body = [ast.Return(expression)]
    return child


def _blended(parents: Sequence[Parent], rng: np.random.Generator) -> Iterator[Program]:
    if sum(parent.size for parent in parents) > _LIMIT:
        return
    ways = list(_WAYS)
    for _ in range(_BLENDS):
        first, second = parents if rng.random() < 0.5 else reversed(parents)
        child = blend(first, second, choose(ways, list(_WAYS.values()), rng), rng)
        if child.size <= _LIMIT:
            yield child


def _crossed(parents: Sequence[Parent], rng: np.random.Generator) -> Iterator[Program]:
    first, second = parents
    for _ in range(ATTEMPTS):
        yield cross(first.program, second, rng)


def _whole(parent: Parent, child: Program) -> Donation:
    """All that a parent computes as one expression for the child, which gets its helpers."""
    program, donation = parent.program, parent.result
    if donation is None:
        program, donation = as_helper(program, identifiers(child.tree))
    return Donation(carry(donation.expression, program, child), donation.value)


def _mixed(left: ast.expr, right: ast.expr, weight: float) -> ast.expr:
    if weight == 0.5:
        return scaled(0.5, binary(left, ast.Add(), right))
    other = binary(constant(1.0 - weight), ast.Mult(), right)
    return binary(scaled(weight, left), ast.Add(), other)


def _gated(left: ast.expr, right: ast.expr, signal: ast.expr) -> ast.expr:
    gate = ast.parse(_GATE.format("_"), mode="eval").body
    difference = binary(left, ast.Sub(), clone(right))
    step = binary(substitute(gate, {"_": signal}), ast.Mult(), difference)
    return binary(right, ast.Add(), step)
