"""Baselines: the known components of a kind that candidates are measured against.

Generation 0 of a campaign holds them. They pass the same validation and train on the same trials as
any candidate, and set the scale of behaviour vectors.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import torch

from archive.novelty.descriptors import BehaviourScale, TextDescriptor
from archive.novelty.novelty_archive import NoveltyArchive
from evo.campaign.progress import Tracker
from evo.components.base import Kind
from evo.core.novelty import Novelty
from evo.core.records import Candidate, Record, Vector
from evo.evaluation.protocol import Protocol
from evo.evaluation.rungs import Runner, evaluate_baselines
from evo.validation import behaviour
from evo.validation.baselines import validated_baselines
from evo.validation.graph.graph import Graph
from evo.validation.graph.graphs import component_of
from evo.validation.validator import Validator

_DETACH = "aten.detach.default"
_SAME_SLOPES = 1e-4
"""Largest difference of gradients, in units of the largest gradient, that is rounding."""


def measure_baselines(
    kind: Kind,
    *,
    validator: Validator,
    text: TextDescriptor,
    train: Runner,
    protocol: Protocol,
    archive: Callable[[], NoveltyArchive],
    tracker: Tracker,
    further: Mapping[str, Candidate] = MappingProxyType({}),
) -> list[Record]:
    """The kind's baselines and further ones as records: validated, trained, scored and described.

    N-scores are taken against the other baselines, in a fresh archive made by `archive`.

    Raises:
        EvoError: a baseline is refused or cannot be trained.
    """
    tracker.step(0, "validate", [])
    records = validated_baselines(kind, validator, further)
    tracker.step(0, "baselines", records)
    names = {one.id: name for name, one in {**kind.baselines(), **further}.items()}
    records = evaluate_baselines(train, protocol, records, names=names)
    tracker.step(0, "archive", records)
    described = _described(records, kind, text)
    return [replace(record, novelty=_novelty(record, described, archive())) for record in described]


def raw_behaviour(kind: Kind, record: Record) -> Vector:
    """Raw outputs of a record's component on its kind's probe: (p,) float32."""
    return behaviour.behaviour_of(kind, component_of(record.graphs))


def described_behaviour(kind: Kind, record: Record, scale: BehaviourScale) -> Vector:
    """The vector that novelty and duplicates compare: standardised behaviour, (p,) float32.

    Components that compute the same may train apart: `detach` gives a function the gradients of
    another, as in straight-through estimators (Bengio et al. 2013, arXiv 1308.3432). The asinh of
    the difference that `detach` makes to the gradients is added; all others keep their bits.
    """
    vector = scale(raw_behaviour(kind, record))
    if not any(_DETACH in text for text in record.graphs):
        return vector
    slopes = kind.slopes(component_of(record.graphs))
    if slopes is None:
        return vector
    plain = component_of(record.graphs, instead=[{_DETACH: _identity}] * len(record.graphs))
    difference = np.nan_to_num(slopes - np.asarray(kind.slopes(plain)))
    if np.abs(difference).max() < _SAME_SLOPES * np.abs(slopes).max():
        return vector
    return vector + np.arcsinh(difference).astype(np.float32)


def behaviour_scale(kind: Kind, baselines: Sequence[Record]) -> BehaviourScale:
    """The standardisation that a kind's baselines set."""
    scales: list[BehaviourScale] = []
    for place, member in enumerate(kind.members):
        # In a combination the standard component stands in most baselines, and counts once.
        texts = dict.fromkeys(record.graphs[place] for record in baselines)
        outputs = [member.behaviour(Graph.parse(text)) for text in texts]
        scales.append(BehaviourScale.of(np.stack(outputs)))
    return BehaviourScale.joined(scales)


def _identity(values: torch.Tensor) -> torch.Tensor:
    return values


def _described(records: Sequence[Record], kind: Kind, text: TextDescriptor) -> list[Record]:
    """The records with both vectors."""
    scale = behaviour_scale(kind, records)
    return [
        replace(
            record,
            text_vector=text([record.candidate.source])[0],
            behaviour_vector=described_behaviour(kind, record, scale),
        )
        for record in records
    ]


def _novelty(record: Record, baselines: Sequence[Record], archive: NoveltyArchive) -> Novelty:
    archive.add_records(other for other in baselines if other is not record)
    (novelty,) = archive.n_scores([record])
    return novelty
