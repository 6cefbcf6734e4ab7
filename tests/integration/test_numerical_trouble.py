"""Components that break arithmetic end as a lost trial or a clear status, never as a silent win."""

import math
from collections.abc import Mapping

import pytest

from evo.api.judging import evaluate_records
from evo.campaign.config import Config
from evo.core.records import Record, Status

CONFIG = Config.model_validate(
    {
        "protocol": {
            "rungs": [{"epochs": 1, "seeds": 4, "networks": 2}],
            "rate_seeds": 2,
            "heat_seeds": 2,
            "learning_rates": [0.03],
        }
    }
)

TROUBLE = {
    # Refused by the contract, before anything is trained.
    "nan": "torch.log(x)",
    "infinite": "torch.exp(x * x * x * x)",
    "gradient without end at zero": "torch.sqrt(torch.abs(x))",
    "constant": "0.0 * x + 1.0",
    "almost constant": "1e-9 * x",
    "constant by rounding": "(x + 1e12) - 1e12",
    # Passes the contract, which looks at [-30, 30], and breaks where training goes.
    "nan beyond the probe": "torch.sqrt(torch.relu(901.0 - x * x) + 901.0 - x * x) * x",
    "explodes": "torch.exp(torch.abs(x)) * x * 1e20",
    "explodes beyond the probe": "torch.exp(0.09 * x * x) * x",
    "overflows to infinity": "x * 1e37",
    # Trains, but nothing passes back through it, or next to nothing.
    "no gradient": "torch.sign(x)",
    "detached": "x.detach() + 0.0 * x",
    "vanishing gradient": "torch.tanh(1e4 * x)",
    "vanishing output": "1e-4 * torch.tanh(x)",
    # A sound one, to see that it is not the bench that fails.
    "sound": "torch.tanh(x) + 0.1 * x",
}

REFUSED = (
    "nan",
    "infinite",
    "gradient without end at zero",
    "constant",
    "almost constant",
    "constant by rounding",
)


@pytest.fixture(scope="module")
def records() -> Mapping[str, Record]:
    head = "import torch\n\n\ndef activation(x):\n    return "
    sources = [(name, f"{head}{body}\n") for name, body in TROUBLE.items()]
    return dict(zip(TROUBLE, evaluate_records(sources, CONFIG), strict=True))


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_broken_on_the_probe_is_refused_and_says_why(records, name: str) -> None:
    record = records[name]

    assert (record.status, record.stage) == (Status.INVALID, "contract")
    assert "expected" in record.reason
    assert record.score is None


@pytest.mark.parametrize("name", [name for name in TROUBLE if name not in REFUSED])
def test_what_breaks_in_training_is_failed_or_holds_only_honest_trials(records, name: str) -> None:
    record = records[name]

    if record.status is Status.FAILED:
        assert "diverged" in record.reason
        assert record.score is None
        return
    assert record.status is Status.EVALUATED
    assert record.score is not None
    for trial in record.score.trials:
        assert (math.isfinite(trial.loss) and trial.loss > 0) or trial.loss == math.inf
        assert 0 <= trial.accuracy <= 1
        assert math.isfinite(trial.loss) or trial.accuracy == 0
    for rate in (record.score.b_wr, record.score.bsota_wr):
        assert 0 <= rate.low <= rate.value <= rate.high <= 1
    assert math.isfinite(record.score.margin.value)


@pytest.mark.parametrize("name", ["explodes", "overflows to infinity", "explodes beyond the probe"])
def test_an_explosion_never_wins(records, name: str) -> None:
    record = records[name]

    assert record.status is Status.FAILED or record.score.bsota_wr.value == 0.0


@pytest.mark.parametrize("name", ["no gradient", "detached", "vanishing output"])
def test_what_passes_no_gradient_back_loses_to_what_does(records, name: str) -> None:
    sound, poor = records["sound"].score, records[name].score

    assert poor.margin.value < 0 < sound.b_wr.value
    assert poor.b_wr.value < sound.b_wr.value


def test_lost_trials_are_there_to_be_seen(records) -> None:
    lost = {
        name: sum(math.isinf(trial.loss) for trial in record.score.trials)
        for name, record in records.items()
        if record.score
    }
    failed = [name for name, record in records.items() if record.status is Status.FAILED]

    assert lost["sound"] == 0
    assert failed or any(lost.values())
