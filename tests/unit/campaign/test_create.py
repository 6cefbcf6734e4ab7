"""What a campaign keeps of where it was made."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from archive.history import machines, task_changes
from evo.api.opening import reopen, start
from evo.campaign import create
from evo.campaign.config import Config, load
from evo.campaign.environment import machine
from evo.core.errors import UsageError
from evo.tasks.base import Data, Split
from evo.tasks.digits import Digits

MODEL = 'llm.models=[{provider="scripted", model="replies.json"}]'


@pytest.fixture
def config(tmp_path, monkeypatch) -> Config:
    monkeypatch.chdir(tmp_path)
    Path("replies.json").write_text(json.dumps(["nothing"]))
    return load("smoke", [MODEL, "novelty.text_model=none", "device=cpu"])


def warned(folder: Path) -> list[str]:
    said: list[str] = []
    reopen(folder, warn=said.append).close()
    return said


def test_a_relative_path_means_the_same_wherever_one_resumes(
    config: Config, tmp_path, monkeypatch
) -> None:
    start(config, tmp_path / "run", warn=lambda _: None).close()
    monkeypatch.chdir("/")

    with reopen(tmp_path / "run", warn=lambda _: None) as history:
        (model,) = history.config["llm"]["models"]

    assert model["model"] == str(tmp_path / "replies.json")


def test_names_that_are_no_files_and_names_of_a_replayed_campaign_stay(config: Config) -> None:
    named = load(config, ["novelty.text_model=some/model-of-a-hub"])
    assert create.with_absolute_paths(named).novelty.text_model == "some/model-of-a-hub"

    (model,) = create.with_absolute_paths(config, replayed=config).llm.models
    assert model.model == "replies.json"


def test_a_text_model_in_a_folder_is_kept_by_its_absolute_path(config: Config, tmp_path) -> None:
    (tmp_path / "mine").mkdir()
    named = load(config, ["novelty.text_model=mine"])

    assert create.with_absolute_paths(named).novelty.text_model == str(tmp_path / "mine")


def test_another_machine_is_said_at_resume_and_written_down(config: Config, tmp_path) -> None:
    folder = tmp_path / "run"
    start(config, folder, warn=lambda _: None).close()
    here = machine()
    assert [stay.machine for stay in machines.read_stays(folder)] == [here]
    assert warned(folder) == []

    elsewhere = {**here, "cpu": "Another 9000"}
    machines.note_machine(folder, elsewhere, generation=1, before=["x"])
    (warning,) = warned(folder)

    assert "another machine last" in warning
    assert "Another 9000" in warning
    assert [stay.machine["cpu"] for stay in machines.read_stays(folder)] == [
        here["cpu"],
        "Another 9000",
        here["cpu"],
    ]


def relabelled(load: Callable[[Digits], Data]) -> Callable[[Digits], Data]:
    """Another `load`, with the labels of training in another order."""

    def changed(task: Digits) -> Data:
        data = load(task)
        return replace(data, train=Split(data.train.inputs, data.train.targets.roll(1)))

    return changed


def test_a_resume_on_other_labels_is_refused_and_noted_where_the_user_insists(
    config: Config, tmp_path, monkeypatch
) -> None:
    folder = tmp_path / "run"
    start(config, folder, warn=lambda _: None).close()
    assert warned(folder) == []
    monkeypatch.setattr(Digits, "load", relabelled(Digits.load))

    with pytest.raises(UsageError, match=r"tasks have changed .*digits: other train targets"):
        reopen(folder, warn=lambda _: None)
    assert task_changes.read_task_changes(folder) == []

    said: list[str] = []
    reopen(folder, accept_changed_tasks=True, warn=said.append).close()
    (change,) = task_changes.read_task_changes(folder)

    assert (change.generation, change.changes) == (0, {"digits": ["other train targets"]})
    assert "Tasks changed before generation 0" in said[0]
    assert warned(folder) == said  # accepted once, and said at each resume


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_configuration_may_begin_with_a_byte_order_mark(tmp_path, encoding: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("generations = 3  # schön\n", encoding=encoding)

    assert load(path).generations == 3
