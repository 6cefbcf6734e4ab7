"""Propose the next generation while this one trains, so that model latency costs no time.

The price is a lag: the next generation descends from the survivors that were known before this one
trained. Which ones those are depends on generations alone, so a resumed campaign has the same.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

import torch

from evo.core.records import Record
from evo.selection.individual import Individual

ProposeFn = Callable[[Sequence[Individual], int, int], list[Record]]
"""Proposals from a population, for a generation, with the records up to another."""


class ProposeAhead:
    """Returns a generation's proposals and starts on the next ones; a context manager.

    Args:
        propose: runs in a thread of its own, one generation at a time.
        earlier: the population one generation before the campaign resumes.
        arrange: orders a population as parents of a generation are drawn from it.
        begin: says whether a generation may be proposed under the settings of now.
    """

    def __init__(
        self,
        propose: ProposeFn,
        earlier: Sequence[Individual],
        *,
        arrange: Callable[[Sequence[Individual], int], list[Individual]],
        begin: Callable[[int], bool],
    ) -> None:
        self._propose = propose
        self._earlier = earlier
        self._arrange = arrange
        self._may_begin = begin
        self._next: tuple[int, Future[list[Record]]] | None = None
        self._thread = ThreadPoolExecutor(
            1, thread_name_prefix="ahead", initializer=torch.set_num_threads, initargs=(1,)
        )

    def __call__(self, parents: Sequence[Individual], generation: int) -> list[Record]:
        """The generation's proposals; the next one is asked for from these parents."""
        if self._next is None or self._next[0] != generation:
            self._begin(self._earlier, generation)
        assert self._next is not None
        records = self._next[1].result()
        if self._may_begin(generation + 1):
            self._begin(parents, generation + 1)
        return records

    def _begin(self, population: Sequence[Individual], generation: int) -> None:
        # In an order of its own, since a resumed campaign has the population from elsewhere.
        individuals = self._arrange(sorted(population, key=lambda i: i.record.id), generation)
        known = max(0, generation - 2)
        self._next = (
            generation,
            self._thread.submit(self._propose, individuals, generation, known),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)
