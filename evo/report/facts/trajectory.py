"""The trajectory of a search, alone and against another campaign, such as a random search.

A point is the best so far by worth (`evo.campaign.climb`), after a sealed generation, with what it
took: candidates trained and processor time. Two campaigns are compared where both have trained as
many, as far as their generations allow.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

from archive.history.reader import Reader
from evo.campaign.ascent import Ascent, fresh_seed
from evo.core.errors import UsageError
from evo.core.estimate import Estimate
from evo.core.records import Generation, Record
from evo.report.facts.comparison import differing_trials, paired_facts

RANDOM_OPERATOR = "sample-tree"
"""The operator that samples from the vocabulary of a kind: no parents, nothing is learned."""


class Reached(NamedTuple):
    """The values that a search has reached after a generation.

    Attributes:
        generation: its number.
        evaluated: candidates trained so far.
        seconds: processor time of their trainings.
        best: the best so far by worth, at the highest rung.
    """

    generation: int
    evaluated: int
    seconds: float
    best: Record

    @property
    def margin(self) -> Estimate:
        """Margin of the best with its 95 % interval."""
        return self.best.scored.margin


@dataclass(frozen=True)
class Rival:
    """Another campaign beside a search.

    Attributes:
        name: of the campaign.
        strategy: how it searches, in words.
        is_random: whether it samples at random alone.
        seed: its seed.
        reached: its trajectory.
        own: what the search had reached when both had trained as many; None before.
        theirs: what the other had reached then.
        test: the best of both then, see `paired_facts`; None where there is none.
    """

    name: str
    strategy: str
    is_random: bool
    seed: int
    reached: Sequence[Reached]
    own: Reached | None
    theirs: Reached | None
    test: Mapping[str, Any] | None


def trajectory(records: Iterable[Record], config: Mapping[str, Any]) -> list[Reached]:
    """One point per sealed generation, from the first that trained a candidate in full.

    Args:
        records: all of a campaign, in order.
        config: its configuration.
    """
    ascent, top = Ascent(fresh_seed(config)), len(config["protocol"]["rungs"]) - 1
    reached: list[Reached] = []
    evaluated, seconds = 0, 0.0
    for number, group in groupby(records, lambda record: record.generation):
        members = list(group)
        ascent.take(Generation(number, members, []))
        proposals = [record for record in members if record.is_proposal]
        evaluated += sum(record.score is not None for record in proposals)
        seconds += sum(record.seconds for record in proposals)
        best = None
        if ascent.now is not None and ascent.now.best is not None:
            best = ascent.now.best.record()
        if best is not None and best.scored.rung == top:
            reached.append(Reached(number, evaluated, seconds, best))
    return reached


def rivals_of(
    history: Reader, reached: Sequence[Reached], against: Sequence[Reader]
) -> list[Rival]:
    """The campaigns to compare a search with.

    Args:
        history: the search.
        reached: its trajectory.
        against: the other campaigns.

    Raises:
        UsageError: a trial of one is another training than a trial of the search.
    """
    rivals: list[Rival] = []
    for other in against:
        if differing := differing_trials(history.config, other.config):
            raise UsageError(
                f"{other.folder.name} differs from {history.folder.name} in "
                f"{', '.join(differing)}, so that their margins do not compare. Run it with the "
                "same configuration but for strategy and seed: evo run CONFIG --strategy random."
            )
        theirs = trajectory(other.records, other.config)
        most = min((part[-1].evaluated if part else 0) for part in (reached, theirs))
        then = _at(reached, most), _at(theirs, most)
        rivals.append(
            Rival(
                name=other.folder.name,
                strategy=strategy_words(other.config),
                is_random=set(_operators(other.config)) == {RANDOM_OPERATOR},
                seed=int(other.config["seed"]),
                reached=theirs,
                own=then[0],
                theirs=then[1],
                test=paired_facts(then[0].best, then[1].best) if then[0] and then[1] else None,
            )
        )
    return rivals


def strategy_words(config: Mapping[str, Any]) -> str:
    """The search of a campaign: operators, survival and parents, a model that screens.

    >>> random = {"operators": {"sample-tree": 1.0, "mutate-tree": 0.0}}
    >>> strategy_words(random | {"selection": {"survival": "elite", "parents": "uniform"}})
    'sample-tree; survival elite, parents uniform'
    """
    selection: Mapping[str, Any] = config.get("selection", {})
    words = ", ".join(_operators(config))
    if portfolio := selection.get("portfolio"):
        words += f"; portfolio {', '.join(portfolio)}"
    else:
        words += f"; survival {selection.get('survival')}, parents {selection.get('parents')}"
    if (islands := selection.get("islands", 1)) > 1:
        words += f", {islands} islands"
    return words + ("; screened" if config.get("reward", {}).get("screening") else "")


def _operators(config: Mapping[str, Any]) -> list[str]:
    weights: Mapping[str, float] = config.get("operators", {})
    return [name for name, weight in weights.items() if weight > 0]


def _at(reached: Sequence[Reached], evaluated: int) -> Reached | None:
    """The last point with at most this many candidates trained."""
    return next((point for point in reversed(reached) if point.evaluated <= evaluated), None)
