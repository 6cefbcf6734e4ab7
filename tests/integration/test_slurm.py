"""Trainings by Slurm: by a stand-in for its commands, and by a real one where it is installed."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from support import engine_campaign, fake_slurm
from support.processes import wait_for
from support.profiles import PROFILE

from archive.history.reader import Reader
from evo.compute.engines.base import Engine
from evo.compute.engines.slurm import Slurm
from evo.compute.losses import Loss, LossCause
from evo.compute.settings import ClusterSettings, Needs
from evo.compute.work import Work
from evo.compute.workers import Workers
from evo.core.errors import EvoError, UsageError
from evo.evaluation.protocol import Job, Protocol, Rung
from evo.testing import EngineSuite

IDENTITY = ('{"inputs":1,"nodes":[],"output":{"ref":0}}',)
NIGHTLY = pytest.mark.skipif(PROFILE != "nightly", reason="many processes: make test-long")
PYTHON = f"#!{sys.executable}\n"


def work(*, epochs: int = 1) -> Work:
    rungs = (Rung(epochs=epochs, seeds=2, networks=1),)
    protocol = Protocol(rungs=rungs, learning_rates=(0.01,), leaders=0)
    return Work("activation", ("breast-cancer",), protocol, "cpu", timeout_s=300.0)


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The stand-in's commands, first on the PATH."""
    place = tmp_path_factory.mktemp("slurm")
    (place / "tasks").mkdir()
    for name in ("sbatch", "squeue", "scancel"):
        (place / name).write_text(PYTHON + Path(fake_slurm.__file__).read_text())
        (place / name).chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{place}{os.pathsep}{os.environ['PATH']}")
        yield place


def test_a_worker_whose_place_is_taken_back_puts_back_what_it_trains(
    commands: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[Loss] = []
    needs = Needs(1, cluster=ClusterSettings(folder=str(tmp_path / "shared")))
    with Workers(Slurm(work(epochs=60), needs), note=noted.append) as pool:
        outcomes = pool.run([Job(name, IDENTITY, 0) for name in "abcd"])
        first = next(outcomes)
        (root,) = (tmp_path / "shared").iterdir()
        assert root.stat().st_mode & 0o077 == 0
        (worker,) = (path.name for path in (commands / "tasks").iterdir())
        monkeypatch.setattr(fake_slurm, "STATE", commands / "tasks")
        monkeypatch.setattr(fake_slurm, "PLACE", commands)
        fake_slurm.end(worker, "PREEMPTED", signal.SIGTERM)
        rest = list(outcomes)

    assert sorted(outcome.id for outcome in [first, *rest]) == list("abcd")
    assert {outcome.trials for outcome in rest} == {first.trials}
    assert not noted
    assert not list((tmp_path / "shared").iterdir())


@pytest.fixture
def outage(commands: Path) -> Iterator[Path]:
    """The file that makes every command fail, and to which each attempt adds a line."""
    file = commands / "outage"
    yield file
    file.unlink(missing_ok=True)


def test_commands_that_fail_for_a_while_delay_a_lost_worker_and_nothing_else(
    commands: Path, outage: Path, tmp_path: Path
) -> None:
    needs = Needs(1, cluster=ClusterSettings(folder=str(tmp_path / "shared")))
    seconds = count(step=2.0)  # of which each look at the clock takes two
    engine = Slurm(work(epochs=60), needs, clock=lambda: next(seconds))
    with Workers(engine) as pool:
        outcomes = pool.run([Job(name, IDENTITY, 0) for name in "abcd"])
        received = [next(outcomes)]
        outage.touch()
        received.append(next(outcomes))  # workers go on without Slurm's commands
        os.kill(workers_under(tmp_path)[0], signal.SIGKILL)
        repair = threading.Thread(target=repair_after, args=(outage, 4))
        repair.start()
        received += outcomes
        repair.join()

    assert sorted(outcome.id for outcome in received) == list("abcd")
    assert len({outcome.trials for outcome in received}) == 1


def repair_after(outage: Path, attempts: int) -> None:
    wait_for(lambda: len(outage.read_text().splitlines()) >= attempts, timeout_s=60)
    outage.unlink()


def test_commands_that_fail_for_ten_minutes_end_with_what_they_said(
    commands: Path, outage: Path, tmp_path: Path
) -> None:
    seconds = count(step=20.0)
    cluster = ClusterSettings(folder=str(tmp_path))
    engine = Slurm(work(), Needs(1, cluster=cluster), clock=lambda: next(seconds))
    engine.start()
    outage.touch()
    try:
        with pytest.raises(EvoError, match=r"for 10 minutes: squeue failed: .* contact slurm"):
            for _ in range(100):
                engine.ended(0)
    finally:
        outage.unlink()
        engine.stop()

    assert 600 < next(seconds) < 900


def test_what_slurm_refuses_is_said(commands: Path, tmp_path: Path) -> None:
    cluster = ClusterSettings(folder=str(tmp_path), options={"no-such-option": "3"})

    with (
        pytest.raises(EvoError, match="unrecognized option '--no-such-option'"),
        Workers(Slurm(work(), Needs(1, cluster=cluster))),
    ):
        pass


@pytest.mark.parametrize(
    ("needs", "message"),
    [
        (Needs(0), "needs workers"),
        (Needs(2, gpus=0.25), "whole GPUs"),
    ],
)
def test_what_slurm_cannot_do_is_found_before_anything_is_spent(commands, needs, message) -> None:
    with pytest.raises(UsageError, match=message):
        Slurm.check(needs)


def test_a_machine_without_slurm_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(UsageError, match=r"needs sbatch on the PATH\. Start evo on a login node"):
        Slurm.check(Needs(2))


@pytest.mark.long
@NIGHTLY
class TestFake(EngineSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def engine(cls) -> type[Engine]:
        return Slurm

    @pytest.fixture(scope="class")
    @classmethod
    def needs(cls, commands: Path, tmp_path_factory: pytest.TempPathFactory) -> Needs:
        folder = str(tmp_path_factory.mktemp("shared"))
        return Needs(2, cluster=ClusterSettings(folder=folder), secrets=frozenset({"EVO_NONE"}))


CONFIGURATION = """
ClusterName=evo
SlurmctldHost={host}
AuthType=auth/munge
CryptoType=crypto/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
ReturnToService=2
SlurmctldPidFile={place}/slurmctld.pid
SlurmdPidFile={place}/slurmd.pid
SlurmdSpoolDir={place}/spool
StateSaveLocation={place}/state
SlurmUser=root
SlurmdUser=root
SlurmctldLogFile={place}/slurmctld.log
SlurmdLogFile={place}/slurmd.log
SwitchType=switch/none
TaskPlugin=task/none
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
KillWait=5
MinJobAge=300
SlurmctldTimeout=300
SlurmdTimeout=300
NodeName={host} CPUs={cpus} State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:4
"""


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A real Slurm of one node, from Debian's packages."""
    programs = ["slurmctld", "slurmd", "sbatch", "munged"]
    path = os.pathsep.join([os.environ["PATH"], "/usr/sbin"])
    if missing := [name for name in programs if not shutil.which(name, path=path)]:
        pytest.skip(f"{missing[0]} is not installed (apt install slurmctld slurmd slurm-client)")
    if os.getuid():
        pytest.skip("a Slurm of one's own needs root")
    place = tmp_path_factory.mktemp("real-slurm")
    place.chmod(0o755)
    for parent in place.parents:
        parent.chmod(parent.stat().st_mode | 0o011)
    (place / "state").mkdir()
    (place / "spool").mkdir()
    host = os.uname().nodename
    cpus = len(os.sched_getaffinity(0))
    (place / "slurm.conf").write_text(CONFIGURATION.format(place=place, host=host, cpus=cpus))
    Path("/run/munge").mkdir(exist_ok=True)
    shutil.chown("/run/munge", "munge", "munge")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLURM_CONF", str(place / "slurm.conf"))
        patch.setenv("PATH", path)
        patch.setenv("EVO_CONTRACT_KEY", "hush-hush")  # what no worker may have
        started = [
            subprocess.Popen(["runuser", "-u", "munge", "--", "munged", "-F"]),
            subprocess.Popen(["slurmctld", "-D"], stderr=(place / "ctl.err").open("wb")),
            subprocess.Popen(["slurmd", "-D"], stderr=(place / "d.err").open("wb")),
        ]
        try:
            wait_for(is_idle, timeout_s=120)
            yield place
        finally:
            for process in reversed(started):
                process.terminate()
                process.wait(timeout=30)


def is_idle() -> bool:
    told = subprocess.run(
        ["sinfo", "-h", "-o", "%T"], capture_output=True, text=True, check=False, timeout=60
    )
    return told.stdout.strip() in ("idle", "mixed", "allocated")


@pytest.mark.long
@NIGHTLY
class TestReal(EngineSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def engine(cls) -> type[Engine]:
        return Slurm

    @pytest.fixture(scope="class")
    @classmethod
    def needs(cls, slurm: Path, tmp_path_factory: pytest.TempPathFactory) -> Needs:
        folder = str(tmp_path_factory.mktemp("shared"))
        secrets = frozenset({"EVO_CONTRACT_KEY"})
        return Needs(2, cluster=ClusterSettings(folder=folder), secrets=secrets)

    def test_a_cancelled_worker_and_one_that_is_killed_cost_nothing_but_time(
        self, slurm: Path, tmp_path: Path
    ) -> None:
        noted: list[Loss] = []
        needs = Needs(1, cluster=ClusterSettings(folder=str(tmp_path)))
        with Workers(Slurm(work(epochs=100), needs), note=noted.append) as pool:
            outcomes = pool.run([Job(name, IDENTITY, 0) for name in "abcdef"])
            first = next(outcomes)
            own = newest_job()
            subprocess.run(["scancel", own], check=True)
            second = next(outcomes)
            processes = workers_under(tmp_path)
            os.kill(processes[0], signal.SIGKILL)
            rest = list(outcomes)

        assert sorted(one.id for one in [first, second, *rest]) == list("abcdef")
        assert {one.trials for one in [second, *rest]} == {first.trials}
        assert {loss.cause for loss in noted} <= {LossCause.WORKER, LossCause.PREEMPTED}


def newest_job() -> str:
    told = subprocess.run(
        ["squeue", "-h", "-r", "-t", "RUNNING", "-o", "%A"],
        capture_output=True,
        text=True,
        check=True,
    )
    return max(told.stdout.split(), key=int)


def workers_under(folder: Path) -> list[int]:
    """Processes that work in a folder."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found: list[int] = []
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = entry.read_bytes().split(b"\0")
            except OSError:
                continue
            if b"evo.compute.slurm_worker" in words and str(folder).encode() in b" ".join(words):
                found.append(int(entry.parent.name))
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError("no worker")


@pytest.mark.long
@NIGHTLY
def test_a_campaign_by_slurm_whose_driver_is_killed_and_resumed_is_that_of_local_workers(
    slurm: Path, tmp_path: Path
) -> None:
    engine_campaign.begin(tmp_path / "local")
    engine_campaign.go_on(tmp_path / "local")
    folder = tmp_path / "run"
    engine_campaign.begin(folder, ["compute=slurm", f'cluster.folder="{tmp_path / "shared"}"'])

    driver = engine_campaign.start_driver(folder)
    wait_for(lambda: Reader.read(folder).outcomes, timeout_s=300)
    driver.kill()
    driver.wait()
    acknowledged = set(Reader.read(folder).outcomes)
    # Its workers have the only places until they see that it is dead, within two minutes.
    engine_campaign.go_on(folder)

    assert acknowledged
    assert engine_campaign.facts(folder) == engine_campaign.facts(tmp_path / "local")
