"""Branches of combinations, islands and portfolios, with a stub for training."""

from collections.abc import Callable
from pathlib import Path

import no_training
import pytest
from support.profiles import heavy, only_long

from archive.history.history import History
from archive.history.reader import Reader
from archive.repair.check import check_campaign
from evo.campaign import create
from evo.campaign.branch import BranchPoint, branch
from evo.core.records import Record
from evo.report.facts.credits import credits_of
from evo.report.facts.front import pareto_front
from evo.report.facts.status import status_facts

SMALL = ("population=12", "offspring=8", "trainings=6", "generations=3", "seed=3")
PAIR = (
    "kind=activation+regularizer",
    'operators={"mutate-tree" = 2, "crossover-tree" = 1, "exchange" = 1}',
)
ISLANDS = ("selection.islands=3", "selection.migrate_every=2")
PORTFOLIO = ('selection.portfolio=["merit+rank", "elite+best", "nsga2+tournament"]',)
ONE_HEAT_S = 0.125
"""What a heat takes, as the stub has it."""
OTHER = ("protocol.rungs=[{epochs = 2, seeds = 4}, {epochs = 2, seeds = 8}]",)
SEARCHES = {"pair": PAIR, "islands": ISLANDS, "portfolio": PORTFOLIO}


def begin(folder: Path, settings: tuple[str, ...], *places: BranchPoint) -> Path:
    begun = branch(no_training.configure((*SMALL, *settings)), places, {})
    create.create(folder, begun.config, fill=begun.fill).close()
    return folder


def go_on(folder: Path, *, stop_at: tuple[int, str] = (-1, "")) -> Reader:
    def watch(progress) -> None:
        if (progress.generation, progress.step) == stop_at:
            raise KeyboardInterrupt

    with History.open(folder) as history:
        no_training.run(history, watch)
    return Reader.read(folder)


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Callable[[str], Path]:
    """Finished campaigns by the name of their search; never changed."""
    known: dict[str, Path] = {}

    def of(name: str) -> Path:
        if name not in known:
            known[name] = begin(tmp_path_factory.mktemp(name) / "first", SEARCHES[name])
            go_on(known[name])
        return known[name]

    return of


def contents(history: Reader) -> list[tuple[object, ...]]:
    return [(r.generation, r.id, r.status, r.reason, r.score, r.novelty) for r in history.records]


def began_with(history: Reader) -> list[Record]:
    return [record for record in history.records if record.generation == 0]


@pytest.mark.parametrize(
    ("search", "other"),
    [
        ("pair", OTHER),
        *heavy(("islands", ()), ("portfolio", ())),
        *only_long(("pair", ()), ("islands", OTHER), ("portfolio", OTHER)),
    ],
)
def test_a_branch_goes_on_with_the_survivors_and_resumes_as_if_never_stopped(
    finished, tmp_path, search, other
) -> None:
    first, settings = (
        Reader.read(finished(search)),
        (*SEARCHES[search], "seed=8", "generations=2", *other),
    )
    whole = go_on(begin(tmp_path / "whole", settings, BranchPoint(first.folder, 2)))
    cut = begin(tmp_path / "cut", settings, BranchPoint(first.folder, 2))
    with pytest.raises(KeyboardInterrupt):
        go_on(cut, stop_at=(0, "archive"))
    with pytest.raises(KeyboardInterrupt):
        go_on(cut, stop_at=(2, "archive"))

    assert contents(go_on(cut)) == contents(whole)
    assert whole.population(0)
    assert set(whole.population(0)) <= set(first.population(2))
    # A leader may be new among these, and is measured on the fresh seeds: one more heat.
    again = [r for r in began_with(whole) if r.is_inherited and r.seconds > ONE_HEAT_S]
    assert bool(again) is bool(other)
    assert check_campaign(whole.folder).findings == []
    assert status_facts(whole)["evaluated"] > 0


@pytest.mark.parametrize("other", [(), OTHER], ids=["same protocol", "another protocol"])
def test_what_a_combination_took_over_has_the_credits_of_its_components(
    finished, tmp_path, other
) -> None:
    first = finished("pair")
    settings = (*PAIR, "generations=1", *other)
    history = go_on(begin(tmp_path / "next", settings, BranchPoint(first)))

    taken = [r for r in pareto_front(history.records).members if r.is_inherited]
    assert taken
    found = credits_of(history, taken)
    assert set(found) == {record.id for record in taken}
    assert all(found.values())


def test_the_same_seed_finds_the_same_combinations_again_and_trains_nothing(
    finished, tmp_path
) -> None:
    first = Reader.read(finished("pair"))
    again = go_on(begin(tmp_path / "next", PAIR, BranchPoint(first.folder, 0)))

    assert [r.id for r in again.records] == [r.id for r in first.records]
    assert sum(record.seconds for record in again.records) == 0


def test_several_are_merged_whatever_their_searches(finished, tmp_path) -> None:
    """One population of islands, a portfolio and a plain search goes on under either."""
    places = [BranchPoint(finished("islands"), 3), BranchPoint(finished("portfolio"), 2)]
    wanted = {id_ for place in places for id_ in Reader.read(place.folder).population(place[1])}
    for name, settings in (("plain", ()), ("islands", ISLANDS), ("portfolio", PORTFOLIO)):
        folder = begin(tmp_path / name, ("population=16", "generations=1", *settings), *places)
        history = go_on(folder)
        assert set(history.population(0)) <= wanted
        assert len(history.population(0)) >= 8
        assert [one["run"] for one in history.config["start_from"]] == ["first", "first"]


def test_several_combinations_are_merged(finished, tmp_path) -> None:
    second = begin(tmp_path / "second", (*PAIR, "seed=5", "generations=1"))
    go_on(second)
    places = (BranchPoint(finished("pair"), 3), BranchPoint(second))
    history = go_on(begin(tmp_path / "next", (*PAIR, "population=20", "generations=1"), *places))

    for place in places:
        assert set(history.population(0)) & set(Reader.read(place.folder).survivors)
