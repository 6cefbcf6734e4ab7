import pytest
import torch
import torch.nn.functional as F

from evo.components.activation import Activation
from evo.components.base import ContractError

KIND = Activation()


@pytest.mark.parametrize(
    "component",
    [F.relu, torch.tanh, torch.sin, lambda x: x * x, lambda x: torch.where(x > 1, x, 0.3 * x)],
)
def test_elementwise_functions_keep_the_contract(component) -> None:
    KIND.check(component)


@pytest.mark.parametrize(
    ("component", "message"),
    [
        (lambda x: x - x.mean(), "its own input element alone"),
        (lambda x: x / x.abs().max(), "its own input element alone"),
        (lambda x: torch.cumsum(x, 0), "its own input element alone"),
        (lambda x: x.flip(0), "its own input element alone"),
        (lambda x: torch.softmax(x, -1), "its own input element alone"),
        (lambda x: torch.sort(x, dim=0).values, "its own input element alone"),
        (lambda x: x.double(), "torch.float64"),
        (lambda x: x[:-1], r"got \(64,\)"),
        (lambda x: x.sum(), r"got \(\)"),
        (torch.zeros_like, "got a constant"),
        (lambda x: 0 * x, "got a constant"),
        (lambda x: x.detach(), "got a constant"),
        (torch.log, "finite outputs"),
        (lambda x: torch.exp(torch.exp(x)), "finite outputs .* x = "),
        (lambda x: torch.sqrt(torch.abs(x)), "finite gradients .* x = 0"),
    ],
)
def test_a_breach_of_the_contract_says_what_was_expected_and_what_came(component, message) -> None:
    with pytest.raises(ContractError, match=message):
        KIND.check(component)


def test_behaviour_is_the_curve_on_the_probe() -> None:
    curve = KIND.behaviour(torch.tanh)

    assert curve.shape == (64,)
    assert curve.dtype == "float32"
    assert curve[0] == pytest.approx(-1, abs=1e-4)
    assert curve[:32] + curve[:31:-1] == pytest.approx(0, abs=1e-5)


def test_at_least_twelve_baselines_are_source_files_that_keep_the_contract() -> None:
    baselines = KIND.baselines()

    assert {"relu", "gelu", "silu", "mish", "tanh", "selu"} <= set(baselines)
    assert len(baselines) >= 12
    for candidate in baselines.values():
        names: dict = {}
        exec(candidate.source, names)
        KIND.check(names["activation"])


@pytest.mark.parametrize(
    ("component", "reach"),
    [
        (lambda x: torch.where(x > 0, x, torch.expm1(x)), 30),
        (lambda x: torch.where(x > 0, x, torch.expm1(torch.clamp(x, max=0.0))), 10_000),
        (lambda x: torch.exp(0.8 * x.abs()), 100),
        (lambda x: x.square().square().square() * x.square() / 1e5, 1000),
    ],
)
def test_the_reach_is_how_far_values_and_gradients_stay_finite(component, reach: float) -> None:
    KIND.check(component)

    assert KIND.reach(component) == reach
