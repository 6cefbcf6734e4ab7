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
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import faulty_model
import no_training
import numpy as np
import torch
from daily_commands import EXTENSION, commands_by_generation
from simulated_day import Day, live
from sizes import Size, read_sizes

from archive.history.history import History
from archive.history.reader import Reader
from archive.repair.check import check_campaign
from evo.campaign.branch import BranchPoint, branch
from evo.campaign.config import Config
from evo.campaign.create import create
from evo.campaign.resume import replay
from evo.llm.providers.base import providers


def main(days: int, generations: int, offspring: int, twin: int) -> None:
    """Live through the days, and print what they did to the campaign."""
    assert faulty_model.Faulty.name in providers.names()
    torch.set_num_threads(1)
    no_training.warm_up("activation")
    rng = random.Random(0)  # noqa: S311 - moments to kill at, no secrets
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "weeks"
        config = _configure(max(1, days - EXTENSION) * generations, offspring)
        no_training.create(folder, config).close()
        said = commands_by_generation(days, generations)
        lived: list[Day] = []
        while Reader.read(folder).generation < days * generations:
            lived.append(live(folder, (len(lived) + 1) * generations, said, rng))
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
    begun = branch(settings, [BranchPoint(folder, None)], {})
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
