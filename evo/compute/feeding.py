"""Hand jobs to a pool of workers, never more at once than there are places for."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")

_AGAIN_S = 0.5
"""Seconds after which places are counted again while jobs wait for one."""


def feed(
    jobs: Sequence[Job],
    schedule: Callable[[Job], "Future[Result]"],
    *,
    workers: int,
    places: Callable[[int], int],
) -> Iterator[tuple[Job, "Future[Result]"]]:
    """Yield each job with its future when it has ended, in any order.

    Args:
        jobs: what is to be done.
        schedule: hands a job to the pool.
        workers: number of workers of the pool.
        places: how many may work now, of the number that could.
    """
    waiting = deque(jobs)
    running: dict[Future[Result], Job] = {}
    try:
        while waiting or running:
            most = places(min(workers, len(waiting) + len(running)))
            # With a place for each worker, a job lies ready for the first that is done.
            most = 2 * workers if most >= workers else most
            while waiting and len(running) < most:
                job = waiting.popleft()
                running[schedule(job)] = job
            done, _ = wait(
                running, timeout=_AGAIN_S if waiting else None, return_when=FIRST_COMPLETED
            )
            for future in done:
                yield running.pop(future), future
    finally:
        for future in running:
            future.cancel()
