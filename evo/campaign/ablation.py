"""Ablations: what each component of a combination contributes, by the same trials without it.

The combination trains with the standard component in the place of one member's, at the same rung on
the same tasks, networks and seeds, with its own choice of learning rate and strength. The log-ratio
of losses, trial by trial, is that member's credit. An effect that two members have only together is
credited to both.

Every member of the final front was on the front when it was evaluated, or when it was taken over
from another campaign, so each has its credits.

Ablations are records in history, but no part of any population, front or archive.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from archive.pareto import front
from evo.campaign.member_graphs import ablated_graphs
from evo.components.combination import Combination
from evo.core.performance import performance
from evo.core.records import ABLATION_OPERATOR, Candidate, Generation, Record
from evo.evaluation.rungs import Evaluator
from evo.selection.individual import novelty


class Ablate:
    """Trains the ablations of every candidate that enters the campaign's front.

    Args:
        kind: the combination.
        evaluator: trains every record at every rung, without racing.
        standards: graphs of the standard components, see `evo.campaign.member_graphs`.
        past: what need not train again, and the campaign's front so far.
    """

    def __init__(
        self,
        kind: Combination,
        evaluator: Evaluator,
        *,
        standards: Mapping[str, str],
        past: "AblationState",
    ) -> None:
        self._kind = kind
        self._evaluator = evaluator
        self._standards = standards
        self._past = past

    def __call__(self, records: list[Record]) -> list[Record]:
        """The records, followed by their ablations that have not trained yet."""
        trained_now = self._past.measured.digests(records)
        missing = {
            ablation.graphs: ablation
            for record in self._past.peaks.risen(records)
            for ablation in self._ablations(record)
            if ablation.graphs not in self._past.measured
            and graph_digest(ablation.graphs) not in trained_now
        }
        if not missing:
            return records
        return [*records, *self._evaluator.evaluate(list(missing.values()))]

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
                graphs=graphs,
            )
            for name, graphs in ablated_graphs(record.graphs, self._standards).items()
        ]


class Measured:
    """Graphs with complete results, which never train as ablations again.

    Compared by graph, since sources with the same graph train the same. A candidate stopped by
    a race has fewer trials than others are compared on.

    Args:
        last_rung: index of the rung that complete results reach.
    """

    def __init__(self, last_rung: int) -> None:
        self._last_rung = last_rung
        self._graphs: set[bytes] = set()

    def __contains__(self, graphs: Sequence[str]) -> bool:
        return graph_digest(graphs) in self._graphs

    def take(self, records: Sequence[Record]) -> None:
        """Add the graphs of some records."""
        self._graphs |= self.digests(records)

    def digests(self, records: Sequence[Record]) -> set[bytes]:
        """Digests of the graphs of some records that need not train again."""
        return {
            graph_digest(record.graphs)
            for record in records
            if record.is_ablation
            or (
                record.score is not None
                and record.score.rung == self._last_rung
                and record.score.end.is_whole
            )
        }


class Peaks:
    """The front over performance and novelty as records go by.

    Args:
        last: index of the rung below which nothing counts.
    """

    def __init__(self, last: int) -> None:
        self._last = last
        self._points: list[tuple[float, float]] = []

    def take(self, records: Iterable[Record]) -> None:
        """Update the front by some records."""
        contenders = self._contenders(records)
        points = self._points_with(contenders)
        self._points = [points[place] for place in _front(points)]

    def risen(self, records: Iterable[Record]) -> list[Record]:
        """The records that would enter the front, which stays as it is."""
        contenders = self._contenders(records)
        places = (place - len(self._points) for place in _front(self._points_with(contenders)))
        return [contenders[place] for place in sorted(places) if place >= 0]

    def _contenders(self, records: Iterable[Record]) -> list[Record]:
        return [
            record
            for record in records
            if record.novelty is not None
            and record.is_proposal
            and record.score is not None
            and record.score.rung == self._last
        ]

    def _points_with(self, contenders: Sequence[Record]) -> list[tuple[float, float]]:
        return [*self._points, *((performance(r), novelty(r)) for r in contenders)]


class AblationState:
    """The part of the search state that ablations need.

    Args:
        last_rung: index of the rung below which no candidate counts.

    Attributes:
        measured: graphs that need not train again.
        peaks: the front so far.
    """

    def __init__(self, last_rung: int) -> None:
        self.measured = Measured(last_rung)
        self.peaks = Peaks(last_rung)

    def take(self, sealed: Generation) -> None:
        """Take in a sealed generation."""
        self.measured.take(sealed.records)
        self.peaks.take(sealed.records)


def graph_digest(graphs: Sequence[str]) -> bytes:
    """A short hash of the texts of a component's graphs."""
    return hashlib.blake2b(json.dumps(list(graphs)).encode(), digest_size=16).digest()


def _front(points: Sequence[tuple[float, float]]) -> list[int]:
    return [int(place) for place in front(np.array(points).reshape(-1, 2))]
