"""The candidates of a pool as a strategy sees them: sources and features, and no score.

Blocks of features are computed on first use, since text costs most and few strategies use it. All
come from graphs that passed the sandbox once, and from source as text; nothing is run.
"""

from collections.abc import Callable, Mapping, Sequence
from time import process_time

import numpy as np

from archive.novelty.descriptors import TextDescriptor
from evo.campaign.baselines import behaviour_scale, raw_behaviour
from evo.components.kinds import kinds
from evo.core.records import Record, Vector
from evo.evaluation.propagation import Propagation
from evo.screening.features import Features
from evo.screening.graph_statistics import graph_statistics
from evo.screening.pool import POOL_TASK
from evo.validation.baselines import own_baselines
from evo.validation.graph.graphs import component_of

VectorBlock = Callable[[], Vector]


class Candidates:
    """Candidates by index, 0 to n − 1.

    Args:
        sources: source code of each.
        blocks: by name, a function that computes a block of features, (n, d) float32.

    Attributes:
        seconds: processor time spent on features so far.
    """

    def __init__(self, sources: Sequence[str], blocks: Mapping[str, VectorBlock]) -> None:
        self.sources = tuple(sources)
        self._blocks = blocks
        self._computed: dict[str, Vector] = {}
        self.seconds = 0.0

    def __len__(self) -> int:
        return len(self.sources)

    def block(self, name: str) -> Vector:
        """One block of features, (n, d) float32; see `evo.screening.features` for their names."""
        if name not in self._computed:
            start = process_time()
            self._computed[name] = self._blocks[name]()
            self.seconds += process_time() - start
        return self._computed[name]

    def features(self, names: Sequence[str], indices: Sequence[int] | np.ndarray) -> Features:
        """Several blocks, one row per index."""
        return {name: self.block(name)[indices] for name in names}


def candidates_of(records: Sequence[Record], *, task: str = POOL_TASK) -> Candidates:
    """The candidates of a pool's records, all of one kind, with all four blocks.

    Args:
        records: of the pool.
        task: that features of propagation are taken on.
    """
    component_kind = kinds.get(records[0].candidate.kind)()
    propagate = Propagation(component_kind.parts, task)

    def behaviour() -> Vector:
        scale = behaviour_scale(component_kind, own_baselines(component_kind))
        return np.stack([scale(raw_behaviour(component_kind, record)) for record in records])

    def propagation() -> Vector:
        return np.stack([propagate(component_of(record.graphs)) for record in records])

    return Candidates(
        [record.candidate.source for record in records],
        {
            "behaviour": behaviour,
            "propagation": propagation,
            "graph": lambda: np.stack([graph_statistics(record.graphs) for record in records]),
            "text": lambda: TextDescriptor()([record.candidate.source for record in records]),
        },
    )
