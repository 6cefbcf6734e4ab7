"""The occasion of a request to a language model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evo.core.records import Record
from evo.proposing.member import VariedMember
from operators.briefing import Briefing


@dataclass(frozen=True)
class Occasion:
    """Who is asked for what, and when.

    Attributes:
        generation: that the request proposes for.
        index: of the offspring within it.
        known: the last generation whose records may be used.
        varied: the member that is asked for.
        parents: as evaluated, whole.
        population: the survivors that parents are drawn from.
    """

    generation: int
    index: int
    known: int
    varied: VariedMember
    parents: Sequence[Record]
    population: Sequence[Record]


Brief = Callable[[Briefing, Occasion], Briefing]
"""Fills a briefing with what its author should know."""


def as_it_is(briefing: Briefing, occasion: Occasion) -> Briefing:  # noqa: ARG001 - nothing is known
    """The briefing without anything further."""
    return briefing
