"""A growing nearest-neighbour index by FAISS, exact for fewer than `MANY` vectors.

From `MANY` vectors on they lie in cells around centroids (an inverted file), and only the nearest
cells are searched; the cells are rebuilt whenever the number of vectors has doubled. Results depend
on the vectors and their order alone, never on when or in how many calls they were added, so that an
index that is rebuilt from history answers like the one it replaces:

- centroids come from the first 2^k vectors, for the largest 2^k up to the number of vectors;
- vectors move into cells in blocks of a fixed size, so that rounding is always the same; those that
  do not fill a block yet are all searched.
"""

from collections.abc import Sequence

import faiss
import numpy as np
from numpy.typing import NDArray

from evo.core.records import Vector

MANY = 1 << 13
"""Number of vectors from which on they are indexed in cells."""

PROBED_CELLS = 48
"""Cells searched per query, of 256 at `MANY` vectors and 2,048 at a million.

`benchmarks/bench_novelty.py` measures the recall.
"""

_BLOCK = 1024
"""Number of vectors that move into cells at once."""

_SHORTLIST = 8
"""Entries of a shortlist beyond `count`: float32 may swap neighbours at nearly equal distances."""

_SEED = 20


class Neighbours:
    """A nearest-neighbour index over vectors of one length with ids.

    Args:
        many: number of vectors from which on they are indexed in cells.
        block: number of vectors that move into cells at once.
        probed_cells: cells searched per query.
    """

    def __init__(
        self, *, many: int = MANY, block: int = _BLOCK, probed_cells: int = PROBED_CELLS
    ) -> None:
        self._many, self._block, self._probed_cells = many, block, probed_cells
        faiss.omp_set_num_threads(1)  # the order of sums must not depend on the machine
        self._ids: list[str] = []
        self._loose: faiss.IndexFlatL2 | None = None
        self._cells: faiss.IndexIVFFlat | None = None
        self._doublings = 0

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, ids: Sequence[str], vectors: Vector) -> None:
        """Add n vectors to the index.

        Args:
            ids: n ids.
            vectors: (n, d), finite; d is the same at every call.
        """
        assert len(ids) == len(vectors), "one vector an id"
        assert np.isfinite(vectors).all(), "a vector is not finite"
        if not ids:
            return
        if self._loose is None:
            self._loose = faiss.IndexFlatL2(vectors.shape[1])
        self._loose.add(_rows(vectors))
        self._ids += ids

    def near(self, vectors: Vector, count: int) -> list[tuple[Sequence[str], NDArray[np.float64]]]:
        """Shortlists that hold the `count` nearest neighbours of each of n vectors, (n, d).

        Returns:
            For each of the n the m ids of its shortlist, in the order they were added, and their
            vectors, (m, d) float64.
        """
        if self._loose is None:
            return [([], np.empty((0, vectors.shape[1])))] * len(vectors)
        self._settle()
        queries, count = _rows(vectors), count + _SHORTLIST
        shortlists = [_search(self._loose, queries, count)]
        if self._cells is not None:
            loose = [places + self._cells.ntotal for places in shortlists[0]]
            shortlists = [_search(self._cells, queries, count), loose]
        return [self._entries(np.concatenate(rows)) for rows in zip(*shortlists, strict=True)]

    def _entries(self, places: NDArray[np.int64]) -> tuple[Sequence[str], NDArray[np.float64]]:
        places = np.sort(places)
        celled = self._cells.ntotal if self._cells is not None else 0
        vectors = [
            index.reconstruct_batch(part)
            for index, part in (
                (self._cells, places[places < celled]),
                (self._loose, places[places >= celled] - celled),
            )
            if index is not None and len(part)
        ]
        return [self._ids[place] for place in places], np.concatenate(vectors).astype(np.float64)

    def _settle(self) -> None:
        """Move full blocks into cells; rebuild the cells if the number of vectors has doubled."""
        doublings = len(self).bit_length() - 1
        if len(self) < self._many or self._loose is None:
            return
        loose: Vector = self._loose.reconstruct_n(0, self._loose.ntotal)
        if self._cells is None or doublings > self._doublings:
            if self._cells is not None:
                loose = np.concatenate([self._cells.reconstruct_n(0, self._cells.ntotal), loose])
            self._cells = _cells(loose[: 1 << doublings], 1 << (doublings // 2 + 2))
            self._cells.nprobe = self._probed_cells
            self._doublings = doublings
        elif len(loose) < self._block:
            return
        whole = len(loose) // self._block * self._block
        for start in range(0, whole, self._block):
            self._cells.add(loose[start : start + self._block])
        self._loose = faiss.IndexFlatL2(loose.shape[1])
        self._loose.add(loose[whole:])


def _cells(vectors: Vector, count: int) -> faiss.IndexIVFFlat:
    """`count` empty cells whose centroids are k-means clusters of the vectors."""
    size = vectors.shape[1]
    cells = faiss.IndexIVFFlat(faiss.IndexFlatL2(size), size, count)
    cells.cp.seed = _SEED
    cells.cp.niter = 6
    cells.cp.min_points_per_centroid = 16  # 32 at least: FAISS warns below 39
    cells.cp.max_points_per_centroid = 64
    cells.train(vectors)
    cells.make_direct_map()  # so that vectors can be read back by place
    return cells


def _search(index: faiss.Index, queries: Vector, count: int) -> list[NDArray[np.int64]]:
    """Places of the `count` nearest of each query, or of all where fewer are indexed."""
    if not index.ntotal:
        return [np.empty(0, np.int64)] * len(queries)
    _, places = index.search(queries, min(count, index.ntotal))
    return [row[row >= 0] for row in places]


def _rows(vectors: Vector) -> Vector:
    return np.ascontiguousarray(vectors, dtype=np.float32)
