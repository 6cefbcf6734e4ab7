"""Trainings on real Ray clusters of this machine, whose nodes and drivers are killed."""

import os
import random
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from support import engine_campaign
from support.processes import descendants, wait_for
from support.profiles import PROFILE

from archive.history.lost_attempts import read_losses
from archive.history.reader import Reader
from evo.campaign.progress import Progress
from evo.compute.engines.base import Engine
from evo.compute.engines.ray import Ray
from evo.compute.lost_attempts import LossCause, LostAttempt
from evo.compute.settings import ClusterSettings, Needs
from evo.compute.work import Work
from evo.compute.workers import Workers
from evo.core.errors import EvoError
from evo.evaluation.protocol import Job, Protocol, Rung
from evo.report.facts.status import status_facts
from evo.testing import EngineSuite

# Not imported here: each of pytest's workers collects this file, and one runs it.
pytestmark = [
    pytest.mark.enable_socket,
    pytest.mark.skipif(find_spec("ray") is None, reason="needs Ray"),
]
NIGHTLY = pytest.mark.skipif(
    PROFILE != "nightly", reason="clusters of several nodes: make test-long"
)
IDENTITY = ('{"inputs":1,"nodes":[],"output":{"ref":0}}',)


def work(*, epochs: int = 1) -> Work:
    rungs = (Rung(epochs=epochs, seeds=2, networks=1),)
    protocol = Protocol(rungs=rungs, learning_rates=(0.01,), leaders=0)
    return Work("activation", ("breast-cancer",), protocol, "cpu", timeout_s=300.0)


def is_connected() -> bool:
    """True if this process is a driver of a cluster."""
    import ray

    return ray.is_initialized()


@pytest.mark.heavy(alone="a real cluster takes ten processor seconds to start")
def test_a_cluster_of_this_machine_is_started_trains_and_ends_as_if_it_had_not_been() -> None:
    before = signal.getsignal(signal.SIGTERM)
    engine = Ray(work(), Needs(1, secrets=frozenset({"EVO_NO_SUCH_KEY"})))

    with not_too_busy(), Workers(engine) as pool:
        outcomes = list(pool.run([Job(name, IDENTITY, 0) for name in "abc"]))
        assert signal.getsignal(signal.SIGTERM) is before

    assert sorted(outcome.id for outcome in outcomes) == ["a", "b", "c"]
    assert len({outcome.trials for outcome in outcomes}) == 1
    assert not is_connected()


@contextmanager
def not_too_busy() -> Iterator[None]:
    """Skip where a cluster does not start within the 30 seconds that Ray gives it."""
    try:
        yield
    except EvoError as error:
        if "timed out during startup" in str(error):
            pytest.skip(str(error))
        raise


def test_an_address_where_no_cluster_is_says_so() -> None:
    needs = Needs(1, cluster=ClusterSettings(address="127.0.0.1:1"))

    with (
        pytest.raises(EvoError, match=r"cannot be joined at '127\.0\.0\.1:1'"),
        Workers(Ray(work(), needs)),
    ):
        pass

    assert not is_connected()


@contextmanager
def listener(answer: bytes) -> Iterator[str]:
    """The address of a program that gives this answer to whatever it is asked."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        thread.join()


def test_a_cluster_that_asks_for_a_token_is_said_to(monkeypatch: pytest.MonkeyPatch) -> None:
    import ray
    from ray.exceptions import AuthenticationError

    def refuse(**_: object) -> None:
        raise ConnectionError("Failed to connect") from AuthenticationError("no token")

    monkeypatch.setattr(ray, "init", refuse)
    engine = Ray(work(), Needs(1, cluster=ClusterSettings(address="auto")))

    with pytest.raises(EvoError, match=r"Failed to connect\. It asks .* set RAY_AUTH_MODE=token"):
        engine.start()


def test_a_program_that_is_no_cluster_is_told_from_one_at_once() -> None:
    with listener(b"HTTP/1.1 400 Bad Request\r\n\r\n") as address:
        needs = Needs(1, cluster=ClusterSettings(address=address))

        with pytest.raises(EvoError, match="what listens there is no Ray cluster"):
            Ray(work(), needs).start()

    assert not is_connected()


class Cluster:
    """A head without processors of its own, and nodes of two processors each that may be killed."""

    def __init__(self) -> None:
        from ray.cluster_utils import Cluster as RayCluster

        os.environ["EVO_CONTRACT_KEY"] = "hush-hush"  # the nodes know what no worker may
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        try:
            self._cluster = RayCluster(
                initialize_head=True,
                head_node_args={"num_cpus": 0, "include_dashboard": False},
            )
            self.nodes = [self.add_node() for _ in range(2)]
        finally:
            del os.environ["EVO_CONTRACT_KEY"]

    def add_node(self):
        return self._cluster.add_node(num_cpus=2)

    @property
    def settings(self) -> ClusterSettings:
        return ClusterSettings(address=self._cluster.address)

    def kill_a_node(self) -> None:
        node = random.choice(self.nodes)
        self.nodes.remove(node)
        self._cluster.remove_node(node, allow_graceful=False)
        self.nodes.append(self.add_node())

    def remove_node(self, node) -> None:
        self._cluster.remove_node(node)

    def stop(self) -> None:
        self._cluster.shutdown()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    running = Cluster()
    yield running
    running.stop()


@pytest.mark.long
@NIGHTLY
class TestRay(EngineSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def engine(cls) -> type[Engine]:
        return Ray

    @pytest.fixture(scope="class")
    @classmethod
    def needs(cls, cluster: Cluster) -> Needs:
        return Needs(2, cluster=cluster.settings, secrets=frozenset({"EVO_CONTRACT_KEY"}))

    def test_workers_that_are_killed_are_losses_of_their_own_trainings_alone(
        self, cluster: Cluster
    ) -> None:
        noted: list[LostAttempt] = []
        others = workers_of_this_machine()
        needs = Needs(2, cluster=cluster.settings)
        with Workers(Ray(work(epochs=300), needs), note=noted.append) as pool:
            outcomes = pool.run([Job(str(number), IDENTITY, 0) for number in range(8)])
            first = next(outcomes)
            victims = [one for one in workers_of_this_machine() if one not in others]
            for victim in victims:  # one at least has begun; the other may still be starting
                os.kill(victim, signal.SIGKILL)
            rest = list(outcomes)

        assert len({first.id, *(outcome.id for outcome in rest)}) == 8
        assert {outcome.trials for outcome in rest} == {first.trials}
        assert not any(outcome.error for outcome in rest)
        assert 0 < len(noted) <= len(victims)
        assert all(one.cause is LossCause.WORKER or one.cause.is_blameless for one in noted)


def workers_of_this_machine() -> list[int]:
    """Processes of actors that train."""
    found: list[int] = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if entry.read_bytes().startswith(b"ray::RayWorker"):
                found.append(int(entry.parent.name))
        except OSError:
            continue
    return found


LONGER = ["protocol.rungs=[{epochs=20,seeds=2,networks=1},{epochs=20,seeds=6,networks=1}]"]
"""Trainings that last long enough to be killed."""


@pytest.mark.long
@NIGHTLY
def test_nodes_and_the_driver_are_killed_and_the_history_is_that_of_local_workers(
    cluster: Cluster, tmp_path: Path
) -> None:
    engine_campaign.begin(tmp_path / "local", LONGER)
    engine_campaign.go_on(tmp_path / "local")
    expected = engine_campaign.facts(tmp_path / "local")
    folder = tmp_path / "ray"
    address = f'cluster.address="{cluster.settings.address}"'
    engine_campaign.begin(folder, ["compute=ray", "workers=0", address, *LONGER])

    driver = engine_campaign.start_driver(folder)
    wait_for(lambda: Reader.read(folder).outcomes, timeout_s=300)
    os.kill(driver.pid, signal.SIGKILL)
    driver.wait()
    acknowledged = set(Reader.read(folder).outcomes)

    kills = [time.monotonic() + 3]

    def kill_nodes(_: Progress) -> None:
        if len(kills) < 5 and time.monotonic() > kills[-1]:
            cluster.kill_a_node()
            kills.append(time.monotonic() + random.uniform(1, 4))

    engine_campaign.go_on(folder, kill_nodes)

    assert acknowledged
    assert len(kills) > 2
    assert engine_campaign.facts(folder) == expected
    lost = read_losses(folder)
    assert lost is not None
    assert lost.causes.keys() <= {"node", "worker", "preempted"}
    assert status_facts(Reader.read(folder))["lost"]["trained_again"] == lost.jobs


@pytest.mark.long
@NIGHTLY
def test_machines_that_join_while_a_campaign_runs_are_used(cluster: Cluster) -> None:
    needs = Needs(0, most=99, cluster=cluster.settings)
    with Workers(Ray(work(epochs=100), needs)) as pool:
        outcomes = pool.run([Job(str(number), IDENTITY, 0) for number in range(3000)])
        next(outcomes)
        before = pool.count
        node = cluster.add_node()
        start = time.monotonic()
        for _ in outcomes:
            if pool.count > before:
                break
            assert time.monotonic() < start + 200
        after = pool.count
        outcomes.close()
    cluster.remove_node(node)

    assert after > before


@pytest.mark.long
@NIGHTLY
def test_the_head_of_a_cluster_is_killed_and_the_resumed_history_is_that_of_local_workers(
    tmp_path: Path,
) -> None:
    folder, endless = tmp_path / "ray", [*LONGER, "generations=1000"]
    engine_campaign.begin(folder, ["compute=ray", "workers=1", *endless])

    driver = engine_campaign.start_driver(folder)
    wait_for(lambda: Reader.read(folder).outcomes, timeout_s=300)
    (head,) = [one for one in descendants(driver.pid) if "gcs_server" in command_of(one)]
    os.kill(head, signal.SIGKILL)
    ended = driver.wait(timeout=300)  # Ray waits a minute for another head
    last = Reader.read(folder).generation + 1

    def stop(progress: Progress) -> None:
        if progress.generation > last:
            raise KeyboardInterrupt

    engine_campaign.begin(tmp_path / "local", endless)
    for each in (folder, tmp_path / "local"):  # the first on a cluster of its own, too
        with pytest.raises(KeyboardInterrupt):
            engine_campaign.go_on(each, stop)

    assert ended != 0
    assert engine_campaign.facts(folder) == engine_campaign.facts(tmp_path / "local")


def command_of(process: int) -> str:
    """The command line of a process; empty where it has ended."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().decode()
    except OSError:
        return ""
