"""What each component of a combination contributes: the same trials without it.

The combination trains with the standard component in the place of one member's, at the same rung on
the same tasks, networks and seeds, with a learning rate and strength of its own. The logarithm of
the ratio of losses, trial by trial, is that member's credit. So parts of a combination are
accounted for one by one; what two achieve only together is credited to both.

What is on a campaign's front in the end was on it when it came, so all of that has its credits.

Ablations are records of their own: history keeps them, and no population, front or archive does.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from archive.pareto import front
from evo.components.base import Kind
from evo.components.combination import Combination
from evo.core.records import ABLATION_OPERATOR, Candidate, Record
from evo.evaluation.rungs import Evaluator
from evo.selection.individual import novelty, performance


class Ablate:
    """Trains the ablations of whatever comes onto the campaign's front.

    Args:
        kind: the combination.
        evaluator: trains everyone at every rung, and stops nobody.
        standards: graphs of the standard components, see `standard_graphs`.
        measured: what need not train, kept up to date here.
        peaks: the campaign's front so far, kept up to date here.
    """

    def __init__(
        self,
        kind: Combination,
        evaluator: Evaluator,
        *,
        standards: Mapping[str, str],
        measured: "Measured",
        peaks: "Peaks",
    ) -> None:
        self._kind = kind
        self._evaluator = evaluator
        self._standards = standards
        self._measured = measured
        self._peaks = peaks

    def __call__(self, records: list[Record]) -> list[Record]:
        """The records, and behind them the ablations that had not trained yet."""
        self._measured.take(records)
        risen = self._peaks.take(records)
        missing = {
            ablation.graph: ablation
            for record in risen
            for ablation in self._ablations(record)
            if ablation.graph not in self._measured
        }
        if not missing:
            return records
        ablations = self._evaluator.evaluate(list(missing.values()))
        self._measured.take(ablations)
        return [*records, *ablations]

    def _ablations(self, record: Record) -> list[Record]:
        sources = self._kind.ablated(record.candidate.source)
        return [
            Record(
                Candidate.of(
                    self._kind.name,
                    sources[name],
                    operator=ABLATION_OPERATOR,
                    parents=[record.id],
                ),
                record.generation,
                graph=graph,
            )
            for name, graph in ablated_graphs(record.graph, self._standards).items()
        ]


def standard_graphs(kind: Kind, baselines: Iterable[Record]) -> dict[str, str]:
    """The graph of each member's standard component, by the member's name.

    It stands in every baseline that is not there for another component of the member, so in most.
    """
    lines = zip(*(record.graph.split("\n") for record in baselines), strict=True)
    return {
        member.name: Counter(own).most_common(1)[0][0]
        for member, own in zip(kind.members, lines, strict=True)
    }


def ablated_graphs(graph: str, standards: Mapping[str, str]) -> dict[str, str]:
    """A combination's graph with the standard component in place of a member's, by its name.

    A member that has the standard one already is left out.
    """
    own = dict(zip(standards, graph.split("\n"), strict=True))
    return {
        name: "\n".join({**own, name: standard}.values())
        for name, standard in standards.items()
        if own[name] != standard
    }


class Measured:
    """What never trains as an ablation: it did, or every trial of the last rung is there.

    Graphs are asked for, since sources that compute the same train the same. Who was stopped by a
    race has fewer trials than others are to be compared on. Baselines, which come first, have all.
    """

    def __init__(self) -> None:
        self._trials = 0
        self._graphs: set[bytes] = set()

    def __contains__(self, graph: str) -> bool:
        return _digest(graph) in self._graphs

    def take(self, records: Sequence[Record]) -> None:
        """Note those of some records."""
        known = (len(r.score.trials) for r in records if r.is_baseline and r.score is not None)
        self._trials = max(known, default=self._trials)
        self._graphs.update(
            _digest(record.graph)
            for record in records
            if record.is_ablation
            or (record.score is not None and len(record.score.trials) == self._trials)
        )


class Peaks:
    """The front over performance and novelty as records go by.

    Args:
        last: index of the rung below which nothing counts.
    """

    def __init__(self, last: int) -> None:
        self._last = last
        self._points: list[tuple[float, float]] = []

    def take(self, records: Iterable[Record]) -> list[Record]:
        """Those of some records that come onto the front."""
        come = [
            record
            for record in records
            if record.novelty is not None
            and record.is_proposal
            and record.score is not None
            and record.score.rung == self._last
        ]
        points = [*self._points, *((performance(record), novelty(record)) for record in come)]
        chosen = [int(place) for place in front(np.array(points).reshape(-1, 2))]
        risen = sorted(place - len(self._points) for place in chosen)
        self._points = [points[place] for place in chosen]
        return [come[place] for place in risen if place >= 0]


def _digest(graph: str) -> bytes:
    return hashlib.blake2b(graph.encode(), digest_size=16).digest()
