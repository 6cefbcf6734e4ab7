import pytest
import torch
import torch.nn.functional as F

from evo.components.base import ContractError
from evo.components.parametric_activation import ParametricActivation

KIND = ParametricActivation()


@pytest.mark.parametrize(
    "component",
    [
        lambda x, a, b: torch.where(x > 0, x, a * x + b),
        lambda x, a, b: x * torch.sigmoid(a * x),
        lambda x, a, b: F.relu(x),
        lambda x, a, b: F.relu(a) * torch.tanh(x),  # closed where a is below 0
    ],
)
def test_functions_of_x_and_two_numbers_keep_the_contract(component) -> None:
    KIND.check(component)


@pytest.mark.parametrize(
    ("component", "message"),
    [
        (lambda x, a, b: a * (x - x.mean()), "its own input element alone"),
        (lambda x, a, b: (a + b).reshape(1), r"got \(1,\)"),
        (lambda x, a, b: x * 0 + a, "depends on x at a = 1, b = 0, got a constant"),
        (lambda x, a, b: b * x, "depends on x at a = 1, b = 0, got a constant"),
        (lambda x, a, b: x / (a - 0.6), "finite outputs .* at a = 0.6, b = 0.4"),
        (lambda x, a, b: x * torch.sqrt(a), "finite outputs .* at a = -0.5, b = 1.2"),
        (lambda x, a, b: x + torch.sqrt(torch.abs(b)), "finite gradient to b at a = 1, b = 0"),
        (lambda x, a, b: torch.sqrt(torch.abs(a * x)), "finite gradients .* x = 0"),
    ],
)
def test_a_breach_of_the_contract_says_where_it_came(component, message) -> None:
    with pytest.raises(ContractError, match=message):
        KIND.check(component)


def test_behaviour_tells_apart_what_is_alike_only_where_it_starts() -> None:
    swish = KIND.behaviour(lambda x, a, b: x * torch.sigmoid(a * x))
    silu = KIND.behaviour(lambda x, a, b: F.silu(x))

    assert swish.shape == (192,)
    assert swish.dtype == "float32"
    assert swish[:64] == pytest.approx(silu[:64], abs=1e-6)
    assert swish[64:] != pytest.approx(silu[64:], abs=1e-2)


def test_parts_let_training_move_both_numbers() -> None:
    parts = KIND.parts(F.relu)

    assert parts.activation is F.relu
    assert [learnable.name for learnable in parts.activation_learnables] == ["a", "b"]
    assert parts.normalize is None
