"""A simulated day: a process runs a campaign, hears what a person says, and is killed."""

import multiprocessing
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import no_training

from archive.history.history import History
from archive.history.reader import Reader
from evo.campaign.commands import Command
from evo.campaign.events import GenerationSealed
from evo.campaign.progress import Progress
from evo.monitoring.control.client import send_command
from evo.monitoring.control.server import listening

_FORK = multiprocessing.get_context("fork")
_WITHIN_S = 3600.0

Said = Mapping[int, Sequence[Callable[[Path], Command]]]
"""Commands of a person, by the generation after which they are sent."""


class Hour(NamedTuple):
    """Measures of a process when it has sealed a generation."""

    generation: int
    process_s: float
    resident_mib: float
    descriptors: int
    threads: int


class Day(NamedTuple):
    """One process of the campaign: its hours, and what it left on disk."""

    hours: list[Hour]
    disk_mib: float
    records: int


def live(folder: Path, last: int, said: Said, rng: random.Random) -> Day:
    """Run a process until it has sealed a generation, say what is due, and kill it then."""
    receiving, sending = _FORK.Pipe(duplex=False)
    process = _FORK.Process(target=_run, args=(folder, sending))
    process.start()
    sending.close()
    assert process.pid is not None
    hours: list[Hour] = []
    try:
        for hour in _heard(receiving):
            hours.append(hour)
            for command in said.get(hour.generation, ()):
                assert send_command(folder, command(folder)) is not None, "nobody listens"
            if hour.generation >= last:
                time.sleep(rng.uniform(0, 1.0))
                break
    finally:
        if process.is_alive():
            os.kill(process.pid, signal.SIGKILL)
        process.join()
    assert process.exitcode in (0, -signal.SIGKILL, -signal.SIGABRT), process.exitcode
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return Day(hours, size / 2**20, len(Reader.read(folder).records))


def _heard(receiving: Connection) -> Iterator[Hour]:
    """The reports of a process, until it ends."""
    until = time.monotonic() + _WITHIN_S
    while receiving.poll(max(0.0, until - time.monotonic())):
        try:
            yield receiving.recv()
        except EOFError:
            return


def _run(folder: Path, sending: Connection) -> None:
    os.setsid()
    with History.open(folder) as history, listening(history, lambda _: None):
        start = time.process_time()

        def watch(progress: Progress) -> None:
            nonlocal start
            for event in progress.events:
                if isinstance(event, GenerationSealed):
                    now = time.process_time()
                    sending.send(_measured(event.generation, now - start))
                    start = now

        no_training.run(history, watch)


def _measured(generation: int, process_s: float) -> Hour:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Hour(
        generation,
        process_s,
        pages * os.sysconf("SC_PAGE_SIZE") / 2**20,
        len(list(Path("/proc/self/fd").iterdir())),
        threading.active_count(),
    )
