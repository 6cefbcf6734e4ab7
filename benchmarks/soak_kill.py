"""Claim: a campaign that is killed at random times loses nothing.

Most killed processes run a campaign that trains nothing (see `no_training`) and so acknowledge and
seal all the time. The others are `evo run` and `evo resume` as installed, with sandbox and workers.
After every SIGKILL all files are intact, every outcome that the process reported as acknowledged is
there, and no process of it is left. A campaign that ends after such kills equals an undisturbed
one; those that train nothing are equal byte for byte.

Usage: python benchmarks/soak_kill.py [--quick] [--kills N] [--commands N] [--seed N]
"""

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import no_training
import torch
from sizes import Size, read_sizes

from archive.history.history import History
from archive.history.reader import Reader
from archive.repair import check as health
from evo.core.trials import JobKey, Outcome

SETTINGS = ("population=8", "offspring=10", "trainings=8", "generations=20")
COMMAND = ("smoke", "--set", "generations=4", "--set", "workers=2")
EVO = Path(sys.executable).parent / "evo"
_FORK = multiprocessing.get_context("fork")


class Life(NamedTuple):
    """One process of a campaign, and the outcomes it acknowledged before it was killed or died."""

    finished: bool
    acknowledged: set[JobKey]
    died: bool = False


def main(kills: int, commands: int, seed: int) -> None:
    """Kill campaigns and commands, check after each kill, and print a summary."""
    torch.set_num_threads(1)
    no_training.warm_up("activation")  # what is imported and traced here need not be in every life
    rng = random.Random(seed)  # noqa: S311 - moments to kill at, no secrets
    with tempfile.TemporaryDirectory() as place:
        for name, count, live in (
            ("campaign", kills, _live),
            ("command", commands, _live_as_command),
        ):
            print(f"{name}: {_soak(Path(place) / name, count, rng, live)}", flush=True)


def _soak(
    place: Path, kills: int, rng: random.Random, live: Callable[[Path, int, float | None], Life]
) -> str:
    done = died = finished = acknowledged = number = 0
    start = time.monotonic()
    while done < kills:
        number += 1
        folder = place / f"killed-{number}"
        folder.parent.mkdir(parents=True, exist_ok=True)
        life = Life(False, set())
        while not life.finished:
            patience = 3.0 if live is _live else 14.0
            moment = rng.uniform(0, patience) if done < kills else None
            life = live(folder, number, moment)
            done += not life.finished and not life.died
            died += life.died
            acknowledged += len(life.acknowledged)
            _expect_nothing_lost(folder, life)
            if not life.finished and done % 25 == 0:
                print(f"  {done} SIGKILLs, {acknowledged:,} acknowledged", flush=True)
        twin = place / f"whole-{number}"
        while not live(twin, number, None).finished:
            died += 1
        assert _facts(folder) == _facts(twin), f"{folder} is not the campaign that it would be"
        finished += 1
    return (
        f"{done} SIGKILLs, {died} deaths in torch (which may abort after a fork), "
        f"{acknowledged:,} outcomes acknowledged, none lost, no file damaged, no process left; "
        f"{finished} campaigns equal to undisturbed ones; {time.monotonic() - start:.0f} s"
    )


def _expect_nothing_lost(folder: Path, life: Life) -> None:
    if not (folder / "campaign.json").exists():
        assert not life.acknowledged, "acknowledged before there was a campaign"
        return
    assert not health.check_campaign(folder).findings, health.check_campaign(folder)
    reader = Reader.read(folder)
    sealed = {record.id for record in reader.records}
    missing = [s for s in life.acknowledged if s not in reader.outcomes and s.id not in sealed]
    assert not missing, f"acknowledged and lost: {missing}"


def _facts(folder: Path) -> object:
    """Content that must be equal: of stub campaigns every byte, of real ones all but the cost."""
    reader = Reader.read(folder)
    if not reader.environment:
        return {path.name: path.read_bytes() for path in (folder / "segments").iterdir()}
    return [(record, record.text_vector.tobytes()) for record in reader.records]


def _live(folder: Path, number: int, moment: float | None) -> Life:
    """Run a campaign without training in a process, which is killed at a moment if one is given."""
    receiving, sending = _FORK.Pipe(duplex=False)
    process = _FORK.Process(target=_run, args=(folder, number, sending))
    process.start()
    assert process.pid is not None
    sending.close()
    acknowledged: set[JobKey] = set()
    end = time.monotonic() + (moment if moment is not None else 600.0)
    while process.is_alive() and time.monotonic() < end:
        _hear(receiving, acknowledged)
        time.sleep(0.005)
    was_alive = process.is_alive()
    if was_alive:
        os.kill(process.pid, signal.SIGKILL)
    process.join()
    _hear(receiving, acknowledged)
    _expect_no_orphan(process.pid)
    assert process.exitcode in (0, -signal.SIGKILL, -signal.SIGABRT), process.exitcode
    return Life(process.exitcode == 0, acknowledged, died=process.exitcode == -signal.SIGABRT)


def _hear(receiving: Connection, acknowledged: set[JobKey]) -> None:
    try:
        while receiving.poll():
            acknowledged.add(receiving.recv())
    except EOFError:
        pass


def _run(folder: Path, number: int, sending: Connection) -> None:
    os.setsid()
    config = no_training.configure([*SETTINGS, f"seed={number}"])
    if not folder.exists():
        no_training.create(folder, config).close()
    with History.open(folder) as history:
        acknowledge = history.acknowledge

        def report(outcome: Outcome) -> None:
            acknowledge(outcome)
            sending.send(outcome.key)

        history.acknowledge = report
        trainer = no_training.Trainer(config.protocol, order=os.getpid())
        no_training.run(history, lambda _: None, trainer=trainer)


def _live_as_command(folder: Path, number: int, moment: float | None) -> Life:
    """Run the command itself; acknowledged outcomes are read from its files before the kill."""
    resume = ("resume", str(folder)) if (folder / "campaign.json").exists() else ()
    start = ("run", *COMMAND, "--seed", str(number), "--name", str(folder.absolute()))
    process = subprocess.Popen(
        [EVO, *(resume or start)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    acknowledged: set[JobKey] = set()
    if moment is not None and number % 2:
        # Half of the campaigns are killed at work: a start alone takes most of a random time.
        before, end = _paid(folder), time.monotonic() + 120
        while _paid(folder) == before and process.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        moment /= 4
    try:
        process.wait(moment if moment is not None else 600.0)
        finished = True
    except subprocess.TimeoutExpired:
        finished = False
        if (folder / "campaign.json").exists():
            acknowledged = set(Reader.read(folder).outcomes)
        os.kill(process.pid, signal.SIGKILL)
    _, errors = process.communicate()
    assert not finished or process.returncode == 0, errors
    _expect_no_orphan(process.pid)
    return Life(finished, acknowledged)


def _paid(folder: Path) -> tuple[int, int]:
    """The last sealed generation, and how many outcomes of the next one are on disk."""
    if not (folder / "campaign.json").exists():
        return -1, 0
    reader = Reader.read(folder)
    return reader.generation, len(reader.outcomes)


def _expect_no_orphan(session: int) -> None:
    end = time.monotonic() + 15
    while left := _of_session(session):
        assert time.monotonic() < end, f"processes left behind: {left}"
        time.sleep(0.02)


def _of_session(session: int) -> list[int]:
    """Living processes of a session."""
    processes: list[int] = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            processes.append(int(stat.parent.name))
    return processes


if __name__ == "__main__":
    main(
        **read_sizes(
            __doc__,
            kills=Size(280, 2, "kills of a campaign that trains nothing"),
            commands=Size(20, 0, "kills of the command `evo`"),
            seed=Size(0, 0, "random seed of the moments"),
        )
    )
