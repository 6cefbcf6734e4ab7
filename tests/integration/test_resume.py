"""A campaign that is cut off anywhere, any number of times, becomes the one that never was."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import NamedTuple

import no_training
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support.killed import Killed
from support.processes import wait_for
from support.profiles import PROFILE, many, mostly_heavy, only_long

from archive.history.history import History
from archive.history.reader import Reader
from archive.store import disk, segment
from archive.store.journal import read_journal
from archive.store.merging import MergeLimits
from evo.core.records import Status
from evo.core.stages import TrainingEnd
from evo.core.trials import JobKey, Outcome
from evo.evaluation.protocol import Job

GENERATIONS = 5
SETTINGS = (
    *("population=6", "offspring=6", "trainings=4", f"generations={GENERATIONS}", "seed=3"),
    "reward.screening=true",
    "protocol.rungs=[{epochs = 1, seeds = 5}, {epochs = 2, seeds = 5}]",
    *("protocol.rate_seeds=2", "protocol.heat_seeds=2"),
)
LIMITS = MergeLimits(fan=3)
"""A merge within few generations."""

STRATEGIES = {
    "two kinds": ("kind=regularizer+activation", "protocol.strengths=[1.0]"),
    "niches": ("selection.survival=niches",),
    "refining": ("operators={mutate-tree=1,blend-tree=1,tune-tree=3,simplify-tree=1}",),
    "uniform": ("selection.parents=uniform",),
    "tournament": ("selection.parents=tournament",),
    "novelty-first": ("selection.parents=novelty-first",),
    "nsga2": ("selection.survival=nsga2",),
    "portfolio": (
        "population=16",
        "selection.portfolio=['merit+rank', 'elite+best', 'niches+rank', 'baselines+uniform']",
    ),
    "a lag of one": ("overlap=1",),
    "a lag of three": ("generations=4", "overlap=3", "population=8", "selection.islands=2"),
    "history": ("selection.survival=elite", "selection.parents=epsilon-history"),
    "few children": ("selection.parents=few-children",),
    "islands": ("population=12", "selection.islands=3", "selection.migrate_every=2"),
    "islands of niches": (
        *("population=8", "selection.islands=2", "selection.migrate_every=2"),
        *("selection.survival=niches", "selection.parents=rank"),
    ),
}


FEW = ("two kinds", "refining", "a lag of three", "history", "islands of niches")
"""Which differ most in what a resume has to restore."""


class Finished(NamedTuple):
    trained: int
    events: int


def live(
    folder: Path, *, die_at: int | None = None, order: int = 0, more: Sequence[str] = ()
) -> Finished:
    """Run to the end, or to the durable step of that number: it is killed before it takes it."""
    steps = count()

    def dying(act):
        def acting(*args, **words):
            step = next(steps)
            if die_at is not None and step >= die_at:  # other threads die with it
                raise Killed
            return act(*args, **words)

        return acting

    config = no_training.configure((*SETTINGS, *more))
    trainer = no_training.Trainer(config.protocol, order=order)
    with pytest.MonkeyPatch.context() as patch:
        if not folder.exists():
            no_training.create(folder, config).close()
        patch.setattr(os, "fsync", dying(os.fsync))
        patch.setattr(disk, "synchronise", dying(disk.synchronise))
        patch.setattr(Path, "replace", dying(Path.replace))
        patch.setattr(Path, "unlink", dying(Path.unlink))
        with History.open(folder, merge_limits=LIMITS) as history:
            no_training.run(history, lambda _: None, trainer=trainer)
    return Finished(trainer.trained, next(steps))


def segments(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "segments").glob("*.h5")}


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> tuple[Path, Finished]:
    folder = tmp_path_factory.mktemp("whole") / "run"
    return folder, live(folder)


def test_the_uninterrupted_campaign_has_what_a_campaign_has(whole):
    folder, finished = whole
    reader = Reader.read(folder)

    assert reader.generation == GENERATIONS
    assert len(reader.records) == 12 + 6 * (GENERATIONS - 1) + 4 * 6, "the last one is screened"
    assert {record.status.value for record in reader.records} >= {"EVALUATED", "SCREENED_OUT"}
    assert sum(r.scored.end is TrainingEnd.REMEASURED for r in reader.records if r.score) >= 3
    assert "generations-000000-000002.h5" in segments(folder)
    assert finished.trained > 50
    assert finished.events > finished.trained


@pytest.mark.long
@settings(
    max_examples=many(2, ci=5, nightly=150),
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # an example costs seconds: shrinking, minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    deaths=st.lists(st.integers(0, 160), min_size=1, max_size=4),
    orders=st.lists(st.integers(0, 99), min_size=5, max_size=5),
)
def test_killed_anywhere_and_resumed_it_is_the_same_history_byte_for_byte(
    whole, tmp_path_factory, deaths, orders
):
    expected, _ = whole
    folder = tmp_path_factory.mktemp("cut") / "run"
    for death, order in zip(deaths, orders, strict=False):
        with suppress(Killed):
            live(folder, die_at=death, order=order)
    live(folder, order=orders[-1])

    assert segments(folder) == segments(expected)
    assert (folder / "journal").read_bytes() == (expected / "journal").read_bytes()
    assert not list(folder.rglob(".*.tmp"))


class Asked(no_training.Trainer):
    """Notes what it is asked to train."""

    keys: set[JobKey]

    def __call__(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        self.keys |= {job.key for job in jobs}
        return super().__call__(jobs)


def test_outcomes_of_later_generations_are_kept_where_an_overlapping_one_dies_in_its_seal(
    tmp_path, monkeypatch
):
    config = no_training.configure((*SETTINGS, "overlap=2", "generations=3"))
    journal, sealed, paid = tmp_path / "run" / "journal", segment.seal, set[JobKey]()

    def seal_and_die(folder, generation, **words):
        result = sealed(folder, generation, **words)
        if generation.number == 1:
            ids = {record.id for record in generation.records}

            def later() -> set[JobKey]:
                return {key for key in read_journal(journal).outcomes if key.id not in ids}

            wait_for(later)
            paid.update(later())
            raise Killed
        return result

    with monkeypatch.context() as patch:
        patch.setattr(segment, "seal", seal_and_die)
        with suppress(Killed), no_training.create(tmp_path / "run", config) as history:
            no_training.run(history, lambda _: None)
    trainer = Asked(config.protocol)
    trainer.keys = set()
    with History.open(tmp_path / "run", merge_limits=LIMITS) as history:
        no_training.run(history, lambda _: None, trainer=trainer)

    assert paid
    assert trainer.keys
    assert not paid & trainer.keys


@pytest.mark.parametrize(
    ("lag", "deaths"),
    [(2, (60, 25)), *only_long(*[(lag, (13 * lag, 40, 90)) for lag in (1, 2, 3, 4)])],
)
def test_generations_that_overlap_are_killed_anywhere_and_are_the_same_byte_for_byte(
    tmp_path, lag, deaths
):
    more = (f"overlap={lag}", "generations=5")
    live(tmp_path / "uncut", more=more)

    for order, death in enumerate(deaths):
        with suppress(Killed):
            live(tmp_path / "cut", die_at=death, order=order, more=more)
    live(tmp_path / "cut", order=9, more=more)

    assert segments(tmp_path / "cut") == segments(tmp_path / "uncut")
    ids = [r.id for r in Reader.read(tmp_path / "cut").records if r.status is not Status.DUPLICATE]
    assert len(set(ids)) == len(ids), "nothing is tried twice"


@pytest.mark.parametrize("name", mostly_heavy(FEW, STRATEGIES))
def test_with_every_strategy_a_campaign_resumes_as_if_it_had_never_been_cut(
    whole, tmp_path, name
) -> None:
    more = ("generations=3", *STRATEGIES[name])
    uncut = live(tmp_path / "uncut", more=more)

    for part in (0.25, 0.5) if PROFILE == "nightly" else (0.4,):
        with suppress(Killed):
            live(tmp_path / "cut", die_at=int(part * uncut.events), order=7, more=more)
    live(tmp_path / "cut", order=8, more=more)

    assert segments(tmp_path / "cut") == segments(tmp_path / "uncut")
    ids, usual = ([r.id for r in Reader.read(f).records] for f in (tmp_path / "cut", whole[0]))
    assert ids != usual[: len(ids)], "the strategy changes the search"


class Cut(no_training.Trainer):
    """Is killed after the first outcome on fresh seeds of something that is no baseline."""

    known: frozenset[str]

    def __call__(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        for outcome in super().__call__(jobs):
            yield outcome
            if outcome.key == (outcome.id, 1, 2) and outcome.id not in self.known:
                raise Killed


@pytest.mark.heavy(quick="test_killed_anywhere_and_resumed_it_is_the_same_history_byte_for_byte")
def test_cut_off_within_a_second_measurement_it_resumes_to_the_same_history(whole, tmp_path):
    records = Reader.read(whole[0]).records
    config = no_training.configure(SETTINGS)
    trainer = Cut(config.protocol)
    trainer.known = frozenset(record.id for record in records if record.is_baseline)
    with suppress(Killed), no_training.create(tmp_path / "run", config) as history:
        no_training.run(history, lambda _: None, trainer=trainer)
    paid = {key for key in Reader.read(tmp_path / "run").outcomes if key[1:] == (1, 2)}
    finished = live(tmp_path / "run", order=5)

    assert len(paid) == 1, "the first result on fresh seeds is in the journal"
    assert segments(tmp_path / "run") == segments(whole[0])
    assert trainer.trained + finished.trained == whole[1].trained


def test_a_clock_that_jumps_back_changes_nothing(whole, tmp_path, monkeypatch):
    jumps = count()
    monkeypatch.setattr(time, "time", lambda: 1e9 - 3600 * next(jumps))

    live(tmp_path / "run")

    assert segments(tmp_path / "run") == segments(whole[0])


def test_what_was_paid_for_is_not_paid_again(whole, tmp_path):
    folder, finished = whole
    half = finished.events // 2
    with pytest.raises(Killed):
        live(tmp_path / "run", die_at=half)
    reader = Reader.read(tmp_path / "run")
    in_hand = len(reader.outcomes)
    sealed = {
        (record.id, trial.rung, trial.seed)
        for record in reader.records
        if record.score is not None
        for trial in record.score.trials
    }

    again = live(tmp_path / "run")

    assert sealed
    assert 0 < again.trained < finished.trained - in_hand
    assert segments(tmp_path / "run") == segments(folder)
