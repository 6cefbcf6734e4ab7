"""Follow the climb of a search, one sealed generation after the other."""

from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from evo.campaign.climb import BestSoFar, Climb
from evo.core.performance import RUNG_GAP, has_merit
from evo.core.records import Generation, Record
from evo.core.stages import TrainingEnd
from evo.core.trials import Trial, TrialKey
from evo.core.worth import Pool, standard_error
from evo.evaluation.statistics.trial_values import (
    at_highest_rung,
    lowest_losses,
    margins_over,
    mean_over_tasks,
    trials_of_baselines,
)


class Offspring(NamedTuple):
    """A record as the climb looks at it.

    Attributes:
        id: its candidate's.
        parents: ids of its parents.
        is_proposal: whether a search proposed it, in this campaign or in one that it began with.
        is_inherited: whether this campaign began with it.
        rung: that it reached; -1 without a score.
        margin: at that rung; NaN without a score.
        error: standard error of the margin.
        has_merit: whether it wins against the median baseline.
        trials: of one that was measured again on fresh seeds; else none.
    """

    id: str
    parents: Sequence[str]
    is_proposal: bool
    is_inherited: bool
    rung: int
    margin: float
    error: float
    has_merit: bool
    trials: Sequence[Trial] = ()

    @classmethod
    def of(cls, record: Record) -> "Offspring":
        """The facts of a record that the climb needs."""
        parents, score = record.candidate.parents, record.score
        kinds = record.is_proposal, record.is_inherited
        if score is None:
            nothing = float("nan")
            return cls(
                record.id,
                parents,
                *kinds,
                rung=-1,
                margin=nothing,
                error=nothing,
                has_merit=False,
            )
        return cls(
            record.id,
            parents,
            *kinds,
            score.rung,
            score.margin.value,
            standard_error(record),
            has_merit(record),
            score.trials if score.end is TrainingEnd.REMEASURED else (),
        )

    @property
    def performance(self) -> float:
        """The performance of a record with a score, see `evo.selection.individual`."""
        return RUNG_GAP * self.rung + self.margin


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
        self._pool = Pool()
        self._best: tuple[Offspring, BestSoFar] | None = None
        self._reference = -np.inf
        self._progress_in = 0
        self._lowest: Mapping[TrialKey, float] = {}
        self._remeasured: dict[str, int] = {}  # number of each in the next
        self._excesses = array("d")
        self.now: Climb | None = None

    def take(self, sealed: Generation) -> None:
        """Take in the next sealed generation."""
        self.note_baselines(trials_of_baselines(sealed.records))
        members = list(map(Offspring.of, sealed.records))
        self.take_offspring(
            sealed.number, members, lambda place: BestSoFar.of(sealed.records[place])
        )

    def note_baselines(self, trials: Mapping[str, Sequence[Trial]]) -> None:
        """Know the trials of further baselines by id, which second measurements need."""
        if trials:
            self._baselines |= trials
            self._lowest = {}

    def take_offspring(
        self, generation: int, members: Sequence[Offspring], best_at: Callable[[int], BestSoFar]
    ) -> None:
        """Take in the next sealed generation.

        Args:
            generation: its number.
            members: what the climb looks at of all of its records, in order.
            best_at: describes a member by its place; few are asked for.
        """
        known = self._known
        scored: list[tuple[int, Offspring]] = []
        ahead: list[bool] = []
        merits: list[bool] = []
        for place, one in enumerate(members):
            if not one.is_proposal:
                continue
            merits += [known[id_].has_merit for id_ in dict.fromkeys(one.parents) if id_ in known]
            if one.rung < 0:
                continue
            scored.append((place, one))
            if one.parents and one.parents[0] in known:
                ahead.append(one.performance > known[one.parents[0]].performance)
        for one in members:
            if one.rung >= 0:
                known[one.id] = _Standing(one.performance, one.has_merit)
        self._lead(scored, generation, best_at)
        for _, one in scored:
            if one.trials:
                self._note_excess(one.id, one.trials)
        best = None if self._best is None else self._best[1]
        trained = [one.margin for _, one in scored if not one.is_inherited]
        self.now = Climb(
            generation=generation,
            best=best,
            best_excess=None
            if best is None or best.id not in self._remeasured
            else self._excesses[self._remeasured[best.id]],
            trained=len(trained),
            mean_margin=_mean(trained),
            ahead=_mean(ahead),
            parents_with_merit=_mean(merits),
            remeasured=len(self._remeasured),
            excess=float(np.mean(self._excesses)) if self._excesses else None,
            still_for=0 if best is None else generation - self._progress_in,
        )

    def _lead(
        self,
        scored: Sequence[tuple[int, Offspring]],
        generation: int,
        best_at: Callable[[int], BestSoFar],
    ) -> None:
        """Find the best among the best so far and new ones at the highest rung."""
        top = max((one.rung for _, one in scored), default=-1)
        if top > self._rung:
            self._rung, self._pool = top, Pool()
            self._best, self._reference = None, -np.inf
        new = [(place, one) for place, one in scored if one.rung == self._rung]
        self._pool.add([one.margin for _, one in new], [one.error for _, one in new])
        contenders = ([] if self._best is None else [(-1, self._best[0])]) + new
        if not contenders:
            return
        worths = self._pool.worths(
            np.array([one.margin for _, one in contenders]),
            np.array([one.error for _, one in contenders]),
        )
        first = int(np.argmax(worths))
        place, best = contenders[first]
        if place >= 0:
            self._best = best, best_at(place)
        if worths[first] - self._reference > best.error:
            self._reference, self._progress_in = float(worths[first]), generation

    def _note_excess(self, id_: str, trials: Sequence[Trial]) -> None:
        if not self._baselines:
            return
        self._lowest = self._lowest or lowest_losses(self._baselines)
        excess = excess_of(trials, self._lowest, fresh_seed=self._fresh_seed)
        number = self._remeasured.setdefault(id_, len(self._remeasured))
        self._excesses[number : number + 1] = array("d", [excess])


class _Standing(NamedTuple):
    """A record as its children are compared with it."""

    performance: float
    has_merit: bool


def excess_of(
    trials: Sequence[Trial], lowest: Mapping[TrialKey, float], *, fresh_seed: int
) -> float:
    """First margin less the margin on the fresh seeds, of a record that was measured on both.

    Args:
        trials: of the record, on the fresh seeds too.
        lowest: losses of the baselines, see `lowest_losses`.
        fresh_seed: first of the fresh seeds.
    """
    highest = at_highest_rung(trials)
    first = [trial for trial in highest if trial.seed < fresh_seed]
    fresh = [trial for trial in highest if trial.seed >= fresh_seed]
    before, after = (mean_over_tasks(part, margins_over(part, lowest)) for part in (first, fresh))
    return before - after


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def fresh_seed(config: Mapping[str, Any]) -> int:
    """First of the fresh seeds, see `Protocol.fresh_seed`, without parsing a configuration."""
    protocol = config["protocol"]
    return int(protocol["first_seed"]) + int(protocol["rungs"][-1]["seeds"])
