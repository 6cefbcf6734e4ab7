"""Features of a candidate for a reward model: blocks of numbers that take milliseconds to compute.

    behaviour     standardised outputs on the kind's probe, as for novelty
    propagation   statistics of untrained networks with the component in them
    graph         size, depth and operators of its graph
    text          embedding of its source

All come from a checked graph and from source as text. No source is run and nothing is trained. Data
are the training data of the task; where every seed has its own split, as with digits, some of them
are test data of other seeds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from archive.novelty.descriptors import TextDescriptor
from evo.core.records import Record, Vector
from evo.evaluation.propagation import Propagation
from evo.screening.graph_statistics import graph_statistics
from evo.validation.graph.graphs import component_of

Features = Mapping[str, Vector]
"""Blocks by name, each (n, d) float32 with one row per candidate."""


@dataclass(frozen=True)
class FeatureExtractor:
    """Computes the features of records that have a graph and a behaviour vector.

    Attributes:
        propagation: of the kind, on the first task of a campaign.
        text: of sources; None leaves that block out.
    """

    propagation: Propagation
    text: TextDescriptor | None = None

    def __call__(self, records: Sequence[Record]) -> Features:
        """The blocks of records, one row each, in order; independent of the other records."""
        rows = [self._row(record) for record in records]
        return join_features(rows)

    def _row(self, record: Record) -> Features:
        graph = component_of(record.graphs)
        row = {
            "behaviour": record.behaviour_vector[None],
            "propagation": self.propagation(graph)[None],
            "graph": graph_statistics(record.graphs)[None],
        }
        if self.text is not None:
            vector = record.text_vector
            source = record.candidate.source
            row["text"] = vector[None] if vector.size else self.text([source])
        return row


def join_features(parts: Sequence[Features]) -> Features:
    """Features of several sets of candidates, concatenated; at least one set."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def rows_of(features: Features, indices: Sequence[int] | np.ndarray) -> Features:
    """The features of the candidates with these indices."""
    return {name: block[indices] for name, block in features.items()}
