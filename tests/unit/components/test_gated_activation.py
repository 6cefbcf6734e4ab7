import numpy as np
import pytest
import torch
import torch.nn.functional as F

from evo.components.base import ContractError
from evo.components.gated_activation import GatedActivation

KIND = GatedActivation()


@pytest.mark.parametrize(
    "component",
    [
        lambda gate, value: F.silu(gate) * value,
        lambda gate, value: gate * value,
        torch.maximum,
        lambda gate, value: F.relu(gate),
        lambda gate, value: torch.tanh(value),
    ],
)
def test_functions_of_gate_and_value_at_one_place_keep_the_contract(component) -> None:
    KIND.check(component)


@pytest.mark.parametrize(
    ("component", "message"),
    [
        (lambda gate, value: F.relu(gate) * value.std(), "its own input element alone"),
        (lambda gate, value: (gate - gate.mean()) * value, "its own input element alone"),
        (
            lambda gate, value: torch.ones_like(gate),
            r"depends on x at gate = x, value = 3 cos\(x\)",
        ),
        (lambda gate, value: gate.detach() * value.detach(), "got a constant"),
        (lambda gate, value: torch.exp(gate * value), "finite outputs.*gate = value = x"),
        (lambda gate, value: torch.log(value.abs()) * gate, "finite outputs"),
        (lambda gate, value: value.abs().sqrt() * gate, "finite gradients.*value = x"),
        (lambda gate, value: torch.cat([gate, value], -1), r"got \(130,\)"),
        (lambda gate, value: (gate * value).double(), "torch.float64"),
    ],
)
def test_a_breach_of_the_contract_says_what_was_expected_and_what_came(component, message) -> None:
    with pytest.raises(ContractError, match=message):
        KIND.check(component)


def test_a_gate_that_looks_at_its_neighbours_in_the_value_alone_is_refused() -> None:
    with pytest.raises(ContractError, match="its own input element alone"):
        KIND.check(lambda gate, value: gate * (value + 0.01 * value.roll(1, -1)))


def test_behaviour_and_gradients_tell_which_half_is_the_gate() -> None:
    one, other = (lambda g, v: F.silu(g) * v), (lambda g, v: F.silu(v) * g)

    assert KIND.behaviour(one).shape == KIND.slopes(one).shape == (80,)
    assert np.abs(KIND.behaviour(one) - KIND.behaviour(other)).max() > 1

    def straight_through(gate: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        passed = F.silu(gate) * value
        return gate * value - (gate * value).detach() + passed.detach()

    assert KIND.behaviour(straight_through) == pytest.approx(KIND.behaviour(one), abs=1e-5)
    assert np.abs(KIND.slopes(straight_through) - KIND.slopes(one)).max() > 0.5


def test_parts_hold_the_activation_of_two_halves() -> None:
    parts = KIND.parts(lambda gate, value: gate.sin() * value)
    signal = torch.linspace(-1, 1, 24).view(2, 3, 4)

    assert parts.halves == 2
    expected = signal[..., :2].sin() * signal[..., 2:]
    assert torch.equal(parts.activated(signal, "0", {}), expected)
