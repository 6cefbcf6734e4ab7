"""Claim: the novelty archive finds nearest neighbours quickly, and rarely misses one.

Vectors are distributed like real ones: offspring of the syntax-tree operators are embedded by the
real model, and more are drawn by adding the difference of two vectors to a third, which keeps their
directions and distances. Prints, at several sizes up to `--vectors` of 384 dimensions, the cost per
newcomer of a query and an insertion in batches of 100, the recall of true nearest neighbours, and
the memory; and the same cost for pyribs' ProximityArchive, where it is installed (`uv pip install
ribs`), at sizes that it can hold.

Usage: python benchmarks/bench_novelty.py [--quick] [--vectors N] [--texts N]
"""

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import faiss
import numpy as np
import torch
from sizes import Size, read_sizes

from archive.novelty import neighbours
from archive.novelty.descriptors import TextDescriptor
from archive.novelty.neighbours import Neighbours
from evo.components.activation import Activation
from evo.core.records import Candidate, Record, Vector
from evo.core.seeds import child
from operators.crossover_tree import CrossoverTree
from operators.mutate_tree import MutateTree

BATCH = 100
SIZES = (1_000, 36_000)
PEER_SIZES = (1_000, 4_000, 16_000)
QUERIES = 1_000
BLOCK = 10_000


def main(vectors: int, texts: int) -> None:
    """Measure evo's index, then that of pyribs."""
    torch.set_num_threads(1)
    faiss.omp_set_num_threads(1)
    real = TextDescriptor()(sources(texts))
    print(f"{len(real):,} texts embedded; the nearest of each is {_gap(real):.3f} away (median)")
    ours(real, [size for size in sorted({*SIZES, neighbours.MANY, vectors}) if size <= vectors])
    theirs(real)


def ours(real: Vector, sizes: list[int]) -> None:
    """Print cost, memory and recall of evo's index as it grows."""
    index, before = Neighbours(), _resident_mib()
    newcomers = {size: next(_more(real, QUERIES, "newcomers", size)) for size in sizes}
    truth = {size: _Nearest(queries) for size, queries in newcomers.items()}
    for size in sizes:
        spent = 0.0
        for rows in _more(real, size - len(index), "grow", size):
            for later in sizes[sizes.index(size) :]:
                truth[later].see(rows)
            start = time.process_time()
            index.add([str(len(index) + i) for i in range(len(rows))], rows)
            spent += time.process_time() - start
        queries, start = newcomers[size], time.process_time()
        offered = [ids for ids, _ in index.near(queries, 1)]
        spent, resident = spent + time.process_time() - start, _resident_mib() - before
        recall = truth[size].share_among(offered)
        start = time.process_time()
        for batch in np.split(queries, QUERIES // BATCH):
            index.near(batch, 1)
            index.add([str(len(index) + i) for i in range(len(batch))], batch)
        cost = (time.process_time() - start) / QUERIES
        for later in sizes[sizes.index(size) + 1 :]:
            truth[later].see(queries)
        print(
            f"evo    {size:9,} vectors: {1000 * cost:6.3f} ms per newcomer, recall {recall:.4f}; "
            f"{resident:.0f} MiB, built in {spent:.1f} s",
            flush=True,
        )


class _Nearest:
    """The true nearest of some queries among unit vectors that are shown block by block."""

    def __init__(self, queries: Vector) -> None:
        self._queries = queries
        self._cosines = np.full(len(queries), -2.0, np.float32)
        self._places = np.zeros(len(queries), np.int64)
        self._seen = 0

    def see(self, rows: Vector) -> None:
        """Compare the queries with the next block."""
        cosines = rows @ self._queries.T
        best = cosines.argmax(axis=0)
        nearer = cosines[best, np.arange(len(best))] > self._cosines
        self._cosines = np.maximum(self._cosines, cosines.max(axis=0))
        self._places[nearer] = self._seen + best[nearer]
        self._seen += len(rows)

    def share_among(self, offered: Sequence[Sequence[str]]) -> float:
        """Share of the queries whose true nearest is among what is offered."""
        hits = (str(place) in ids for place, ids in zip(self._places, offered, strict=True))
        return sum(hits) / len(offered)


def theirs(real: Vector) -> None:
    """Print the cost of pyribs' archive."""
    try:
        from ribs.archives import ProximityArchive  # noqa: PLC0415 # pyright: ignore[reportMissingImports] - optional
    except ImportError:
        print("pyribs is not installed: uv pip install ribs")
        return
    for size in PEER_SIZES:
        archive = ProximityArchive(
            solution_dim=1, measure_dim=real.shape[1], k_neighbors=1, novelty_threshold=0.0
        )
        for rows in _more(real, size, "grow"):
            archive.add(np.zeros((len(rows), 1)), None, rows)
        newcomers = next(_more(real, BATCH * 10, "newcomers"))
        start = time.process_time()
        for batch in np.split(newcomers, 10):
            archive.add(np.zeros((len(batch), 1)), None, batch)
        cost = (time.process_time() - start) / len(newcomers)
        print(f"pyribs {size:9,} vectors: {1000 * cost:6.3f} ms per newcomer")


def sources(count: int) -> list[str]:
    """Different components, each an offspring of earlier ones."""
    contract = Activation().contract
    baselines = [candidate.source for candidate in Activation().baselines().values()]
    known = dict.fromkeys(baselines)
    operators = (MutateTree(), CrossoverTree())
    rng = child(0, "sources")
    while len(known) < count:
        pool = list(known)
        operator = operators[int(rng.integers(2))]
        parents = [
            Record(Candidate.of("activation", pool[int(i)], operator="bench"), generation=0)
            for i in rng.integers(len(pool), size=operator.arity)
        ]
        known[operator.propose(parents, contract, rng)] = None
    return list(known)


def _more(real: Vector, count: int, *names: str | int) -> Iterator[Vector]:
    """Draw `count` vectors like the real ones, in blocks."""
    for start in range(0, count, BLOCK):
        rng = child(0, *names, start)
        a, b, c = rng.integers(len(real), size=(3, min(BLOCK, count - start)))
        rows = real[a] + rng.uniform(0.1, 0.6, size=(len(a), 1)) * (real[b] - real[c])
        yield (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def _gap(real: Vector) -> float:
    cosines = real @ real.T - 2 * np.eye(len(real), dtype=np.float32)
    return float(np.median(1 - cosines.max(axis=1)))


def _resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    main(
        **read_sizes(
            __doc__,
            vectors=Size(200_000, 2_000, "vectors of the largest archive"),
            texts=Size(600, 20, "sources that are embedded"),
        )
    )
