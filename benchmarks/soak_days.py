"""Claim: a campaign of weeks does not grow heavier, and whatever happens to it is repeated exactly.

A campaign that trains nothing (see `no_training`) runs for a number of simulated days, a generation
per two simulated hours, with a language model that fails now and then (see `faulty_model`). Every
day ends with SIGKILL. On the way it is steered over its socket as by `evo ctl`: hints, pins, a ban,
a pause, a model that is switched off and on, budgets, and an extension by the last four days. At
the end another campaign branches off it.

Prints a line per day, then how memory, descriptors, threads, disk per candidate and processor time
per generation have changed from the first third to the last one. With `--twin 1` the same campaign
runs once more, undisturbed, with all that was said known from the start: its records must be equal.

Usage: python benchmarks/soak_days.py [--quick] [--days N] [--generations N] [--offspring N]
    [--twin 0|1]
"""

import math
import multiprocessing
import os
import random
import signal
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import faulty_model
import no_training
import numpy as np
import torch
from sizes import Size, read_sizes

from archive.history.history import History
from archive.history.reader import Reader
from archive.repair.check import check_campaign
from evo.campaign.branch import Place, branch
from evo.campaign.commands import Command
from evo.campaign.create import create
from evo.campaign.events import GenerationSealed
from evo.campaign.progress import Progress
from evo.campaign.resume import replay
from evo.config import Config
from evo.control.client import send
from evo.control.server import listening
from evo.llm.providers.base import providers

_FORK = multiprocessing.get_context("fork")
_EXTENSION = 4
"""Days that the campaign is extended by."""
_WITHIN_S = 3600.0


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


def main(days: int, generations: int, offspring: int, twin: int) -> None:
    """Live through the days, and print what they did to the campaign."""
    assert faulty_model.Faulty.name in providers.names()
    torch.set_num_threads(1)
    no_training.warm_up("activation")
    rng = random.Random(0)  # noqa: S311 - moments to kill at, no secrets
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "weeks"
        config = _configure(max(1, days - _EXTENSION) * generations, offspring)
        no_training.create(folder, config).close()
        said = _said(days, generations)
        lived: list[Day] = []
        while Reader.read(folder).generation < days * generations:
            lived.append(_live(folder, (len(lived) + 1) * generations, said, rng))
            _print_day(len(lived), lived[-1])
            assert not check_campaign(folder).findings, check_campaign(folder)
        _print_drift(lived)
        history = Reader.read(folder)
        commands = [change.command for change in history.changes]
        print(f"said: {len(commands)} commands, {len(set(commands))} different ones")
        print(f"resumed in {_resumed_s(folder):.1f} s of processor time with all of it")
        print(_branched(folder, Path(place) / "branch", config))
        if twin:
            print(_equals_twin(history, Path(place) / "twin", config))


def _configure(generations: int, offspring: int) -> Config:
    base = no_training.configure(
        (
            *(f"generations={generations}", f"offspring={offspring}", "population=12"),
            *(f"trainings={max(4, offspring // 2)}", "seed=5"),
        )
    )
    model = {"provider": "faulty", "model": "faulty", "price_in": 1.0, "price_out": 1.0}
    models = [{**model, "name": name} for name in ("one", "two")]
    values = base.model_dump(mode="json", exclude={"operators", "portfolio", "llm"})
    llm = {"models": models, "wait_s": 0.01, "budget": {"dollars": 1000, "trainings": 100_000}}
    return Config.model_validate({**values, "llm": llm})


def _said(days: int, per_day: int) -> dict[int, list[Callable[[Path], Command]]]:
    """Commands of a person, by the generation after which they are sent."""

    def words(*parts: str, **how: Any) -> Callable[[Path], Command]:
        return lambda _: Command.of(parts[0], parts[1:], **how)

    said: dict[int, list[Callable[[Path], Command]]] = {}
    for day in range(1, days):
        noon = (day - 1) * per_day + max(1, per_day // 2)
        said.setdefault(noon, []).append(
            words("hint", f"Day {day}: try bounded functions.", generations=max(1, per_day // 3))
        )
        if day % 3 == 1:
            said[noon].append(lambda folder: Command.of("pin", [_best(folder)]))
        if day % 5 == 2:
            said[noon].append(lambda folder: Command.of("ban", [_worst_survivor(folder)]))
        if day % 4 == 0:
            said[noon] += [words("pause"), words("resume")]
        if day % 4 in (1, 3):
            said[noon].append(words("model", "two", "off" if day % 4 == 1 else "on"))
        if day % 6 == 0:
            said[noon].append(words("budget", "dollars=+5", "trainings=+1000"))
    extended = max(1, days - _EXTENSION) * per_day
    last_call = max(1, extended - max(1, per_day // 2))
    said.setdefault(last_call, []).append(words("generations", f"{days * per_day}"))
    return said


def _best(folder: Path) -> str:
    return max(_survivors(folder), key=lambda one: one[1])[0]


def _worst_survivor(folder: Path) -> str:
    return min(_survivors(folder), key=lambda one: one[1])[0]


def _survivors(folder: Path) -> list[tuple[str, float]]:
    history = Reader.read(folder)
    return [
        (record.id, record.scored.margin.value)
        for record in history.records
        if record.id in history.survivors and record.is_proposal and record.novelty is not None
    ]


def _live(
    folder: Path, last: int, said: dict[int, list[Callable[[Path], Command]]], rng: random.Random
) -> Day:
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
            for command in said.pop(hour.generation, ()):
                assert send(folder, command(folder)) is not None, "nobody listens"
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
    """What a process reports, until it ends."""
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


def _print_day(number: int, day: Day) -> None:
    if not day.hours:
        print(f"day {number}: killed before its first generation", flush=True)
        return
    last = day.hours[-1]
    print(
        f"day {number}: generation {last.generation}, {day.records:,} records, "
        f"{statistics.median(hour.process_s for hour in day.hours):.2f} s per generation, "
        f"{last.resident_mib:.0f} MiB, {last.descriptors} descriptors, {last.threads} threads, "
        f"{1024 * day.disk_mib / day.records:.2f} KiB of disk per record",
        flush=True,
    )


def _print_drift(days: list[Day]) -> None:
    """How the last third of the days differs from the first one."""
    lived = [day for day in days if day.hours]
    third = max(1, len(lived) // 3)
    early, late = lived[:third], lived[-third:]

    def change(name: str, unit: str, measure: Callable[[Day], float]) -> None:
        before, after = (statistics.median(map(measure, part)) for part in (early, late))
        print(f"{name}: {before:.2f} to {after:.2f} {unit} ({after - before:+.2f})")

    # The first generation of a process replays history and is left out.
    change("time per generation", "s", lambda d: _median(h.process_s for h in d.hours[1:]))
    change("first generation of a day", "s", lambda d: d.hours[0].process_s)
    change("descriptors", "", lambda d: d.hours[-1].descriptors)
    change("threads", "", lambda d: d.hours[-1].threads)
    change("disk per record", "KiB", lambda d: 1024 * d.disk_mib / d.records)
    change("memory at the end of a day", "MiB", lambda d: d.hours[-1].resident_mib)
    records = np.array([day.records for day in lived])
    memory = np.array([day.hours[-1].resident_mib for day in lived])
    if len(lived) > 2:
        slope = 1024 * np.polyfit(records, memory, 1)[0]
        print(f"memory per record: {slope:.2f} KiB over all days")
    within = [d.hours[-1].resident_mib - d.hours[len(d.hours) // 2].resident_mib for d in lived]
    print(f"memory within the second half of a day: {statistics.median(within):+.2f} MiB, median")


def _median(values: Iterator[float]) -> float:
    known = list(values)
    return statistics.median(known) if known else math.nan


def _resumed_s(folder: Path) -> float:
    start = time.process_time()
    with History.open(folder) as history:
        replay(history, no_training.fresh_state(history))
    return time.process_time() - start


def _branched(folder: Path, place: Path, config: Config) -> str:
    """Run two generations of a campaign that begins with this one."""
    settings = config.model_copy(update={"generations": 2})
    begun = branch(settings, [Place(folder, None)], {})
    create(place, begun.config, fill=begun.fill).close()
    with History.open(place) as history:
        no_training.run(history, lambda _: None)
    given = sum(record.generation == 0 for record in history.records)
    return f"branch: {given:,} components of generation 0, then 2 generations"


def _equals_twin(history: Reader, place: Path, config: Config) -> str:
    """Run the campaign undisturbed, with all that was said from the start, and compare."""
    with no_training.create(place, config) as twin:
        twin.change(history.changes)
        no_training.run(twin, lambda _: None)
    one, other = list(history.records), list(Reader.read(place).records)
    assert one == other, "the campaign is not the one that it would be"
    return f"equal to an undisturbed campaign: {len(one):,} records"


if __name__ == "__main__":
    main(
        **read_sizes(
            __doc__,
            days=Size(14, 3, "simulated days"),
            generations=Size(12, 4, "generations per day"),
            offspring=Size(20, 6, "proposals per generation"),
            twin=Size(1, 1, "1 to compare with an undisturbed campaign"),
        )
    )
