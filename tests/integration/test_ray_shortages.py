"""Trainings on Ray clusters that run out of memory or of room.

Each test has a cluster of its own, since these are settings of a whole cluster.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.profiles import PROFILE

from evo.compute.engines.ray import Ray
from evo.compute.lost_attempts import LossCause, LostAttempt
from evo.compute.settings import ClusterSettings, Needs
from evo.compute.work import Work
from evo.compute.workers import Workers
from evo.core.trials import Trial
from evo.evaluation.protocol import Job, Protocol, Rung

pytestmark = [
    pytest.mark.enable_socket,
    pytest.mark.skipif(find_spec("ray") is None, reason="needs Ray"),
    pytest.mark.long,
    pytest.mark.skipif(PROFILE != "nightly", reason="clusters of their own: make test-long"),
]
OTHERS = tuple(Trial(0, "digits", "none", seed, 0.01, 1.0, 0.5) for seed in range(60_000))
"""Trials that no training looks at, of megabytes."""
_FULL_S = 4.0
IDENTITY = '{"inputs":1,"nodes":[],"output":{"ref":0}}'


def work(*, epochs: int = 1) -> Work:
    rungs = (Rung(epochs=epochs, seeds=2, networks=1),)
    protocol = Protocol(rungs=rungs, learning_rates=(0.01,), leaders=0)
    return Work("activation", ("digits",), protocol, "cpu", timeout_s=300.0)


def jobs(number: int) -> list[Job]:
    return [Job(str(place), (IDENTITY,), 0) for place in range(number)]


@contextmanager
def one_node(**system: Any) -> Iterator[ClusterSettings]:
    """A cluster of one node, with settings of Ray's own."""
    import ray
    from ray.cluster_utils import Cluster

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    settings = {"num_cpus": 1, "include_dashboard": False, "object_store_memory": 80_000_000}
    cluster = Cluster(initialize_head=True, head_node_args={**settings, "_system_config": system})
    try:
        yield ClusterSettings(address=cluster.address)
    finally:
        ray.shutdown()
        cluster.shutdown()


def test_a_worker_that_is_ended_because_memory_ran_out_costs_nothing_but_time() -> None:
    sizes = memory_bytes()
    if sizes["MemAvailable"] < 9e9:
        pytest.skip("it takes 5 GB for a while, and leaves as much")
    used = 1 - sizes["MemAvailable"] / sizes["MemTotal"]
    threshold = used + 3e9 / sizes["MemTotal"]
    noted: list[LostAttempt] = []

    with (
        one_node(memory_usage_threshold=threshold, memory_monitor_refresh_ms=250) as cluster,
        Workers(Ray(work(epochs=100), Needs(1, cluster=cluster)), note=noted.append) as pool,
    ):
        outcomes = pool.run(jobs(4))
        first = next(outcomes)
        taken = [np.ones(int(4.5e9) // 8)]  # of another program on the machine
        ending = threading.Thread(target=clear_once_noted, args=(taken, noted))
        ending.start()
        rest = list(outcomes)
        ending.join()

    assert {loss.cause for loss in noted} == {LossCause.MEMORY}
    assert "because memory ran out" in noted[0].detail
    assert sorted(outcome.id for outcome in [first, *rest]) == list("0123")
    assert {outcome.trials for outcome in rest} == {first.trials}


def clear_once_noted(taken: list[Any], noted: list[LostAttempt]) -> None:
    """Give memory back when the first loss was noted, before another worker is ended."""
    deadline = time.monotonic() + 60
    while not noted and time.monotonic() < deadline:
        time.sleep(0.05)
    taken.clear()


def memory_bytes() -> dict[str, int]:
    lines = Path("/proc/meminfo").read_text().splitlines()
    return {
        name: int(rest.split()[0]) * 1024 for name, _, rest in (x.partition(":") for x in lines)
    }


def test_without_room_in_the_object_store_workers_load_data_and_large_jobs_wait() -> None:
    import ray

    full = {"automatic_object_spilling_enabled": False, "local_fs_capacity_threshold": 0.01}
    with one_node(**full) as cluster:
        ray.init(address=cluster.address, log_to_driver=False)
        held = filled()
        engine = Ray(work(), Needs(1, cluster=cluster))
        with Workers(engine) as pool:
            small = list(pool.run(jobs(1)))
            start = time.monotonic()
            threading.Timer(_FULL_S, held.clear).start()
            (late,) = pool.run([Job("large", (IDENTITY,), 0, known=OTHERS)])
            waited_s = time.monotonic() - start

    assert small[0].trials
    assert late.trials == small[0].trials
    assert waited_s > _FULL_S


def filled() -> list[Any]:
    """References to objects that leave no room for another of a hundred kilobytes."""
    import ray
    from ray.exceptions import ObjectStoreFullError, OutOfDiskError

    held: list[Any] = []
    size = 16_000_000
    while size > 100_000:
        assert len(held) < 100, "the store is never full"
        try:
            held.append(ray.put(np.zeros(size, np.uint8)))
        except (ObjectStoreFullError, OutOfDiskError):
            size //= 2
    return held
