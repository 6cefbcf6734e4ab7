from collections.abc import Iterator, Sequence

import pytest

from evo.campaign.config import Config, load
from evo.components.kinds import kinds
from evo.core.errors import EvoError
from evo.core.trials import Outcome
from evo.evaluation.protocol import Job
from evo.studies.calibration import Calibration, calibrate
from evo.studies.estimate import request_facts, time_facts
from evo.tasks.base import network_counts
from evo.validation.baselines import own_baselines

MODEL = 'llm.models=[{model="gpt-5-mini"}]'
SPEED = Calibration(10, 60.0, work_per_second=100.0, cpu_per_work=0.02, spread=(0.5, 2.0))


class Trainer:
    """Each training takes a second of its clock; the first of each worker takes ten."""

    def __init__(self, *, workers: int = 2, error: str = "") -> None:
        self.now = 0.0
        self._workers = workers
        self._error = error

    def __call__(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        for number, job in enumerate(jobs):
            self.now += 10.0 if number < self._workers else 1.0
            yield Outcome(job.id, job.rung, (), 2.0, self._error)


@pytest.fixture(scope="module")
def baselines():
    return own_baselines(kinds.get("activation")())


def times(config: Config) -> dict:
    return time_facts(config, SPEED, baselines=8, workers=2)


def test_speed_is_that_of_all_workers_once_they_are_warm(baselines) -> None:
    config, trainer = load("default"), Trainer()

    measured = calibrate(
        config, baselines, trainer, workers=2, seconds=60.0, clock=lambda: trainer.now
    )

    work = config.protocol.work(0, 0, network_counts(config.tasks))
    assert (measured.trainings, measured.seconds) == (40, 40.0)
    assert measured.work_per_second == work
    assert measured.cpu_per_work == 2.0 / work


def test_one_training_that_takes_longer_is_enough(baselines) -> None:
    trainer = Trainer()

    measured = calibrate(
        load("default"), baselines, trainer, workers=2, seconds=5.0, clock=lambda: trainer.now
    )

    assert (measured.trainings, measured.seconds) == (1, 10.0)


def test_baselines_that_cannot_train_are_an_error(baselines) -> None:
    trainer = Trainer(error="no memory")

    with pytest.raises(EvoError, match="no memory"):
        calibrate(load("default"), baselines, trainer, workers=2, clock=lambda: trainer.now)


def test_time_grows_with_the_generations_and_falls_with_the_trainings() -> None:
    short, long = times(load("default")), times(load("default", ["generations=40"]))
    few = times(load("default", ["trainings=8"]))

    for key in ("wall_hours", "processor_hours"):
        low, high = short[key]
        assert 0 < low < high
        assert long[key][0] > 1.5 * low
        assert few[key][1] < high


def test_a_rate_of_requests_bounds_the_wall_time() -> None:
    config = load("default", [MODEL, "llm.requests_per_minute=1"])

    assert times(config)["wall_hours"][0] > times(load("default"))["wall_hours"][0]
    assert times(config)["wall_hours"][0] == pytest.approx(
        960
        * sum(w for name, w in config.operators.items() if name.endswith("llm"))
        / sum(config.operators.values())
        / 60
    )


def test_dollars_are_the_tokens_at_the_prices(baselines) -> None:
    facts = request_facts(load("default", [MODEL, "llm.budget.dollars=0.01"]), baselines)

    for end in (0, 1):
        dollars = 0.25 * facts["prompt_tokens"][end] + 2.0 * facts["completion_tokens"][end]
        assert facts["cost_usd"][end] == pytest.approx(dollars / 1e6)
    assert facts["may_end_it"] == ["dollars"]
    assert 200 < facts["prompt_tokens"][0] / facts["requests"][0] < 3000


def test_an_idea_that_another_model_writes_takes_a_second_request(baselines) -> None:
    tiers = 'llm.models=[{model="a",role="idea"},{model="b",role="write"}]'
    alone, apart = (
        request_facts(load("default", [models, "llm.repair=false"]), baselines)["requests"]
        for models in ('llm.models=[{model="a"}]', tiers)
    )

    assert apart == pytest.approx([2 * bound for bound in alone], abs=1)


def test_dollars_are_unknown_where_a_price_is(baselines) -> None:
    dark = 'llm.models=[{model="gpt-5-mini"}, {model="unheard-of"}]'

    facts = request_facts(load("default", [dark]), baselines)

    assert facts["cost_usd"] is None
    assert facts["unpriced"] == ["unheard-of"]
