"""Campaigns that begin with others, with a stub for training."""

import shutil
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import no_training
import pytest
from support.profiles import only_long

from archive.history import origins
from archive.history.history import History
from archive.history.reader import Reader
from archive.repair.check import check_campaign
from evo.campaign import create
from evo.campaign.branch import BranchPoint, branch
from evo.campaign.config import Config
from evo.campaign.config.given import GivenSource
from evo.campaign.resume import replay
from evo.core.errors import UsageError
from evo.core.records import Record, Status
from evo.core.stages import TrainingEnd
from evo.report.facts.status import status_facts

SMALL = ("population=6", "offspring=8", "trainings=4", "generations=3", "seed=3")
OTHER = ("seed=4", "protocol.rungs=[{epochs = 2, seeds = 4}, {epochs = 2, seeds = 8}]")


def configure(*settings: str) -> Config:
    return no_training.configure((*SMALL, *settings))


def begin(folder: Path, config: Config, *places: BranchPoint) -> None:
    begun = branch(config, places, {})
    create.create(folder, begun.config, fill=begun.fill).close()


def go_on(folder: Path, *, stop_at: tuple[int, str] = (-1, "")) -> int:
    """Run it; the number of trainings."""

    def watch(progress) -> None:
        if (progress.generation, progress.step) == stop_at:
            raise KeyboardInterrupt

    with History.open(folder) as history:
        trainer = no_training.Trainer(create_config(history).protocol)
        no_training.run(history, watch, trainer=trainer)
    return trainer.trained


def create_config(history: Reader) -> Config:
    return Config.model_validate(history.config)


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """A finished campaign; never changed."""
    folder = tmp_path_factory.mktemp("runs") / "first"
    begin(folder, configure())
    go_on(folder)
    return folder


def records(folder: Path, generation: int | None = None) -> list[Record]:
    every = Reader.read(folder).records
    return [r for r in every if generation is None or r.generation == generation]


def inherited(folder: Path) -> list[Record]:
    return [record for record in records(folder, 0) if record.is_inherited]


def contents(made: Sequence[Record]) -> list[tuple[object, ...]]:
    return [(r.generation, r.id, r.status, r.reason, r.score, r.novelty) for r in made]


def test_it_begins_with_the_survivors_of_that_generation_and_trains_nothing_twice(
    finished, tmp_path
) -> None:
    begin(tmp_path / "next", configure("seed=8"), BranchPoint(finished, 2))
    with pytest.raises(KeyboardInterrupt):
        go_on(tmp_path / "next", stop_at=(1, "propose"))

    first, following = Reader.read(finished), Reader.read(tmp_path / "next")
    assert following.generation == 0
    assert set(following.population(0)) == set(first.population(2))
    # Whoever would lead there may have to be measured again, on seeds that are new.
    before = {record.id: set(record.scored.trials) for record in first.records if record.score}
    for record in records(tmp_path / "next", 0):
        known = before.get(record.id, set())
        assert record.seconds == 0 or known < set(record.scored.trials)


def test_scores_are_those_of_the_other_campaign_where_its_trainings_count(
    finished, tmp_path
) -> None:
    begin(tmp_path / "next", configure("generations=1"), BranchPoint(finished))
    go_on(tmp_path / "next")

    first = {r.id: r for r in records(finished)}
    taken = inherited(tmp_path / "next")
    evaluated = [r for r in first.values() if r.score is not None and not r.is_baseline]
    assert [r.id for r in taken if r.status is Status.EVALUATED] == [r.id for r in evaluated]
    assert all(r.score == first[r.id].score for r in taken)
    assert all(r.novelty is not None and r.candidate.parents for r in taken)
    assert {r.reason for r in taken} <= {f"from first, generation {g}" for g in (1, 2, 3)}


@pytest.mark.parametrize("settings", [(), OTHER])
def test_what_computes_the_same_as_a_component_found_elsewhere_is_a_duplicate(
    finished, tmp_path, settings
) -> None:
    known = next(r for r in records(finished, 1) if r.score is not None)
    twin = known.candidate.source.replace("return ", "return 0.0 + ")
    given = (GivenSource(name="same", source=known.candidate.source),)
    given = (*given, GivenSource(name="twin", source=twin))
    config = configure("generations=1", *settings).model_copy(update={"seeds": given})
    begin(tmp_path / "next", config, BranchPoint(finished))
    go_on(tmp_path / "next")

    same, other = (r for r in records(tmp_path / "next", 1) if r.is_given)
    assert (same.status, same.reason) == (Status.DUPLICATE, "the same source as before")
    assert (other.status, other.reason) == (Status.DUPLICATE, f"computes the same as {known.id}")


@pytest.mark.parametrize("settings", [(), OTHER])
def test_n_scores_are_relative_to_what_was_found_elsewhere_too(
    finished, tmp_path, settings
) -> None:
    big = ("offspring=24", "trainings=12", "generations=1", *settings)
    begin(tmp_path / "next", configure(*big), BranchPoint(finished))
    go_on(tmp_path / "next")

    near = {
        r.archived.nearest_behaviour
        for r in records(tmp_path / "next", 1)
        if r.status is Status.EVALUATED
    }
    assert near & {r.id for r in inherited(tmp_path / "next")}


def test_a_later_training_of_the_other_campaign_is_used_when_its_component_is_proposed_again(
    finished, tmp_path
) -> None:
    """From generation 0 on, the same seed proposes the same as the first campaign did."""
    begin(tmp_path / "next", configure(), BranchPoint(finished, 0))

    assert go_on(tmp_path / "next") == 0
    assert [r.id for r in records(tmp_path / "next")] == [r.id for r in records(finished)]
    assert sum(r.seconds for r in records(tmp_path / "next")) == 0


@pytest.fixture(scope="module")
def unstopped(finished, tmp_path_factory) -> Callable[[tuple[str, ...]], Path]:
    """Makes, once per settings, a campaign that began with another and was never stopped."""

    @cache
    def run(settings: tuple[str, ...]) -> Path:
        folder = tmp_path_factory.mktemp("runs") / "whole"
        begin(folder, configure("generations=2", *settings), BranchPoint(finished, 2))
        go_on(folder)
        return folder

    return run


@pytest.mark.parametrize(
    ("stop_at", "settings"),
    [
        ((0, "baselines"), ()),
        ((0, "again"), OTHER),
        ((0, "archive"), OTHER),
        ((2, "archive"), ()),
        *only_long(((0, "baselines"), OTHER), ((0, "again"), ())),
        *only_long(((0, "archive"), ()), ((2, "archive"), OTHER)),
    ],
)
def test_a_resume_without_the_other_campaign_equals_the_uninterrupted_one(
    finished, unstopped, tmp_path, stop_at, settings
) -> None:
    copy = shutil.copytree(finished, tmp_path / "first")
    begin(tmp_path / "cut", configure("generations=2", *settings), BranchPoint(copy, 2))
    shutil.rmtree(copy)
    with pytest.raises(KeyboardInterrupt):
        go_on(tmp_path / "cut", stop_at=stop_at)
    go_on(tmp_path / "cut")

    whole = unstopped(settings)
    assert contents(records(tmp_path / "cut")) == contents(records(whole))
    assert Reader.read(tmp_path / "cut").survivors == Reader.read(whole).survivors


def test_under_another_protocol_survivors_train_again_and_the_others_are_known(
    finished, tmp_path
) -> None:
    begin(tmp_path / "next", configure(*OTHER), BranchPoint(finished, 3))
    go_on(tmp_path / "next")

    first = Reader.read(finished)
    survivors = set(first.population(3)) - {r.id for r in records(finished, 0)}
    taken = inherited(tmp_path / "next")
    trained = {r.id: r for r in taken if r.status is Status.EVALUATED}
    assert set(trained) == survivors
    assert all(r.scored.rung == 1 and r.seconds > 0 for r in trained.values())
    assert any(r.scored.end is TrainingEnd.REMEASURED for r in trained.values())
    others = [r for r in taken if r.id not in survivors]
    assert {r.status for r in others} == {Status.SCREENED_OUT}
    again = {r.id for r in others} & {r.id for r in records(tmp_path / "next") if r.generation}
    assert all(
        r.status is Status.DUPLICATE
        for r in records(tmp_path / "next")
        if r.generation and r.id in again
    )


def test_a_reward_model_learns_from_what_was_taken_over(finished, tmp_path) -> None:
    """Baselines alone are too few examples for a model of generation 1."""
    config = configure("generations=1", "reward.screening=true")
    models = {}
    for name, places in (("plain", []), ("next", [BranchPoint(finished)])):
        begin(tmp_path / name, config, *places)
        with pytest.raises(KeyboardInterrupt):
            go_on(tmp_path / name, stop_at=(1, "propose"))
        with History.open(tmp_path / name) as history:
            state = no_training.fresh_state(history)
            replay(history, state)
        assert state.learner is not None
        models[name] = state.learner.model(1)

    assert models["plain"] is None
    assert models["next"] is not None


def test_several_are_merged(finished, tmp_path) -> None:
    begin(tmp_path / "second", configure("seed=5", "generations=2"))
    go_on(tmp_path / "second")
    places = (BranchPoint(finished, 3), BranchPoint(tmp_path / "second", 2))
    begin(tmp_path / "next", configure("population=20", "generations=1"), *places)
    go_on(tmp_path / "next")

    wanted = {*Reader.read(finished).population(3), *Reader.read(places[1].folder).population(2)}
    following = Reader.read(tmp_path / "next")
    duplicates = {r.id for r in inherited(tmp_path / "next") if r.status is Status.DUPLICATE}
    assert set(following.population(0)) == wanted - duplicates
    assert [one["run"] for one in following.config["start_from"]] == ["first", "second"]


def test_the_history_names_where_it_came_from_and_counts_nothing_as_its_own(
    finished, tmp_path
) -> None:
    begin(tmp_path / "next", configure("generations=1"), BranchPoint(finished, 2))
    go_on(tmp_path / "next")

    facts = status_facts(Reader.read(tmp_path / "next"))
    (origin,) = facts["began_with"]["origins"]
    assert (origin["run"], origin["generation"]) == ("first", 2)
    assert origin["id"] == Reader.read(finished).id
    assert facts["began_with"]["evaluated"] > facts["evaluated"]
    assert facts["proposed"] == 8
    assert check_campaign(tmp_path / "next").findings == []


def test_a_copy_that_was_altered_is_damage(finished, tmp_path) -> None:
    begin(tmp_path / "next", configure(), BranchPoint(finished, 2))
    path = tmp_path / "next" / origins.ORIGINS / "001" / "generation-000002.h5"
    path.write_bytes(path.read_bytes()[:-1] + b"\1")

    (finding,) = check_campaign(tmp_path / "next").findings
    assert finding.file == "origins/001/generation-000002.h5"


@pytest.mark.parametrize(
    ("settings", "generation", "message"),
    [
        (("kind=loss",), None, "first is of kind 'activation', the new campaign of 'loss'"),
        ((), 4, "first has no generation 4; its last one is 3"),
    ],
)
def test_what_cannot_be_merged_is_refused(finished, settings, generation, message) -> None:
    with pytest.raises(UsageError, match=message):
        branch(configure(*settings), [BranchPoint(finished, generation)], {})


def test_a_running_or_damaged_or_repeated_campaign_is_refused(finished, tmp_path) -> None:
    copy = shutil.copytree(finished, tmp_path / "copy")
    with History.open(copy), pytest.raises(UsageError, match="copy is running"):
        branch(configure(), [BranchPoint(copy)], {})
    with pytest.raises(UsageError, match="names generation 3 of copy twice"):
        branch(configure(), [BranchPoint(copy), BranchPoint(copy, 3)], {})
    (path,) = (copy / "segments").glob("*000001.h5")
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(UsageError, match=r"000001\.h5 is"):
        branch(configure(), [BranchPoint(copy)], {})
