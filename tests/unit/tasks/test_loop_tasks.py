"""Tasks with a loop of their own: read from a file, checked before a start, part of the history."""

from pathlib import Path
from typing import Any

import pytest

from evo.campaign.config import parse
from evo.campaign.create import check_config, with_screening
from evo.campaign.learning import expect_learning
from evo.campaign.ready_tasks import prepare_tasks
from evo.core.errors import UsageError, UselessCampaignError
from evo.core.records import BASELINE_OPERATOR, Candidate, Record
from evo.core.trials import Trial
from evo.evaluation.statistics.win_rates import score
from evo.tasks.base import LoopTask, network_counts, tasks
from evo.tasks.check import checked_loop
from evo.tasks.fingerprint import fingerprint_changes
from evo.tasks.loop import Metric, loop
from evo.tasks.measurements import MeasurementError, Measurements, checked_measurements

FILE = """
from evo.tasks.loop import Measurements, Metric, loop


def train(parts, seed, settings, budget):
    "A small language model."
    return Measurements({loss})


task = loop(train, metric=Metric({metric!r}), decided_by={decided_by!r}, memory_gb=2)
"""


def written(folder: Path, *, loss: float = 1.0, metric: Any = "F1", by: str = "loss") -> str:
    file = folder / "mine.py"
    file.write_text(FILE.format(loss=loss, metric=metric, decided_by=by))
    return str(file)


def test_a_file_gives_a_loop_as_its_author_made_it(tmp_path: Path) -> None:
    task = tasks.get(written(tmp_path))()

    assert isinstance(task, LoopTask)
    assert task.metric.name == "F1"
    assert task.memory_gb == 2
    assert task.network_names() == ["loop"]
    assert network_counts([written(tmp_path)]) == [1]


def test_a_changed_loop_is_noticed(tmp_path: Path) -> None:
    first = prepare_tasks("optimizer", [written(tmp_path)]).popitem()[1].fingerprint
    other = prepare_tasks("optimizer", [written(tmp_path, loss=2.0)]).popitem()[1].fingerprint
    digits = prepare_tasks("optimizer", ["breast-cancer"]).popitem()[1].fingerprint

    assert fingerprint_changes(first, first) == []
    assert fingerprint_changes(first, other) == ["other code"]
    assert fingerprint_changes(digits, first) == ["a loop of its own in place of data"]


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (loop(lambda *_: None, decided_by="f1"), "expected decided_by to be 'loss' or 'metric'"),  # type: ignore[arg-type]
        (loop(lambda *_: None, memory_gb=0), "expected memory_gb above 0, got 0"),
        (loop(lambda *_: None, metric="F1"), "expected a Metric as metric, got 'F1'"),  # type: ignore[arg-type]
    ],
)
def test_a_loop_that_cannot_be_called_is_refused_before_a_start(task: LoopTask, words: str) -> None:
    with pytest.raises(UsageError, match=rf"Task 'mine'.*: {words}"):
        checked_loop("mine", type(task))


def test_a_function_of_other_arguments_is_no_loop() -> None:
    class Mine(LoopTask):
        def train(self, parts: Any) -> None:  # type: ignore[override]
            pass

    words = r"expected train\(parts, seed, settings, budget\), got train\(parts"
    with pytest.raises(UsageError, match=words):
        loop(lambda parts: None)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=words):
        checked_loop("mine", Mine)


def test_the_reward_model_needs_a_task_with_networks(tmp_path: Path) -> None:
    config = parse({"tasks": [written(tmp_path)], "reward": {"screening": True}}, where="")

    with pytest.raises(UsageError, match=r"looks at untrained networks of the first task"):
        check_config(config)


def test_a_first_task_with_a_loop_of_its_own_is_not_screened_by_default(tmp_path: Path) -> None:
    config = parse({"tasks": [written(tmp_path)]}, where="")
    check_config(config)

    assert with_screening(config).reward.screening is False
    assert with_screening(parse({"tasks": ["digits"]}, where="")).reward.screening is True


def baseline(number: int, losses: tuple[float, ...], task: str) -> Record:
    trials = [Trial(0, task, "loop", seed, 0.1, loss, 0.5) for seed, loss in enumerate(losses)]
    candidate = Candidate.of("activation", f"{number}", operator=BASELINE_OPERATOR)
    return Record(candidate, 0, score=score(trials, {"other": trials}))


def test_a_loop_that_does_not_depend_on_its_component_ends_the_campaign(tmp_path: Path) -> None:
    task = written(tmp_path)
    alike = [baseline(number, (0.5, 0.25), task) for number in range(3)]

    with pytest.raises(UselessCampaignError, match="All 3 baselines have the same results"):
        expect_learning(alike, [task])
    expect_learning([*alike, baseline(3, (0.5, 0.26), task)], [task])


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (0.5, "expected Measurements, got a float"),
        ({"validation_loss": "low"}, "expected validation_loss to be a number, got a str"),
        ({"curve": [[1.0, 2.0]]}, "expected curve to be a number, got a list"),
    ],
)
def test_what_is_no_measurement_is_told(result: Any, words: str) -> None:
    with pytest.raises(MeasurementError, match=words):
        checked_measurements(result)


def test_numbers_of_any_library_are_measurements() -> None:
    import numpy as np
    import torch

    result = {"validation_loss": np.float32(0.5), "test_loss": torch.tensor(0.25), "metric": 1}

    assert checked_measurements(result) == Measurements(0.5, 0.25, 1.0)
    assert Metric().as_loss(1.0) == 0.0
