"""What is known, and how far a newcomer is from it: the two N-scores and the duplicate check.

FAISS finds the neighbours by exact search, one query at a time; the distance to the few it offers
is then taken again in float64. So an N-score does not depend on what else was asked in the same
call, and an archive rebuilt from records gives the same ones, bit for bit.

Ask first, then add: a candidate's N-score is fixed when it arrives, against the archive and the
baselines of that moment.
"""

from collections.abc import Iterable, Sequence

import faiss
import numpy as np
from numpy.typing import NDArray

from evo.types import Novelty, Record, Vector

DUPLICATE_WITHIN = 1e-3
"""RMS distance below which two components count as the same.

Measured on activations, standardised and asinh-scaled: other spellings of a baseline lie within
2.1e-7 of it (44 spellings), gelu's tanh approximation 2.9e-4 from gelu; the closest pair of
different functions among baselines and panel, relu and leaky_relu, is 4.9e-2 apart.
"""

_SHORTLIST = 4
"""Neighbours whose distance is taken again; float32 may swap those that are all but equal."""


class NoveltyArchive:
    """Both descriptors of everything known.

    Args:
        text_size: length of the text vectors.
        behaviour_size: length of the behaviour vectors.
        duplicate_within: RMS distance below which a component counts as known.
    """

    def __init__(
        self,
        text_size: int,
        behaviour_size: int,
        *,
        duplicate_within: float = DUPLICATE_WITHIN,
    ) -> None:
        faiss.omp_set_num_threads(1)  # the order of sums must not depend on the machine
        self._ids: list[str] = []
        self._text = faiss.IndexFlatIP(text_size)
        self._behaviour = faiss.IndexFlatL2(behaviour_size)
        self._duplicate_within = duplicate_within

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, ids: Sequence[str], text_vectors: Vector, behaviour_vectors: Vector) -> None:
        """Make components known.

        Args:
            ids: n ids.
            text_vectors: (n, d) of unit length.
            behaviour_vectors: (n, p), standardised.
        """
        assert len(ids) == len(text_vectors) == len(behaviour_vectors), "one of each a component"
        assert np.isfinite(text_vectors).all(), "a text vector is not finite"
        assert np.isfinite(behaviour_vectors).all(), "a behaviour vector is not finite"
        if ids:
            self._text.add(_rows(text_vectors))
            self._behaviour.add(_rows(behaviour_vectors))
            self._ids += ids

    def add_records(self, records: Iterable[Record]) -> None:
        """Make known again what history holds: baselines and all that reached the archive."""
        known = [record for record in records if record.is_baseline or record.novelty is not None]
        if known:
            self.add(
                [record.id for record in known],
                np.stack([record.text_vector for record in known]),
                np.stack([record.behaviour_vector for record in known]),
            )

    def novelty(self, text_vector: Vector, behaviour_vector: Vector) -> Novelty:
        """N-scores of a newcomer, (d,) and (p,), against everything known; never against nothing.

        N_text = 1 − max_a cos(v, a), in [0, 2]; N_behaviour = min_a √(‖v − a‖² / p).
        """
        assert self._ids, "novelty is relative to something: add the baselines first"
        text, nearest_text = self._nearest_text(text_vector)
        behaviour, nearest_behaviour = self._nearest_behaviour(behaviour_vector)
        return Novelty(text, behaviour, self._ids[nearest_text], self._ids[nearest_behaviour])

    def duplicate_of(self, behaviour_vector: Vector) -> str | None:
        """Id of the known component that computes the same as this one, (p,), if there is one."""
        if not self._ids:
            return None
        distance, nearest = self._nearest_behaviour(behaviour_vector)
        return self._ids[nearest] if distance <= self._duplicate_within else None

    def duplicates(self, ids: Sequence[str], behaviour_vectors: Vector) -> list[str | None]:
        """For each of a batch, (n, p), the known component or earlier batch member it repeats.

        Args:
            ids: n ids of the batch.
            behaviour_vectors: (n, p), standardised.
        """
        found: list[str | None] = []
        fresh: list[int] = []
        for i, vector in enumerate(behaviour_vectors):
            twin = self.duplicate_of(vector)
            if twin is None and fresh:
                distances = rms_distance(vector, behaviour_vectors[fresh])
                if distances.min() <= self._duplicate_within:
                    twin = ids[fresh[int(distances.argmin())]]
            if twin is None:
                fresh.append(i)
            found.append(twin)
        return found

    def _nearest_text(self, vector: Vector) -> tuple[float, int]:
        near, known = _shortlist(self._text, vector)
        # 1 − cos(v, a) = ‖v/‖v‖ − a/‖a‖‖² / 2, and this side is exact near 0.
        distances = np.square(_unit(known) - _unit(vector)).sum(axis=1) / 2
        best = int(distances.argmin())
        return float(distances[best]), int(near[best])

    def _nearest_behaviour(self, vector: Vector) -> tuple[float, int]:
        near, known = _shortlist(self._behaviour, vector)
        distances = rms_distance(vector, known)
        best = int(distances.argmin())
        return float(distances[best]), int(near[best])


def rms_distance(vector: Vector, others: NDArray[np.floating]) -> NDArray[np.float64]:
    """√(‖v − a‖² / p) in float64 of (p,) to each of (k, p)."""
    gaps = others.astype(np.float64) - vector.astype(np.float64)
    return np.sqrt(np.mean(gaps * gaps, axis=1))


def _shortlist(
    index: faiss.IndexFlat, vector: Vector
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Positions of the nearest few in the order they were added, and their vectors (k, d)."""
    _, found = index.search(_rows(vector[None]), min(_SHORTLIST, index.ntotal))
    near: NDArray[np.int64] = np.sort(found[0])
    return near, np.stack([index.reconstruct(int(i)) for i in near]).astype(np.float64)


def _unit(vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    exact = vectors.astype(np.float64)
    return exact / np.linalg.norm(exact, axis=-1, keepdims=True)


def _rows(vectors: Vector) -> Vector:
    return np.ascontiguousarray(vectors, dtype=np.float32)
