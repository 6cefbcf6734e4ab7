"""The novelty archive: descriptors of known components, N-scores and the duplicate check.

FAISS offers a shortlist (`archive.novelty.neighbours`); distances to it are computed again in
float64, so that an archive rebuilt from records gives the same N-scores, bit for bit.

A candidate's N-score is fixed when it arrives, against what is known at that moment.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from archive.novelty.neighbours import Neighbours
from archive.novelty.settings import DUPLICATE_WITHIN, Against, NoveltySettings
from evo.core.novelty import Novelty
from evo.core.records import Generation, Record, Status, Vector

Distance = Callable[[Vector, NDArray[np.floating]], NDArray[np.float64]]


class NoveltyArchive:
    """Both descriptors of everything known.

    Args:
        neighbours: number of nearest neighbours whose mean distance is the N-score; all where fewer
            are known.
        against: components that N-scores are relative to; duplicates are looked for among all.
        duplicate_within: RMS distance below which a component counts as known.
    """

    def __init__(
        self,
        *,
        neighbours: int = 1,
        against: Against = "all",
        duplicate_within: float = DUPLICATE_WITHIN,
    ) -> None:
        assert against in get_args(Against), f"unknown `against`: {against!r}"
        self._neighbours = neighbours
        self._against: Against = against
        self._duplicate_within = duplicate_within
        self._baselines = (Neighbours(), Neighbours())
        self._arrived = (Neighbours(), Neighbours())

    @staticmethod
    def of(settings: NoveltySettings) -> "NoveltyArchive":
        """An empty archive of a configuration."""
        return NoveltyArchive(
            neighbours=settings.neighbours,
            against=settings.against,
            duplicate_within=settings.duplicate_within,
        )

    def __len__(self) -> int:
        return len(self._baselines[1]) + len(self._arrived[1])

    def add(
        self,
        ids: Sequence[str],
        text_vectors: Vector,
        behaviour_vectors: Vector,
        *,
        baselines: bool = False,
    ) -> None:
        """Add n components.

        Args:
            ids: n ids.
            text_vectors: (n, d) of unit length; d = 0 where sources are not embedded.
            behaviour_vectors: (n, p), standardised.
            baselines: True for the known components that candidates are compared with.
        """
        text, behaviour = self._baselines if baselines else self._arrived
        if text_vectors.shape[1]:
            text.add(ids, text_vectors)
        behaviour.add(ids, behaviour_vectors)

    def take(self, sealed: Generation) -> None:
        """Add the records of a sealed generation that reached the archive."""
        self.add_records(sealed.records)

    def add_records(self, records: Iterable[Record]) -> None:
        """Add baselines, all records that have N-scores, and what is known from elsewhere."""
        added = [record for record in records if _is_known(record)]
        for baselines in (True, False):
            group = [record for record in added if record.is_baseline is baselines]
            if group:
                self.add([record.id for record in group], *_vectors(group), baselines=baselines)

    def n_scores(self, records: Sequence[Record]) -> list[Novelty]:
        """N-scores of n records in order, each also compared with those before it in the batch.

        The archive itself does not change. With k nearest neighbours a (k = 1 by default):
        N_text = mean of 1 − cos(v, a), in [0, 2]; N_behaviour = mean of √(‖v − a‖² / p), ≥ 0.
        Without text vectors N_text is None.
        """
        if not records:
            return []
        ids = [record.id for record in records]
        vectors = _vectors(records)
        behaviours = self._measured(ids, vectors[1], 1, rms_distance)
        texts: Iterable[tuple[float | None, str]] = [(None, "")] * len(records)
        if vectors[0].shape[1]:
            texts = self._measured(ids, vectors[0], 0, cosine_distance)
        return [
            Novelty(text, behaviour, nearest_text, nearest_behaviour)
            for (text, nearest_text), (behaviour, nearest_behaviour) in zip(
                texts, behaviours, strict=True
            )
        ]

    def duplicates(self, ids: Sequence[str], behaviour_vectors: Vector) -> list[str | None]:
        """Ids of the components that a batch repeats: archived ones, or earlier ones of the batch.

        Args:
            ids: n ids of the batch.
            behaviour_vectors: (n, p), standardised.

        Returns:
            For each of the n the id of the component it repeats, or None.
        """
        twins: list[str | None] = []
        fresh: list[int] = []
        indexes = (self._baselines[1], self._arrived[1])
        shortlists = zip(*(index.near(behaviour_vectors, 1) for index in indexes), strict=True)
        for place, archived in enumerate(shortlists):
            peers = [*archived, ([ids[i] for i in fresh], behaviour_vectors[fresh])]
            nearest = _nearest(behaviour_vectors[place], peers, rms_distance, 1)
            twin = nearest[1] if nearest and nearest[0] <= self._duplicate_within else None
            if twin is None:
                fresh.append(place)
            twins.append(twin)
        return twins

    def _measured(
        self, ids: Sequence[str], vectors: Vector, descriptor: int, distance: Distance
    ) -> Iterator[tuple[float, str]]:
        """Yield for each vector its mean distance to the nearest, and the id of the nearest."""
        k = self._neighbours
        baselines, arrived = self._baselines[descriptor], self._arrived[descriptor]
        shortlists = zip(baselines.near(vectors, k), arrived.near(vectors, k), strict=True)
        for place, (baseline_peers, arrived_peers) in enumerate(shortlists):
            peers = (
                [baseline_peers] if self._against != "archive" or len(arrived) + place < k else []
            )
            if self._against != "baselines":
                peers += [arrived_peers, (ids[:place], vectors[:place])]
            nearest = _nearest(vectors[place], peers, distance, k)
            assert nearest, "nothing to compare with: add the baselines first"
            yield nearest


def cosine_distance(vector: Vector, others: NDArray[np.floating]) -> NDArray[np.float64]:
    """1 − cos(v, a) of a vector (d,) to each of k others (k, d): (k,) float64.

    Exact near 0, and 0 for equal bits.
    """
    # 1 − cos(v, a) = ‖v/‖v‖ − a/‖a‖‖² / 2.
    return np.square(_unit(others) - _unit(vector)).sum(axis=1) / 2


def rms_distance(vector: Vector, others: NDArray[np.floating]) -> NDArray[np.float64]:
    """√(‖v − a‖² / p) of a vector (p,) to each of k others (k, p): (k,) float64."""
    gaps = others.astype(np.float64) - vector.astype(np.float64)
    return np.sqrt(np.mean(gaps * gaps, axis=1))


def rms_distances(vectors: Sequence[Vector]) -> NDArray[np.float64]:
    """`rms_distance` of all pairs of n vectors: (n, n)."""
    stacked = np.stack(vectors)
    return np.stack([rms_distance(vector, stacked) for vector in stacked])


def mean_distance(vectors: Sequence[Vector]) -> float:
    """Mean `rms_distance` between two of n vectors; 0 where there are fewer than two."""
    count = len(vectors)
    return float(rms_distances(vectors).sum() / (count * (count - 1))) if count > 1 else 0.0


def _nearest(
    vector: Vector,
    peers: Sequence[tuple[Sequence[str], NDArray[np.floating]]],
    distance: Distance,
    count: int,
) -> tuple[float, str] | None:
    """Mean distance to the `count` nearest peers, and the id of the nearest; None without peers."""
    ids = [id_ for group, _ in peers for id_ in group]
    if not ids:
        return None
    distances = distance(vector, np.concatenate([rows for _, rows in peers if len(rows)]))
    order = np.argsort(distances, kind="stable")[:count]
    return float(distances[order].mean()), ids[order[0]]


def _is_known(record: Record) -> bool:
    """True for what candidates are compared with; other campaigns' components need no score."""
    is_untrained = record.is_inherited and record.status is Status.SCREENED_OUT
    return record.is_baseline or record.novelty is not None or is_untrained


def _vectors(records: Sequence[Record]) -> tuple[Vector, Vector]:
    return (
        np.stack([record.text_vector for record in records]),
        np.stack([record.behaviour_vector for record in records]),
    )


def _unit(vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    exact = vectors.astype(np.float64)
    return exact / np.linalg.norm(exact, axis=-1, keepdims=True)
