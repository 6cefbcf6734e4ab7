"""Jobs handed to a pool, here of threads."""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from evo.compute.feeding import feed


class Work:
    """Takes a moment, and counts how many do so at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = 0
        self.most = 0

    def __call__(self, job: int) -> int:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(0.01)
        with self._lock:
            self._now -= 1
        return job


@pytest.mark.parametrize("places", [1, 2, 4])
def test_every_job_ends_once_and_no_more_run_than_there_are_places_for(places) -> None:
    work, wanted = Work(), []

    def count(most: int) -> int:
        wanted.append(most)
        return min(places, most)

    with ThreadPoolExecutor(4) as pool:
        jobs = range(9)
        ended = list(feed(jobs, lambda job: pool.submit(work, job), workers=4, places=count))

    assert sorted(job for job, _ in ended) == list(jobs)
    assert all(future.result() == job for job, future in ended)
    assert work.most <= places
    assert wanted[0] == 4


def test_places_that_become_free_are_used() -> None:
    work, free = Work(), iter([1, 1])
    with ThreadPoolExecutor(4) as pool:
        jobs = feed(
            range(12),
            lambda job: pool.submit(work, job),
            workers=4,
            places=lambda most: next(free, most),
        )
        assert len(list(jobs)) == 12

    assert work.most > 1


def test_what_waits_in_the_pool_is_cancelled_where_the_caller_stops() -> None:
    given: list[Future[None]] = []

    def schedule(_: int) -> "Future[None]":
        given.append(Future())
        if len(given) == 1:
            given[0].set_result(None)
        return given[-1]

    jobs = feed(range(9), schedule, workers=2, places=lambda most: most)
    next(jobs)
    jobs.close()

    assert len(given) == 4
    assert all(one.cancelled() for one in given[1:])
