"""The loop: one campaign, generation by generation, each sealed before the next begins.

    select parents → propose → validate → recognise → screen → evaluate → archive → survive → seal

Where several kinds are evolved together, `ablate` follows `archive`.

A generation depends on the sealed ones and on named seeds alone. So a resumed campaign repeats
the generation that was cut off, finds in the journal what was already paid for, and equals the
uninterrupted one.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, Protocol

from deap import base

from evo.core.records import Record
from evo.core.step import Step
from evo.selection.individual import Individual


class Chronicle(Protocol):
    """What the loop needs of history."""

    @property
    def generation(self) -> int:
        """The last sealed generation, -1 before the first."""
        ...

    def seal(self, generation: int, records: Sequence[Record], survivors: Sequence[str]) -> None:
        """Make a generation permanent."""
        ...


class Selection(Protocol):
    """What the loop needs of selection."""

    def born(self, records: Sequence[Record]) -> list[Individual]:
        """Those of a generation that reached the archive."""
        ...

    def survive(self, individuals: Sequence[Individual]) -> list[Individual]:
        """Who lives on, in an order that history keeps."""
        ...


class Watcher(Protocol):
    """What the loop tells of itself."""

    def step(self, generation: int, name: str, records: Sequence[Record]) -> None:
        """A step begins on these records."""
        ...

    def sealed(self, records: Sequence[Record]) -> None:
        """A generation is permanent."""
        ...


@dataclass(frozen=True)
class Steps:
    """The way of a candidate, put together by `evo.campaign.build`; it reads from top to bottom."""

    propose: Callable[[Sequence[Individual], int], list[Record]]
    validate: Step
    recognise: Step
    screen: Step
    evaluate: Step
    archive: Step
    ablate: Step | None = None

    def after_propose(self) -> Iterator[tuple[str, Step]]:
        """The steps from validation on, by name and in order."""
        for part in fields(self)[1:]:
            step: Step | None = getattr(self, part.name)
            if step is not None:
                yield part.name, step


class Campaign:
    """Runs generations until the last one is sealed.

    Args:
        steps: the way of a candidate.
        history: where it goes on from, generation 0 (the baselines) being sealed, and what it
            seals.
        selection: who lives on.
        survivors: of the last sealed generation, in order.
        generations: number of the last generation.
        tracker: told what happens.
    """

    def __init__(
        self,
        steps: Steps,
        history: Chronicle,
        *,
        selection: Selection,
        survivors: Sequence[Individual],
        generations: int,
        tracker: Watcher,
    ) -> None:
        self._steps = steps
        self._history = history
        self._generations = generations
        self._tracker = tracker
        self.toolbox: Any = base.Toolbox()  # gets its methods by registration
        self.toolbox.register("vary", steps.propose)
        self.toolbox.register("born", selection.born)
        self.toolbox.register("select", selection.survive)
        self.population = list(survivors)

    def run(self) -> None:
        """Every generation that is not sealed yet."""
        for generation in range(self._history.generation + 1, self._generations + 1):
            records = self._generation(generation)
            self.population = self.toolbox.select([*self.population, *self.toolbox.born(records)])
            self._history.seal(generation, records, [i.record.id for i in self.population])
            self._tracker.sealed(records)

    def _generation(self, generation: int) -> list[Record]:
        # Crowding is relative to a pool: measured anew, a resumed population has the same.
        parents = self.toolbox.select(self.population)
        self._tracker.step(generation, "propose", [])
        records: list[Record] = self.toolbox.vary(parents, generation)
        for name, step in self._steps.after_propose():
            self._tracker.step(generation, name, records)
            records = step(records)
        return records
