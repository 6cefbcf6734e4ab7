"""Campaigns whose settings change while they exist, with a stub for training."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import no_training
import pytest
from support.profiles import heavy

from archive.history.changes import CHANGES_FILE
from archive.history.history import History
from archive.history.reader import Reader
from archive.history.stop_reason import EXTENDED, KILLED, kept
from archive.repair.check import check_campaign
from evo.campaign.changes import change
from evo.campaign.config import Config
from evo.core.errors import FormatError, HistoryError, UsageError
from evo.report.facts.status import status_facts

# By default screening begins where the length of the campaign says.
SMALL = (
    *("population=6", "offspring=8", "trainings=4", "seed=3"),
    *("reward.screening=true", "reward.first_generation=4", "reward.over_propose=2"),
)


def configure(*settings: str) -> Config:
    return no_training.configure((*SMALL, *settings))


def begin(folder: Path, config: Config) -> None:
    no_training.create(folder, config).close()


def go_on(folder: Path, *, stop_at: tuple[int, str] = (-1, "")) -> None:
    def watch(progress) -> None:
        if (progress.generation, progress.step) == stop_at:
            raise KeyboardInterrupt

    with History.open(folder) as history:
        no_training.run(history, watch)


def changed(folder: Path, **settings: Any) -> list[tuple[int, Mapping[str, Any]]]:
    requested = {key.replace("__", "."): value for key, value in settings.items()}
    with History.open(folder) as history:
        made = change(history, requested, check=lambda _: None)
    return [(one.first, one.settings) for one in made]


def contents(folder: Path) -> list[tuple[int, str, str, float | None]]:
    return [
        (record.generation, record.id, record.status, record.score and record.score.margin.value)
        for record in Reader.read(folder).records
    ]


@pytest.mark.heavy(quick="test_steered_campaign.py::test_a_campaign_is_extended_while_it_runs")
def test_an_extended_campaign_equals_one_that_was_as_long_from_the_start(tmp_path) -> None:
    begin(tmp_path / "long", configure("generations=4"))
    go_on(tmp_path / "long")
    begin(tmp_path / "short", configure("generations=2"))
    go_on(tmp_path / "short")

    assert changed(tmp_path / "short", generations="+2") == [(3, {"generations": 4})]
    go_on(tmp_path / "short")

    assert contents(tmp_path / "short") == contents(tmp_path / "long")


@pytest.fixture(scope="module")
def with_changes(tmp_path_factory) -> Path:
    """A campaign within its second generation, with changes for those that follow."""
    folder = tmp_path_factory.mktemp("changes") / "run"
    begin(folder, configure("generations=3"))
    with pytest.raises(KeyboardInterrupt):
        go_on(folder, stop_at=(2, "archive"))
    assert changed(folder, generations=5, offspring=12, trainings=6) == [
        (2, {"generations": 5}),
        (3, {"offspring": 12, "trainings": 6}),
    ]
    return folder


@pytest.fixture(scope="module")
def uninterrupted(with_changes, tmp_path_factory) -> Path:
    """The same campaign, run to its end."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    shutil.copytree(with_changes, folder)
    go_on(folder)
    return folder


@pytest.mark.parametrize("stop_at", [(3, "archive"), *heavy(((2, "archive"),), ((4, "propose"),))])
def test_a_resume_of_a_campaign_with_changes_equals_the_uninterrupted_one(
    with_changes, uninterrupted, tmp_path, stop_at
) -> None:
    shutil.copytree(with_changes, tmp_path / "cut")
    with pytest.raises(KeyboardInterrupt):
        go_on(tmp_path / "cut", stop_at=stop_at)
    go_on(tmp_path / "cut")

    made = contents(uninterrupted)
    assert contents(tmp_path / "cut") == made
    assert [sum(g == generation for g, *_ in made) for generation in range(1, 6)] == [
        *(8, 8, 12, 24, 24)
    ]


def test_a_finished_campaign_that_was_extended_does_not_seem_to_have_been_killed(tmp_path) -> None:
    begin(tmp_path / "run", configure("generations=1"))
    changed(tmp_path / "run", workers=2)
    assert status_facts(Reader.read(tmp_path / "run"))["stopped_because"] == KILLED
    go_on(tmp_path / "run")
    changed(tmp_path / "run", workers=3)
    assert status_facts(Reader.read(tmp_path / "run"))["state"] == "finished"

    changed(tmp_path / "run", generations="+1")

    facts = status_facts(Reader.read(tmp_path / "run"))
    assert (facts["state"], facts["stopped_because"]) == ("stopped", EXTENDED)
    with kept(tmp_path / "run"):  # a process that goes on and is killed
        pass
    assert status_facts(Reader.read(tmp_path / "run"))["stopped_because"] == KILLED


def test_the_history_says_which_generation_ran_under_which_settings(tmp_path) -> None:
    begin(tmp_path / "run", configure("generations=2"))
    go_on(tmp_path / "run")
    changed(tmp_path / "run", generations="+3", llm__budget__hours=2.5)
    changed(tmp_path / "run", llm__budget__hours="+1")

    history = Reader.read(tmp_path / "run")
    assert history.begun_with["generations"] == history.config_at(2)["generations"] == 2
    assert history.config_at(3)["generations"] == history.config["generations"] == 5
    assert history.config["llm"]["budget"]["hours"] == 3.5
    assert [(one.first, dict(one.settings)) for one in history.changes] == [
        (3, {"generations": 5, "llm.budget.hours": 2.5}),
        (3, {"llm.budget.hours": 3.5}),
    ]
    told = status_facts(history)["changes"]
    assert [(one["first"], one["settings"]) for one in told] == [
        (one.first, one.settings) for one in history.changes
    ]


def test_what_is_so_already_is_no_change(tmp_path) -> None:
    begin(tmp_path / "run", configure("generations=2"))

    assert changed(tmp_path / "run", generations=2) == []
    assert not (tmp_path / "run" / CHANGES_FILE).exists()


@pytest.fixture(scope="module")
def sealed(tmp_path_factory) -> Path:
    """A campaign of two generations, which no test changes."""
    folder = tmp_path_factory.mktemp("sealed") / "run"
    begin(folder, configure("generations=2"))
    go_on(folder)
    return folder


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tasks": ["wine"]}, "tasks cannot change: scores would not be comparable"),
        ({"protocol.keep": 0.5}, "protocol.keep cannot change: scores would not be comparable"),
        ({"seed": 4}, "seed cannot change: every random draw"),
        ({"llm.models": []}, "stored replies belong to the models"),
        ({"generations": 1}, "expected 2 or more, which are sealed, got 1"),
        ({"generations": "+x"}, "expected a number after"),
        ({"generations": -3}, "more than 0"),
        ({"llm.budget.dollars": "+3"}, "no limit now"),
        ({"generatons": 3}, "did you mean 'generations'"),
    ],
)
def test_what_may_not_change_is_refused_with_the_reason(sealed, settings, message) -> None:
    with (
        History.open(sealed) as history,
        pytest.raises(UsageError, match=message),
    ):
        change(history, settings, check=lambda _: None)
    assert Reader.read(sealed).changes == ()


def test_a_change_under_which_it_cannot_run_is_not_kept(tmp_path) -> None:
    begin(tmp_path / "run", configure("generations=2"))

    def refuse(config: Config) -> None:
        raise UsageError(f"not {config.offspring}")

    with (
        History.open(tmp_path / "run") as history,
        pytest.raises(UsageError, match="not 9"),
    ):
        change(history, {"offspring": 9}, check=refuse)
    assert Reader.read(tmp_path / "run").changes == ()


def test_a_change_that_was_altered_afterwards_is_damage(tmp_path) -> None:
    begin(tmp_path / "run", configure("generations=2"))
    changed(tmp_path / "run", generations=7)
    path = tmp_path / "run" / CHANGES_FILE
    content = json.loads(path.read_text())
    content["changes"][0]["settings"]["generations"] = 8
    path.write_text(json.dumps(content))

    with pytest.raises(HistoryError, match="checksum"):
        Reader.read(tmp_path / "run")
    assert CHANGES_FILE in [finding.file for finding in check_campaign(tmp_path / "run").findings]


def test_changes_of_a_later_format_are_left_alone(tmp_path) -> None:
    begin(tmp_path / "run", configure("generations=2"))
    changed(tmp_path / "run", generations=7)
    path = tmp_path / "run" / CHANGES_FILE
    path.write_text(path.read_text().replace('"format": 1', '"format": 2'))

    with pytest.raises(FormatError, match="reads format 1"):
        Reader.read(tmp_path / "run")
