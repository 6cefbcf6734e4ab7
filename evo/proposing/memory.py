"""Memory of operators and language models: recent successes and failures, all variants.

Derived from sealed records alone. Successes per operator, step size and model, and failures, are
those of a window of generations; variants of forms are those of the whole history.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from evo.core.adaptation import Tally
from evo.core.records import Generation, Record, Status
from evo.core.stages import NOTHING_READ
from evo.proposing.successes import Successes
from evo.proposing.variants import Variants
from operators.past import NO_PAST, Past, Success

REPAIR = "repair-llm"
"""A repair counts for the operator and model whose candidate it repairs."""

_BEHIND = 3
"""Older generations that may still be asked about, since proposals are made ahead."""
_FAILURES = 4


@dataclass(frozen=True)
class RecentLessons:
    """Statistics after some generation.

    Attributes:
        operators: by name.
        models: by label.
        past: what operators that learn may know.
        failures: the latest that were refused or could not be trained, the newest first, no two
            for one reason.
    """

    operators: Mapping[str, Tally] = field(default_factory=dict[str, Tally])
    models: Mapping[str, Tally] = field(default_factory=dict[str, Tally])
    past: Past = NO_PAST
    failures: Sequence[Record] = ()


class Memory:
    """Statistics of a window of sealed generations, and the variants in all of them.

    Args:
        window: number of generations that count.
    """

    def __init__(self, window: int) -> None:
        self._window = window
        self._generations: dict[int, RecentLessons] = {}
        self._variants = Variants()
        self._successes = Successes()

    def take(self, sealed: Generation) -> None:
        """Add a sealed generation and forget the oldest; successes of baselines do not count."""
        self._variants.take(sealed)
        self._successes.take(sealed)
        if sealed.number == 0:
            return
        records = [record for record in sealed.records if not record.is_ablation]
        lessons = _lessons(records, frozenset(sealed.survivors))
        steps = self._successes.steps(records)
        self._generations[sealed.number] = replace(lessons, past=Past(steps=steps))
        self._generations.pop(sealed.number - self._window - _BEHIND, None)

    def after(self, generation: int) -> RecentLessons:
        """Statistics as of that generation; later ones are left out."""
        window = range(max(1, generation - self._window + 1), generation + 1)
        recent = [self._generations[g] for g in window if g in self._generations]
        failures = [failure for lessons in reversed(recent) for failure in lessons.failures]
        return RecentLessons(
            _sum(lessons.operators for lessons in recent),
            _sum(lessons.models for lessons in recent),
            Past(
                partial(self._variants.of_form, last=generation),
                _sum_steps(lessons.past.steps for lessons in recent),
            ),
            _different(failures),
        )


def _lessons(records: Sequence[Record], survivors: frozenset[str]) -> RecentLessons:
    authors = {record.id: record.candidate.operator for record in records}
    operators: dict[str, Tally] = {}
    models: dict[str, Tally] = {}
    for record in records:
        candidate = record.candidate
        lives = record.id in survivors and record.novelty is not None
        is_repair = candidate.operator == REPAIR
        operator = authors.get(candidate.parents[0], REPAIR) if is_repair else candidate.operator
        _add(operators, operator, Tally(int(not is_repair), int(lives), record.cost_usd))
        for model in (candidate.model, candidate.idea_model):
            # An idea is no better than the pair that makes a component of it: both count whole.
            if model:
                _add(models, model, Tally(int(not is_repair), int(lives), record.cost_usd))
    failed = [
        Record(
            record.candidate,
            record.generation,
            record.status,
            record.stage,
            record.reason,
            member=record.member,
        )
        for record in reversed(records)
        if record.status in (Status.INVALID, Status.FAILED) and record.stage not in NOTHING_READ
    ]
    return RecentLessons(operators, models, failures=_different(failed))


def _add(tallies: dict[str, Tally], name: str, tally: Tally) -> None:
    tallies[name] = tallies.get(name, Tally()).plus(tally)


def _sum(several: Iterable[Mapping[str, Tally]]) -> dict[str, Tally]:
    total: dict[str, Tally] = {}
    for tallies in several:
        for name, tally in tallies.items():
            _add(total, name, tally)
    return total


def _sum_steps(
    several: Iterable[Mapping[str, Mapping[int, Success]]],
) -> dict[str, dict[int, Success]]:
    total: dict[str, dict[int, Success]] = {}
    for steps in several:
        for operator, successes in steps.items():
            sums = total.setdefault(operator, {})
            for step, success in successes.items():
                sums[step] = sums.get(step, Success()).plus(success)
    return total


def _different(failures: Iterable[Record]) -> list[Record]:
    first: dict[tuple[str, str], Record] = {}
    for failure in failures:
        first.setdefault((failure.member, failure.reason), failure)
    return list(first.values())[:_FAILURES]
