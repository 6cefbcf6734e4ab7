"""What each component of a combination contributes: the same trials without it.

The combination trains with the standard component in the place of one member's, at the same rung on
the same tasks, networks and seeds, with a learning rate and strength of its own. The logarithm of
the ratio of losses, trial by trial, is that member's credit. So parts of a combination are
accounted for one by one; what two achieve only together is credited to both.

Ablations are records of their own: history keeps them, and no population, front or archive does.
"""

from collections.abc import Iterable, Mapping

import numpy as np

from archive.pareto import front
from evo.components.combination import Combination
from evo.evaluation.rungs import Evaluator
from evo.selection.individual import novelty, performance
from evo.types import ABLATION_OPERATOR, Candidate, Record


class Ablate:
    """Trains the ablations of a generation's own front, among those that reached the last rung.

    Whatever is on the campaign's front was on the front of its generation, so that each member of
    it has its credits.

    Args:
        kind: the combination.
        evaluator: trains everyone at every rung.
        last: index of the last rung.
        standards: graph of the standard component of each member, by its name.
        known: ids of what is not to train: it did, at the last rung; kept up to date here.
    """

    def __init__(
        self,
        kind: Combination,
        evaluator: Evaluator,
        *,
        last: int,
        standards: Mapping[str, str],
        known: Iterable[str],
    ) -> None:
        self._kind = kind
        self._evaluator = evaluator
        self._last = last
        self._standards = standards
        self._known = set(known)

    def __call__(self, records: list[Record]) -> list[Record]:
        """The records, and behind them the ablations that had not trained yet."""
        complete = [record for record in records if is_complete(record, self._last)]
        self._known |= {record.id for record in complete}
        points = np.array([(performance(r), novelty(r)) for r in complete]).reshape(-1, 2)
        missing = {
            ablation.id: ablation
            for place in front(points)
            for ablation in self._ablations(complete[int(place)])
            if ablation.id not in self._known
        }
        self._known |= missing.keys()
        if not missing:
            return records
        return [*records, *self._evaluator.evaluate(list(missing.values()))]

    def _ablations(self, record: Record) -> list[Record]:
        names = [member.name for member in self._kind.members]
        graphs = dict(zip(names, record.graph.split("\n"), strict=True))
        return [
            Record(
                Candidate.of(
                    self._kind.name, source, operator=ABLATION_OPERATOR, parents=[record.id]
                ),
                record.generation,
                graph="\n".join({**graphs, name: self._standards[name]}.values()),
            )
            for name, source in self._kind.ablated(record.candidate.source).items()
        ]


def is_complete(record: Record, last: int) -> bool:
    """Whether it has trained at the last rung."""
    return record.score is not None and record.score.rung == last
