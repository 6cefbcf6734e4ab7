"""Trainings by Slurm, with a stand-in for its commands."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from support import fake_slurm
from support.processes import wait_for
from support.slurm_work import IDENTITY, NIGHTLY, SlurmSuite, work, workers_under

from evo.compute.engines.slurm import Slurm
from evo.compute.lost_attempts import LostAttempt
from evo.compute.settings import ClusterSettings, Needs
from evo.compute.workers import Workers
from evo.core.errors import EvoError, UsageError
from evo.evaluation.protocol import Job

PYTHON = f"#!{sys.executable}\n"


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


@pytest.mark.heavy(alone="a worker that its machine takes back is a process")
def test_a_worker_whose_place_is_taken_back_puts_back_what_it_trains(
    commands: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[LostAttempt] = []
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


@pytest.mark.heavy(quick="test_commands_that_fail_for_ten_minutes_end_with_what_they_said")
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
@pytest.mark.usefixtures("commands")
class TestFake(SlurmSuite):
    secret = "EVO_NONE"
