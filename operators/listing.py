"""The list of everything that was tried, cut to the length that a prompt has for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from evo.core.estimate import Estimate
from prompts.quoting import by_network

_T = TypeVar("_T")

_FIGURES = 25
"""Characters of a line beside its formula: margin, interval, name and marks."""
_ALIKE = 50
"""Characters that tell of others of the same form."""
LONGEST_REASON = 90
LONGEST_STEP = 60
_LOWEST = 4
"""Lines for the lowest."""
_BEST = 0.6
"""Share of the lines for the best."""


@dataclass(frozen=True)
class Listed:
    """A line of the list: a proposal, and what became of it.

    Attributes:
        name: of the proposal in prompts.
        formula: its source on one line, or what is changed in another that is listed.
        margin: None where it did not train.
        fate: what became of it in a word, where it did not train.
        reason: explanation of that fate.
        is_whole: whether it trained in full.
        is_new: whether it is of the last known generation.
        is_remeasured: whether its margin is over fresh seeds too, as that of candidates which would
            lead.
        alike: further proposals that differ from it in numbers alone and have no line.
        lowest: margin of the lowest of them.
        step: what that one has in place of this one's numbers; empty where it would be long.
        networks: names of networks and the margins there; empty where they are not told.
    """

    name: str
    formula: str
    margin: Estimate | None = None
    fate: str = ""
    reason: str = ""
    is_whole: bool = True
    is_new: bool = False
    is_remeasured: bool = False
    alike: int = 0
    lowest: float = 0.0
    step: str = ""
    networks: Sequence[tuple[str, float]] = ()


@dataclass(frozen=True)
class Listing:
    """Everything that was tried.

    Attributes:
        trained: the best first; those that did not train in full come last.
        fallen: some that did not train, the latest first.
        counts: all proposals by what became of them.
        forms: lines that `trained` would have if all had one.
    """

    trained: Sequence[Listed] = ()
    fallen: Sequence[Listed] = ()
    counts: Mapping[str, int] = field(default_factory=dict[str, int])
    forms: int = 0


def cost(line: Listed) -> int:
    """Characters that a line needs at most."""
    reason = min(len(line.reason), LONGEST_REASON) + 5 if line.reason else 0
    networks = by_network(line.networks)
    alike = _ALIKE + min(len(line.step), LONGEST_STEP) if line.alike else 0
    return _FIGURES + len(line.formula) + reason + alike + (len(networks) + 2 if networks else 0)


def shortened(listing: Listing, most: int) -> Listing:
    """As many lines as `most` characters hold; first those that did not train are left out."""
    fallen = list(listing.fallen)
    while fallen and sum(map(cost, fallen)) > most / 3:
        fallen.pop()
    room = most - sum(map(cost, fallen))
    costs = [cost(line) for line in listing.trained]
    places = range(len(costs))
    while places and (surplus := sum(costs[place] for place in places) - room) > 0:
        places = spread(range(len(costs)), len(places) - max(1, surplus // max(costs)))
    return replace(listing, trained=[listing.trained[i] for i in places], fallen=fallen)


def ends(ranked: Sequence[_T], count: int) -> list[_T]:
    """The best and the lowest of a ranking, in its order.

    >>> ends(range(9), 3)
    [0, 1, 8]
    """
    if len(ranked) <= count:
        return list(ranked)
    best = (count + 1) // 2
    return [*ranked[:best], *ranked[len(ranked) - (count - best) :]]


def spread(ranked: Sequence[_T], count: int) -> list[_T]:
    """The best and the lowest of a ranking, and some evenly spread between, in its order.

    >>> spread(range(100), 12)
    [0, 1, 2, 3, 4, 27, 50, 73, 96, 97, 98, 99]
    """
    if len(ranked) <= count:
        return list(ranked)
    lowest = min(_LOWEST, count // 3)
    between = round((1 - _BEST) * (count - lowest)) if count > 2 * _LOWEST else 0
    best = count - lowest - between
    step = (len(ranked) - lowest - best) / (between + 1)
    places = [*range(best), *(best + int(step * (n + 1)) for n in range(between))]
    places += range(len(ranked) - lowest, len(ranked))
    return [ranked[place] for place in places]
