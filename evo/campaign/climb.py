"""The climb of a search: how good its best is, and whether offspring get better.

It follows from sealed generations alone, so a running campaign shows what its history says later.

The best here is the best by worth (`evo.selection.worth`), not by the margin as measured, of which
the luckiest has most. It gives way only to one of larger worth. A search *stands still* once the
worth of its best has not grown by more than the standard error of its margin for `STANDSTILL`
generations; small steps add up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from evo.core.records import Generation, Record, Trial
from evo.core.stages import TrainingEnd
from evo.evaluation.statistics.trial_values import at_highest_rung, margins, mean_over_tasks
from evo.selection.individual import has_merit, performance
from evo.selection.worth import shrunken, standard_error

STANDSTILL = 5
"""Generations without progress from which on a search stands still."""


@dataclass(frozen=True)
class Climb:
    """A search after a sealed generation.

    Attributes:
        generation: its number.
        best: the best candidate so far, by worth; None before any was evaluated.
        best_excess: by how much the first margin of the best exceeded that on fresh seeds; None
            where it was not measured again.
        trained: number of candidates of this generation that were evaluated.
        mean_margin: mean of their margins, each at the rung that it reached; None without any.
        ahead: share of them that are ahead of their first parent, by rung, then margin; None where
            no parent was evaluated.
        parents_with_merit: share of the parents of this generation's proposals that beat half of
            the baselines or more, each counted as often as it was drawn; None without parents.
        remeasured: number of candidates so far that were measured again on fresh seeds.
        excess: mean over these of first margin less fresh margin; None without any.
        still_for: generations since the best became better by more than its noise.
    """

    generation: int
    best: Record | None = None
    best_excess: float | None = None
    trained: int = 0
    mean_margin: float | None = None
    ahead: float | None = None
    parents_with_merit: float | None = None
    remeasured: int = 0
    excess: float | None = None
    still_for: int = 0

    @property
    def stands_still(self) -> bool:
        """True if the best has not become better for `STANDSTILL` generations."""
        return self.still_for >= STANDSTILL

    @property
    def warning(self) -> str:
        """Says that the search stands still and what may help; empty where it does not."""
        if not self.stands_still:
            return ""
        return (
            f"The search stands still: for {self.still_for} generations its best has not become "
            "better by more than its noise. More seeds in the last of protocol.rungs, other "
            "operators or another strategy may help, or stop here."
        )


class Ascent:
    """Follows the climb of a search; fed by sealed generations, generation 0 first.

    Args:
        fresh_seed: first of the fresh seeds of the last rung.

    Attributes:
        now: after the last generation taken in; None before any.
    """

    def __init__(self, fresh_seed: int) -> None:
        self._fresh_seed = fresh_seed
        self._baselines: dict[str, Sequence[Trial]] = {}
        self._known: dict[str, _Standing] = {}
        self._rung = -1
        self._margins: list[float] = []
        self._errors: list[float] = []
        self._best: tuple[int, Record] | None = None
        self._reference = -np.inf
        self._progress_in = 0
        self._excesses: dict[str, float] = {}
        self.now: Climb | None = None

    def take(self, sealed: Generation) -> None:
        """Take in the next sealed generation."""
        for record in sealed.records:
            if record.is_baseline and record.score is not None:
                # Decoded once: each re-measured candidate is compared with all of them.
                self._baselines[record.id] = tuple(record.score.trials)
        proposals = [record for record in sealed.records if record.is_proposal]
        scored = [record for record in proposals if record.score is not None]
        parents = [
            self._known[parent]
            for record in proposals
            for parent in dict.fromkeys(record.candidate.parents)
            if parent in self._known
        ]
        ahead = [
            performance(record) > self._known[record.candidate.parents[0]].performance
            for record in scored
            if record.candidate.parents and record.candidate.parents[0] in self._known
        ]
        for record in sealed.records:
            if record.score is not None:
                self._known[record.id] = _Standing(performance(record), has_merit(record))
        self._lead(scored, sealed.number)
        self._note_excess(scored)
        best = None if self._best is None else self._best[1]
        trained = [record for record in scored if not record.is_inherited]
        self.now = Climb(
            generation=sealed.number,
            best=best,
            best_excess=None if best is None else self._excesses.get(best.id),
            trained=len(trained),
            mean_margin=_mean([record.scored.margin.value for record in trained]),
            ahead=_mean(ahead),
            parents_with_merit=_mean([parent.has_merit for parent in parents]),
            remeasured=len(self._excesses),
            excess=_mean(list(self._excesses.values())),
            still_for=0 if best is None else sealed.number - self._progress_in,
        )

    def _lead(self, scored: Sequence[Record], generation: int) -> None:
        """Find the best among the best so far and new ones at the highest rung."""
        top = max((record.scored.rung for record in scored), default=-1)
        if top > self._rung:
            self._rung, self._margins, self._errors = top, [], []
            self._best, self._reference = None, -np.inf
        contenders = [] if self._best is None else [self._best]
        for record in scored:
            if record.scored.rung == self._rung:
                contenders.append((len(self._margins), record))
                self._margins.append(record.scored.margin.value)
                self._errors.append(standard_error(record))
        if not contenders:
            return
        worths = shrunken(np.array(self._margins), np.array(self._errors))
        place, best = max(contenders, key=lambda contender: worths[contender[0]])
        self._best = place, best
        if worths[place] - self._reference > self._errors[place]:
            self._reference, self._progress_in = float(worths[place]), generation

    def _note_excess(self, scored: Sequence[Record]) -> None:
        for record in scored:
            if record.scored.end is TrainingEnd.REMEASURED and self._baselines:
                self._excesses[record.id] = excess_of(
                    record, self._baselines, fresh_seed=self._fresh_seed
                )


class _Standing(NamedTuple):
    """A record as its children are compared with it."""

    performance: float
    has_merit: bool


def excess_of(
    record: Record, baselines: Mapping[str, Sequence[Trial]], *, fresh_seed: int
) -> float:
    """First margin less the margin on the fresh seeds, of a record that was measured on both.

    Args:
        record: it has trained on the fresh seeds.
        baselines: their trials, by id.
        fresh_seed: first of the fresh seeds.
    """
    trials = at_highest_rung(record.scored.trials)
    first = [trial for trial in trials if trial.seed < fresh_seed]
    fresh = [trial for trial in trials if trial.seed >= fresh_seed]
    before, after = (mean_over_tasks(part, margins(part, baselines)) for part in (first, fresh))
    return before - after


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
