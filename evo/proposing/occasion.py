"""The occasion of a request to a language model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from evo.core.records import Record
from evo.proposing.member import VariedMember
from operators.briefing import Briefing


@dataclass(frozen=True)
class Occasion:
    """The model, operator and time of a request.

    Attributes:
        generation: that the request proposes for.
        index: of the offspring within it.
        known: the last generation whose records may be used.
        varied: the member that is asked for.
        parents: as evaluated, whole.
        population: the survivors that parents are drawn from.
        works_out: whether the request works out an idea.
    """

    generation: int
    index: int
    known: int
    varied: VariedMember
    parents: Sequence[Record]
    population: Sequence[Record]
    works_out: bool = False


class Planned(NamedTuple):
    """An offspring that is planned rather than drawn.

    Attributes:
        operator: name of its operator.
        from_best: whether its parent is one of the best few.
        works_out: whether the request works out an idea.
        rewords: whether the reply proposes a wording of the operator's task too.
        tests: the hypothesis that the offspring follows; else empty.
        supposes: whether the reply words a hypothesis too.
    """

    operator: str
    from_best: bool = False
    works_out: bool = False
    rewords: bool = False
    tests: str = ""
    supposes: bool = False


PlanFn = Callable[[int, int, int], Planned | None]
"""Index, last known generation and number of offspring in; None: drawn as usual."""


def nothing_planned(index: int, known: int, offspring: int) -> None:
    """Every offspring is drawn as usual."""


Brief = Callable[[Briefing, Occasion], Briefing]
"""Fills a briefing with what its author should know."""


def as_it_is(briefing: Briefing, occasion: Occasion) -> Briefing:  # noqa: ARG001 - nothing is known
    """The briefing without anything further."""
    return briefing
