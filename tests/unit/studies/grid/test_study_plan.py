"""The plan of a study: sums, replies of a model on this machine, confirmation."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from evo.campaign.config import Config
from evo.components.kinds import kinds
from evo.studies.calibration import Calibration
from evo.studies.grid.cells import cells_of
from evo.studies.grid.plan import CANDIDATE_S, Speed, plan_facts
from evo.studies.grid.study import read_study
from evo.studies.replies import ReplyTime
from evo.validation.baselines import own_baselines

STUDY = """
base = "default"
hypotheses = 48
seeds = [0, 1]
{further}
[axes.author.trees]
[axes.author.model]
llm.models = [{{ model = "some-model", price_in = 1.0, price_out = 1.0 }}]
operators = {{ novel-llm = 1.0 }}
"""
NOTHING = ReplyTime()
CONFIRM = "confirm = {{ best = 2, epochs = 30, seeds = 12{hours} }}"
SPEED = Calibration(10, 60.0, work_per_second=100.0, cpu_per_work=0.02, spread=(0.5, 2.0))


@cache
def speed(kind: str) -> Speed:
    return Speed(SPEED, list(own_baselines(kinds.get(kind)())))


def measure(config: Config) -> Speed:
    return speed(config.kind)


def plan(tmp_path: Path, further: str = "", reply: ReplyTime = NOTHING) -> dict[str, Any]:
    file = tmp_path / "study.toml"
    file.write_text(STUDY.format(further=further))
    study = read_study(file)

    def measure_reply(config: Config, _: object) -> ReplyTime:
        return reply if config.llm.models else NOTHING

    return plan_facts("some", study, cells_of(study), measure=measure, measure_reply=measure_reply)


def test_the_whole_is_the_sum_of_the_cells_and_baselines_count_once(tmp_path) -> None:
    facts = plan(tmp_path)

    first, model, again, _ = facts["cells"]
    assert facts["hypotheses"] == 4 * 48
    assert facts["requests"][0] == 2 * model["requests"][0] > 0
    assert facts["tokens"][1] == 2 * model["tokens"][1]
    assert first["requests"] == [0, 0]
    assert first["hours"][1] > again["hours"][1]  # the baselines
    assert facts["hours"] == pytest.approx(
        [sum(c["hours"][end] for c in facts["cells"]) for end in (0, 1)]
    )
    assert facts["confirmation"] is None


def test_replies_of_a_model_on_this_machine_take_hours_here(tmp_path) -> None:
    without, with_replies = plan(tmp_path), plan(tmp_path, reply=ReplyTime(100.0, 50.0))

    for end in (0, 1):
        requests = without["requests"][end]
        hours = with_replies["hours"][end] - without["hours"][end]
        assert hours == pytest.approx(requests * 100 / 3600)
        processors = with_replies["processor_hours"][end] - without["processor_hours"][end]
        assert processors == pytest.approx(requests * 50 / 3600)


def test_confirmation_trains_the_best_of_each_cell_and_the_baselines_once(tmp_path) -> None:
    without, facts = plan(tmp_path), plan(tmp_path, CONFIRM.format(hours=""))

    confirmation = facts["confirmation"]
    count = 4 * 2 + len(speed("activation").baselines)
    assert confirmation["trainings"] == count
    # 12 seeds at each of four learning rates on each of four networks, 30 epochs of each.
    work = count * 12 * 4 * 4 * 30
    assert confirmation["processor_hours"] == pytest.approx(
        [part * work * 0.02 / 3600 for part in (0.5, 2.0)]
    )
    for end in (0, 1):
        assert facts["hours"][end] == pytest.approx(
            without["hours"][end] + confirmation["hours"][end]
        )


def test_the_hours_of_confirmation_bound_it(tmp_path) -> None:
    free = plan(tmp_path, CONFIRM.format(hours=""))["confirmation"]
    bound = plan(tmp_path, CONFIRM.format(hours=", hours = 0.5"))["confirmation"]

    assert free["processor_hours"][1] > 0.5
    assert bound["processor_hours"][1] == 0.5
    ratio = 0.5 / free["processor_hours"][1]
    assert bound["hours"][1] == pytest.approx(free["hours"][1] * ratio)


def test_what_does_not_train_takes_time_too(tmp_path) -> None:
    _, _, again, _ = plan(tmp_path)["cells"]

    assert again["processor_hours"][0] > 48 * CANDIDATE_S / 3600
