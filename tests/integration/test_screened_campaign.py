"""A campaign that a reward model screens: the real loop, with losses that follow from behaviour."""

import shutil
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import no_training
import numpy as np
import pytest
from rich.console import Console
from support.killed import Killed

from archive.history.history import History
from archive.history.reader import Reader
from evo.campaign import create
from evo.components.kinds import kinds
from evo.core.errors import HistoryError, UsageError
from evo.core.records import Record, Status
from evo.core.seeds import child
from evo.core.stages import Screening, ScreeningState, Stage
from evo.core.trials import Outcome
from evo.evaluation.protocol import Job
from evo.report.facts.reward import reward_facts
from evo.report.facts.status import status_facts
from evo.report.views.reward import reward_view
from evo.studies.reward import Rewards
from evo.validation.graph.graphs import component_of

GENERATIONS, FIRST, TRAININGS = 4, 3, 14
SETTINGS = (
    *("population=8", "offspring=16", f"trainings={TRAININGS}", f"generations={GENERATIONS}"),
    *("seed=3", "reward.screening=true", f"reward.first_generation={FIRST}"),
    "reward.over_propose=2",
    "protocol.rungs=[{epochs = 1, seeds = 4}]",
)


class Judge(no_training.Trainer):
    """The straighter a component is on the right and the flatter on the left, the lower its loss.

    Args:
        dies_at: number of the outcome that it is killed before.
    """

    def __init__(self, protocol, *, dies_at: int | None = None) -> None:
        super().__init__(protocol)
        self._dies_at = dies_at
        self._kind = kinds.get("activation")()

    def outcome(self, job: Job) -> Outcome:
        if self.trained - 1 == self._dies_at:
            raise Killed
        curve = self._kind.behaviour(component_of(job.graphs))
        off = np.abs(np.arcsinh(curve) - np.arcsinh(np.maximum(self._kind.abscissae(), 0))).mean()
        outcome = super().outcome(job)
        noise = child(1, job.id).random(len(outcome.trials)) * 0.02
        trials = tuple(
            trial._replace(loss=0.2 + float(np.tanh(off) + each))
            for trial, each in zip(outcome.trials, noise, strict=True)
        )
        return Outcome(job.id, job.rung, trials, outcome.seconds, heat=job.heat)


def live(folder: Path, *settings: str, dies_at: int | None = None) -> int:
    config = no_training.configure([*SETTINGS, *settings])
    judge = Judge(config.protocol, dies_at=dies_at)
    if not folder.exists():
        create.check_config(config)
        create.create(folder, config).close()
    with History.open(folder) as history:
        no_training.run(history, lambda _: None, trainer=judge)
    return judge.trained


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> tuple[Path, int]:
    folder = tmp_path_factory.mktemp("whole") / "run"
    return folder, live(folder)


def rendered(view) -> str:
    console = Console(width=100, record=True, file=StringIO())
    console.print(view)
    return console.export_text()


def segments(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "segments").glob("*.h5")}


def generation(folder: Path, number: int) -> list[Record]:
    return [record for record in Reader.read(folder).records if record.generation == number]


def test_it_proposes_more_once_the_model_screens_and_trains_no_more(whole) -> None:
    folder, _ = whole
    before, after = generation(folder, FIRST - 1), generation(folder, FIRST)

    assert (len(before), len(after)) == (16, 32)
    assert sum(r.status is Status.EVALUATED for r in after) <= TRAININGS


def test_who_is_left_out_carries_what_was_expected_of_it(whole) -> None:
    folder, _ = whole
    out = [r for r in generation(folder, FIRST + 1) if r.status is Status.SCREENED_OUT]

    assert out
    assert all(r.stage is Stage.SCREEN and "expects a margin of" in r.reason for r in out)
    assert {r.screening for r in out} == {Screening(ScreeningState.SCREENS)}


def test_what_the_model_is_worth_is_told_by_source(whole) -> None:
    found = Rewards.of([Reader.read(whole[0])]).judgement()
    facts = reward_facts(found)

    assert facts["screening"] is True
    assert facts["trust"]["earned"] is True
    assert facts["area_ci"][0] <= facts["area"] <= facts["area_ci"][1]
    assert facts["area"] > 0.6
    assert facts["curve"][0]["found"] == 0 and facts["curve"][-1]["found"] == 1
    pairs = {(cell["learned_from"], cell["tested_on"]) for cell in facts["matrix"]}
    assert ("mutate-tree", "mutate-tree") in pairs
    measured = [r.scored.margin.value for r in Reader.read(whole[0]).records if r.novelty]
    assert found.forecasts.measured.tolist() == measured[-len(found.forecasts.measured) :]
    text = rendered(reward_view(found))
    assert "learned from" in text
    covered = facts["calibration"]["coverage"]
    assert [part["nominal"] for part in covered] == [0.5, 0.8, 0.95]
    assert f"{covered[2]['measured']:.0%} of 95%" in text


@pytest.mark.heavy(
    quick="test_resume.py::test_killed_anywhere_and_resumed_it_is_the_same_history_byte_for_byte"
)
def test_killed_while_a_screened_generation_trains_it_goes_on_as_if_nothing_had_been(
    whole, tmp_path
) -> None:
    folder, trained = whole

    with pytest.raises(Killed):
        live(tmp_path / "run", dies_at=trained - TRAININGS // 2)
    live(tmp_path / "run")

    assert segments(tmp_path / "run") == segments(folder)


def test_how_the_model_stands_is_told_while_it_runs_and_afterwards(whole) -> None:
    facts = status_facts(Reader.read(whole[0]))

    assert facts["reward"] == {"state": "screens", "since": FIRST, "why": ""}


@pytest.fixture(scope="module")
def lessons(whole) -> Path:
    """The lessons of the whole campaign, as a file beside it."""
    path = whole[0].with_name("lessons.parquet")
    Rewards.of([Reader.read(whole[0])]).lessons().write(path)
    return path


class Taught(NamedTuple):
    folder: Path
    settings: tuple[str, ...]
    trained: int


@pytest.fixture(scope="module")
def taught(lessons, tmp_path_factory) -> Taught:
    """A campaign that began with the lessons."""
    folder = tmp_path_factory.mktemp("taught") / "run"
    file = shutil.copy(lessons, folder.with_name("file.parquet"))
    settings = (f"reward.lessons={file}", "reward.first_generation=2", "generations=2", "seed=8")
    return Taught(folder, settings, live(folder, *settings))


def test_lessons_of_a_campaign_screen_another_from_its_second_generation_on(
    taught, lessons
) -> None:
    folder = taught.folder

    assert status_facts(Reader.read(folder))["reward"]["since"] == 2
    assert len(generation(folder, 2)) == 32
    assert (folder / "lessons.parquet").read_bytes() == lessons.read_bytes()


@pytest.mark.heavy(
    quick="test_resume.py::test_killed_anywhere_and_resumed_it_is_the_same_history_byte_for_byte"
)
def test_a_taught_campaign_that_was_killed_goes_on_without_the_file_that_taught_it(
    taught, tmp_path
) -> None:
    with pytest.raises(Killed):
        live(tmp_path / "cut", *taught.settings, dies_at=taught.trained - TRAININGS // 2)
    taught.folder.with_name("file.parquet").unlink()
    live(tmp_path / "cut", *taught.settings)

    assert status_facts(Reader.read(tmp_path / "cut"))["reward"]["state"] == "screens"
    assert segments(tmp_path / "cut") == segments(taught.folder)


def test_lessons_that_have_become_others_are_refused(lessons, tmp_path) -> None:
    file = tmp_path / "file.parquet"
    file.write_bytes(lessons.read_bytes())
    config = no_training.configure([*SETTINGS, f"reward.lessons={file}"])
    with create.create(tmp_path / "run", config) as history:
        begun = history.config["reward"]
    (tmp_path / "run" / "lessons.parquet").write_bytes(b"other")
    file.write_bytes(b"other")
    named = config.reward.model_copy(update={"lessons_sha256": begun["lessons_sha256"]})
    again = config.model_copy(update={"reward": named})

    with pytest.raises(UsageError, match="has changed"):
        create.check_config(again)
    with pytest.raises(HistoryError, match="differs from the lessons that the campaign began with"):
        create.check_config(again, begun=tmp_path / "run")
    (tmp_path / "run" / "lessons.parquet").unlink()
    with pytest.raises(HistoryError, match="is missing, and so is its original"):
        create.check_config(again, begun=tmp_path / "run")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["tasks=['wine-that-is-none']"], "wine-that-is-none"),
        (["tasks=['breast-cancer', 'digits']"], "made for task 'digits'"),
        (["kind=regularizer"], "of kind 'activation'"),
        (["reward.lessons=none.parquet"], "none.parquet: cannot be read"),
    ],
)
def test_a_campaign_that_lessons_do_not_fit_is_refused_before_it_begins(
    lessons, settings, message
) -> None:
    config = no_training.configure([*SETTINGS, f"reward.lessons={lessons}", *settings])

    with pytest.raises(UsageError, match=message):
        create.check_config(config)
