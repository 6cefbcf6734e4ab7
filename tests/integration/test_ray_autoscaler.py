"""Ray's own autoscaler adds nodes for trainings that wait, and takes idle ones away."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import pytest
from support.processes import wait_for
from support.profiles import PROFILE

from evo.compute.engines.ray import Ray
from evo.compute.settings import ClusterSettings, Needs
from evo.compute.work import Work
from evo.compute.workers import Workers
from evo.evaluation.protocol import Job, Protocol, Rung

pytestmark = [
    pytest.mark.enable_socket,
    pytest.mark.long,
    pytest.mark.skipif(
        PROFILE != "nightly" or find_spec("ray") is None, reason="a cluster of Ray: make test-long"
    ),
]
IDENTITY = ('{"inputs":1,"nodes":[],"output":{"ref":0}}',)
PORT = 26379
_COMMANDS = (
    *("initialization_commands", "setup_commands", "cluster_synced_files"),
    *("head_setup_commands", "worker_setup_commands"),
    *("head_start_ray_commands", "worker_start_ray_commands"),
)


def _autoscaling(address: str) -> dict[str, object]:
    """A cluster of a head that trains nothing and up to two nodes of a processor, idle for 6 s."""
    worker = {"resources": {"CPU": 1}, "node_config": {}, "min_workers": 0, "max_workers": 2}
    head = {"resources": {}, "node_config": {}, "max_workers": 0}
    return {
        "cluster_name": "evo",
        "max_workers": 2,
        "idle_timeout_minutes": 0.1,
        "upscaling_speed": 1.0,
        "provider": {
            "type": "fake_multinode",  # its nodes are processes of this machine
            "gcs_address": address,
            "launch_multiple": True,
            "use_node_id_as_ip": True,
            "disable_node_updaters": True,
            "disable_launch_config_check": True,
        },
        "available_node_types": {"ray.head.default": head, "trainer": worker},
        "head_node_type": "ray.head.default",
        **{key: {} for key in ("auth", "docker", "file_mounts")},
        **{key: [] for key in _COMMANDS},
    }


def _own(port: int) -> list[int]:
    """Processes of the cluster whose store listens at a port."""
    found: list[int] = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (entry / "cmdline").read_bytes()
            if f":{port}".encode() in words or f"={port}\0".encode() in words:
                found.append(int(entry.name))
    return [process for process in found if process != os.getpid()]


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """The address of a cluster that grows."""
    from ray._private.services import get_node_ip_address

    address = f"{get_node_ip_address()}:{PORT}"
    config = tmp_path / "autoscaling.json"
    config.write_text(json.dumps(_autoscaling(address)))
    settings = {
        "RAY_FAKE_CLUSTER": "1",
        "AUTOSCALER_UPDATE_INTERVAL_S": "1",
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_enable_autoscaler_v2": "0",  # the newer one needs a file that the package lacks
        "RAY_AUTH_MODE": "disabled",  # whatever token this user has
    }
    ray = Path(sys.executable).parent / "ray"
    start = (f"--port={PORT}", "--num-cpus=0", "--include-dashboard=false")
    command = [ray, "start", "--head", *start, f"--autoscaling-config={config}"]
    started = subprocess.run(command, env={**os.environ, **settings}, check=False)
    try:
        if started.returncode:
            pytest.skip("Ray did not start within its own 30 seconds")
        yield address
    finally:
        for process in _own(PORT):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


def nodes() -> int:
    """Number of nodes that train."""
    import ray

    return sum(node["Alive"] and node["Resources"].get("CPU", 0) > 0 for node in ray.nodes())


def test_nodes_join_for_trainings_that_wait_and_leave_when_they_are_idle(address: str) -> None:
    rungs = (Rung(epochs=100, seeds=2, networks=1),)
    protocol = Protocol(rungs=rungs, learning_rates=(0.01,), leaders=0)
    work = Work("activation", ("breast-cancer",), protocol, "cpu", timeout_s=300.0)
    needs = Needs(2, cluster=ClusterSettings(address=address))

    with Workers(Ray(work, needs)) as pool:
        before = nodes()
        outcomes = pool.run([Job(str(number), IDENTITY, 0) for number in range(3000)])
        start = time.monotonic()
        trained = 0
        for outcome in outcomes:
            assert outcome.trials
            trained += 1
            if pool.count == 2:
                break
            assert time.monotonic() < start + 200
        grown = nodes()
        outcomes.close()

        pool.adapt(Ray(work, needs._replace(workers=1)))
        alone = list(pool.run([Job("alone", IDENTITY, 0)]))
        wait_for(lambda: nodes() == 1, timeout_s=200)
        alone += pool.run([Job(f"after-{number}", IDENTITY, 0) for number in range(4)])

    assert (before, grown) == (0, 2)
    assert trained
    assert len(alone) == 5
    assert all(outcome.trials for outcome in alone)
