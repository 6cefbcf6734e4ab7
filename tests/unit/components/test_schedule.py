import numpy as np
import pytest
import torch

from evo.components.base import ContractError
from evo.components.schedule import Schedule

KIND = Schedule()


@pytest.mark.parametrize(
    "component",
    [
        lambda t: 1 - t,
        torch.ones_like,
        lambda t: torch.where(t < 0.5, 1.0, 0.0),
        lambda t: (10 * t).clamp(max=1) * torch.cos(1.5 * t),
    ],
)
def test_schedules_keep_the_contract(component) -> None:
    KIND.check(component)


@pytest.mark.parametrize(
    ("component", "message"),
    [
        (lambda t: (1 - t).mean(), r"got \(\)"),
        (lambda t: (1 - t).double(), "torch.float64"),
        (lambda t: 1 / t, "finite factors, got inf at t = 0"),
        (lambda t: 0.5 - t, "at least 0, got -.* at t = 0.501"),
        (lambda t: 1e4 * (1 - t), r"at most 1000, got 1e\+04 at t = 0"),
        (torch.zeros_like, "zero at every t"),
        (lambda t: 1 - t / t.max(), "its place alone"),
        (lambda t: torch.cumsum(t, -1) / 1000, "its place alone"),
    ],
)
def test_a_breach_of_the_contract_says_what_was_expected_and_what_came(component, message) -> None:
    with pytest.raises(ContractError, match=message):
        KIND.check(component)


def test_behaviour_is_the_curve_whatever_its_scale() -> None:
    curve = KIND.behaviour(lambda t: 3 * (1 - t))

    assert curve.shape == KIND.abscissae().shape == (64,)
    assert curve.mean() == pytest.approx(1)
    assert np.argmax(curve) == 0


def test_parts_ask_the_schedule_for_every_step_of_a_training() -> None:
    parts = KIND.parts(lambda t: 1 - t.square())

    assert parts.rate_factors(4) == [1, 0.9375, 0.75, 0.4375]
