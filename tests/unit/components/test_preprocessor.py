import pytest
import torch
import torch.nn.functional as F

from evo.components.base import ContractError
from evo.components.preprocessor import Preprocessor

KIND = Preprocessor()


def standardised(x: torch.Tensor, dim: int) -> torch.Tensor:
    return (x - x.mean(dim, keepdim=True)) / (x.std(dim, keepdim=True) + 1e-5)


@pytest.mark.parametrize(
    "component",
    [
        lambda x: x,
        torch.tanh,
        lambda x: standardised(x, -1),
        lambda x: torch.sign(x) * torch.sqrt(torch.abs(x)),
        lambda x: F.softmax(x, dim=1),
        lambda x: x.argsort(dim=1).float(),
        lambda x: x.flip(1),
        lambda x: torch.cat([x[:, 1:], x[:, :1]], dim=1),
    ],
)
def test_functions_of_a_row_keep_the_contract(component) -> None:
    KIND.check(component)


@pytest.mark.parametrize(
    ("component", "message"),
    [
        (lambda x: standardised(x, 0), "its own row of x alone"),
        (lambda x: x - x.mean(), "its own row of x alone"),
        (lambda x: x.flip(0), "its own row of x alone"),
        (lambda x: torch.cumsum(x, 0), "its own row of x alone"),
        (lambda x: x - x[:1] + 1, "its own row of x alone"),
        (lambda x: x * x.shape[0], "its own row of x alone"),
        (lambda x: x[:, :-1], r"got \(9, 7\)"),
        (lambda x: x.double(), "torch.float64"),
        (lambda x: x > 0, "torch.bool"),
        (torch.ones_like, "got a constant"),
        (lambda x: 0 * x, "got a constant"),
        (torch.log, "finite outputs.*deviation 1"),
        (lambda x: x / x.std(1, keepdim=True), "finite outputs.*a row of equal features"),
        (lambda x: x / x.norm(dim=1, keepdim=True), "finite outputs.*a row of zeros"),
        (lambda x: x - torch.ones(8), r"any n and d.*\(1, 2\)"),
        (lambda x: x.view(x.shape[1], -1).view(x.shape), "transposed"),
    ],
)
def test_a_breach_of_the_contract_says_what_was_expected_and_what_came(component, message) -> None:
    with pytest.raises(ContractError, match=message):
        KIND.check(component)


def test_gradients_are_not_asked_for() -> None:
    KIND.check(lambda x: torch.sqrt(torch.abs(x)).detach())


def test_behaviour_is_the_output_on_nine_samples() -> None:
    output = KIND.behaviour(lambda x: x)

    assert output.shape == (72,)
    assert output.dtype == "float32"
    assert output[-8:].tolist() == [0.0] * 8


def test_parts_hold_the_component_before_the_first_layer_and_nothing_else() -> None:
    parts = KIND.parts(lambda x: x - x.mean(0))

    # Row by row: no other row is there to be looked at.
    assert parts.preprocess(torch.arange(6.0).reshape(3, 2)).tolist() == [[0, 0]] * 3
    assert parts.activation is F.relu
    assert parts.penalty is None
