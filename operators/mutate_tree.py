"""Mutation of a component's syntax tree: one small edit, now and then a few.

Works without a model or a network. It must never change what a component is given or returns in
shape, nor touch the numbers that shapes are made of.

How far a mutant goes is drawn from a few step sizes, by the share of recent mutants of each that
were ahead of their parent, with a floor: far from a good component large steps pay, near one only
small ones do (as Rechenberg's 1/5 rule, and probability matching in `evo.core.adaptation`).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, NamedTuple

import numpy as np

from evo.core.adaptation import Tally, shares
from evo.core.contract import Contract
from evo.core.records import Record
from operators.base import Draft, LearningOperator, operators
from operators.past import Past, Success
from operators.tree.balance import edit_once
from operators.tree.offspring import ATTEMPTS, first_worthy, read_parent
from operators.tree.program import Program
from operators.tree.terms import choose


class StepSize(NamedTuple):
    """The distance that a mutant goes from its parent.

    Attributes:
        edits: number of edits.
        spread: standard deviation of the logarithm of a number's change.
        weight: how often it is drawn, as long as all succeed alike.
    """

    edits: int
    spread: float
    weight: float


STEP_SIZES = (
    StepSize(1, 0.2, 0.35),
    StepSize(1, 0.6, 0.35),
    StepSize(2, 0.4, 0.2),
    StepSize(4, 0.8, 0.1),
)
"""Records refer to them by index: a new one goes to the end."""

_FLOOR = 0.2
"""Share of the draws that is spread evenly, so that a size which failed is tried again."""


@operators.register("mutate-tree")
class MutateTree(LearningOperator):
    """Makes small random edits to the syntax tree of one parent."""

    name: ClassVar[str] = "mutate-tree"
    arity: ClassVar[int] = 1

    def draft(
        self, parents: Sequence[Record], contract: Contract, rng: np.random.Generator, past: Past
    ) -> Draft:
        """A mutant of the parent, and the index of its step size."""
        (record,) = parents
        parent = read_parent(record.candidate.source, contract)
        step = draw_step(past.steps.get(self.name, {}), rng)
        drafts = mutants(parent.program, rng, STEP_SIZES[step])
        return Draft(first_worthy(drafts, [parent], rng), step)


def draw_step(successes: Mapping[int, Success], rng: np.random.Generator) -> int:
    """Draw the index of a step size, by what each has achieved lately."""
    weights = {str(index): size.weight for index, size in enumerate(STEP_SIZES)}
    tallies = {
        str(index): Tally(success.trained, success.ahead) for index, success in successes.items()
    }
    chances = shares(weights, tallies, floor=_FLOOR)
    return choose(range(len(STEP_SIZES)), list(chances.values()), rng)


def mutants(
    parent: Program, rng: np.random.Generator, size: StepSize | None = None
) -> Iterator[Program]:
    """As many mutants as an operator tries before it gives up; arguments as of `mutant`."""
    for _ in range(ATTEMPTS):
        yield mutant(parent, rng, size)


def mutant(parent: Program, rng: np.random.Generator, size: StepSize | None = None) -> Program:
    """The parent with as many edits as a step size has, or one drawn by its weight; it stays."""
    edits, spread, _ = size or STEP_SIZES[draw_step({}, rng)]
    program = parent.copy()
    for _ in range(edits):
        edit_once(program, rng, spread=spread)
    return program
