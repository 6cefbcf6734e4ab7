"""Crossover of two components' syntax trees: a part of the second goes into the first.

The part is written in the arguments of its own component, so it means the same in the other one.
Where the second has no such part, one of the first goes into it; where neither has, the second
comes along whole, as a helper function.
"""

import ast
from collections.abc import Sequence
from itertools import chain
from typing import ClassVar, Literal

import numpy as np

from evo.core.contract import Contract
from evo.core.records import Record
from evo.core.syntax.names import bound, identifiers, introduced, loaded
from evo.core.syntax.trees import binary, scaled, size, substitute
from operators.base import WritingOperator, operators
from operators.tree.balance import SIZE_LIMIT, edit_once, growth_weight
from operators.tree.carry import as_helper, carry
from operators.tree.inline import Donation
from operators.tree.offspring import ATTEMPTS, Parent, first_worthy, read_parent
from operators.tree.program import Program
from operators.tree.terms import choose, fill_template, pick, templates
from operators.tree.tidy import reachable
from operators.tree.values import ExpressionType

CrossoverWay = Literal["replace", "compose", "blend"]
"""Ways to combine a part with the expression at its place.

replace  it replaces the expression
compose  it replaces the expression, which becomes one of its arguments
blend    it is averaged, multiplied or compared with the expression
"""

_WEIGHTS: dict[CrossoverWay, float] = {"replace": 0.6, "compose": 0.15, "blend": 0.25}
_LARGE = 6
"""Larger parts are drawn more often, up to this size."""
_ROOMY = 24
"""Size up to which a child may be larger than its first parent; without it, sources only grow."""


@operators.register("crossover-tree")
class CrossoverTree(WritingOperator):
    """Moves a tensor expression of the second parent into the first."""

    name: ClassVar[str] = "crossover-tree"
    arity: ClassVar[int] = 2

    def propose(
        self, parents: Sequence[Record], contract: Contract, rng: np.random.Generator
    ) -> str:
        """Source of the first parent with a part of the second."""
        both = [read_parent(parent.candidate.source, contract) for parent in parents]
        receiver, donor = both
        if not donor.donations and receiver.donations:
            receiver, donor = donor, receiver
        limit = max(_ROOMY, receiver.size) if donor.donations else SIZE_LIMIT
        children = (cross(receiver.program, donor, rng) for _ in range(ATTEMPTS))
        crossed = (child for child in children if child.size <= limit)
        # Two components too large to join, or twice the same one, still give a close relative.
        edited = (_edited(pick(both, rng).program, rng) for _ in range(ATTEMPTS))
        return first_worthy(chain(crossed, edited), both, rng)


def cross(receiver: Program, donor: Parent, rng: np.random.Generator) -> Program:
    """The receiver with one of the donor's parts, or with all of it; both stay as they are."""
    parts = donor.donations
    if not parts:
        helper, call = as_helper(donor.program, identifiers(receiver.tree))
        return _join(receiver, helper, call, "blend", rng)
    part = choose(parts, [min(size(part.expression), _LARGE) for part in parts], rng)
    ways = list(_WEIGHTS)
    weights = [
        _WEIGHTS[way] * (1.0 if way == "replace" else growth_weight(receiver.size)) for way in ways
    ]
    return _join(receiver, donor.program, part, choose(ways, weights, rng), rng)


def _join(
    receiver: Program, donor: Program, part: Donation, way: CrossoverWay, rng: np.random.Generator
) -> Program:
    child = receiver.copy()
    survey = child.survey()
    # Only the entry function has the learnables, scalars and optional inputs.
    is_at_home = not loaded([part.expression]).isdisjoint(donor.contract.beside)
    sites = [
        site
        for site in survey.sites
        if site.value == part.value
        and survey.names(site)
        and (site.scope == child.contract.function or not is_at_home)
    ]
    # A name that a comprehension of the part binds would catch one of the receiver's.
    if not sites or identifiers(child.tree).intersection(bound(part.expression)):
        return child
    # Places of the part's own size come first, or sources would grow from child to child.
    apart = [abs(size(site.node) - size(part.expression)) for site in sites]
    fair = way == "replace"
    site = choose(sites, [1.0 / (1 + gap) if fair else 1.0 for gap in apart], rng)
    names = survey.names(site)
    values: dict[str, ast.expr] = {
        argument: ast.Name(argument if argument in names else names[index % len(names)], ast.Load())
        for index, argument in enumerate(child.contract.arguments)
    }
    if isinstance(site.holder, ast.Return) and way == "replace":
        # Nothing of the receiver would be left.
        way = "blend"
    if way == "compose" and part.value == ExpressionType.TENSOR:
        values[pick(child.contract.arguments, rng)] = site.node
    carried = carry(part.expression, donor, child)
    needed = reachable(child, loaded([carried]))
    helpers = [name for statement in needed for name in introduced(statement)]
    if site.scope in helpers:
        # A helper that both parents share would call itself.
        return child
    expression = substitute(carried, values)
    site.put(_blend(site.node, expression, child.contract, rng) if way == "blend" else expression)
    return child


def _blend(
    left: ast.expr, right: ast.expr, contract: Contract, rng: np.random.Generator
) -> ast.expr:
    """Both expressions as one: their mean, product or difference, or a call on the two."""
    options = [
        scaled(0.5, binary(left, ast.Add(), right)),
        binary(left, ast.Mult(), right),
        binary(left, ast.Sub(), right),
        *(fill_template(template, [left, right]) for template in templates(contract, 2)),
    ]
    return pick(options, rng)


def _edited(parent: Program, rng: np.random.Generator) -> Program:
    program = parent.copy()
    edit_once(program, rng)
    return program
