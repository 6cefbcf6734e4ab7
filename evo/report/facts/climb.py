"""The climb of a search as facts for `--json`."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from archive.history.in_memory import as_history
from archive.history.records import Records
from evo.campaign.ascent import Ascent, Offspring, fresh_seed
from evo.campaign.climb import BestSoFar, Climb
from evo.core.estimate import Estimate
from evo.core.records import Record
from evo.core.trials import Trial
from evo.core.worth import standard_errors
from evo.report.facts.index import Index

_AT_ONCE = 16_384
"""Records whose second measurements are read at once."""


class Climbs:
    """The climbs of a campaign, from the columns of its records.

    Args:
        fresh_seed: first of the fresh seeds of the last rung.

    Attributes:
        known: one per generation taken in.
    """

    def __init__(self, fresh_seed: int) -> None:
        self._ascent = Ascent(fresh_seed)
        self.known: list[Climb] = []

    def take(self, index: Index, records: Records, start: int) -> None:
        """Take in the generations from record `start` on.

        Args:
            index: of all records.
            records: the same records; trials of few of them are read.
            start: the first record of the first generation.
        """
        if start == len(index):
            return
        numbers = index.numbers["generation"]
        firsts = start + np.flatnonzero(np.diff(numbers[start:], prepend=-1))
        stops = [*firsts[1:].tolist(), len(index)]
        trials: dict[int, tuple[Trial, ...]] = {}
        known_to = start
        for first, stop in zip(firsts.tolist(), stops, strict=True):
            if stop > known_to:
                known_to = max(stop, min(first + _AT_ONCE, len(index)))
                places = (first + np.flatnonzero(index.remeasured[first:known_to])).tolist()
                trials = dict(zip(places, records.trials(places), strict=True))
            scored = index.baseline[first:stop] & index.scored[first:stop]
            baselines = (first + np.flatnonzero(scored)).tolist()
            ids = [index.ids[place] for place in baselines]
            self._ascent.note_baselines(dict(zip(ids, records.trials(baselines), strict=True)))
            members = _members(index, first, stop, trials)

            def best_at(place: int, first: int = first) -> BestSoFar:
                return _best(index, records, first + place)

            self._ascent.take_offspring(int(numbers[first]), members, best_at)
            assert self._ascent.now is not None, "a generation was taken in"
            self.known.append(self._ascent.now)


def _best(index: Index, records: Records, place: int) -> BestSoFar:
    """A candidate as its columns describe it."""
    margin, b_wr, bsota_wr = (
        Estimate(*(float(index.numbers[f"{name}{end}"][place]) for end in ("", "_low", "_high")))
        for name in ("margin", "b_wr", "bsota_wr")
    )
    return BestSoFar(index.ids[place], margin, b_wr, bsota_wr, lambda: records[place])


def _members(
    index: Index, first: int, stop: int, trials: Mapping[int, Sequence[Trial]]
) -> list[Offspring]:
    """The records of a generation as the climb looks at them."""
    part, numbers = slice(first, stop), index.numbers
    scored = index.scored[part]
    columns = (
        index.ids[part],
        index.parents[part],
        index.proposed[part].tolist(),
        index.inherited[part].tolist(),
        np.where(scored, numbers["rung"][part], -1).astype(int).tolist(),
        numbers["margin"][part].tolist(),
        standard_errors(numbers["margin_low"][part], numbers["margin_high"][part]).tolist(),
        index.has_merit[part].tolist(),
        [trials.get(place, ()) for place in range(first, stop)],
    )
    return list(map(Offspring._make, zip(*columns, strict=True)))


def climb_of(records: Sequence[Record], config: Mapping[str, Any]) -> Climb | None:
    """The climb of a campaign as of its last generation; None without records.

    Args:
        records: all of it, in order.
        config: its configuration.
    """
    climbs = Climbs(fresh_seed(config))
    climbs.take(Index.of(records), as_history(records), 0)
    return climbs.known[-1] if climbs.known else None


def climb_facts(climb: Climb | None) -> dict[str, Any] | None:
    """A part of the document of `evo status --json`; None before a candidate is evaluated."""
    if climb is None or climb.best is None:
        return None
    margin = climb.best.margin
    return {
        "best": climb.best.id,
        "margin": margin.value,
        "margin_ci": [margin.low, margin.high],
        "best_excess": climb.best_excess,
        "remeasured": climb.remeasured,
        "excess": climb.excess,
        "mean_margin": climb.mean_margin,
        "ahead_of_parents": climb.ahead,
        "parents_with_merit": climb.parents_with_merit,
        "still_for": climb.still_for,
        "warning": climb.warning or None,
    }
