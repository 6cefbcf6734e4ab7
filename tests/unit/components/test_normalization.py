import pytest
import torch
import torch.nn.functional as F

from evo.components.base import ContractError
from evo.components.normalization import Normalization

KIND = Normalization()


@pytest.mark.parametrize(
    "component",
    [
        lambda x, gain, shift: F.layer_norm(x, x.shape[-1:], gain, shift),
        lambda x, gain, shift: F.normalize(x, dim=-1) * gain,
        lambda x, gain, shift: x,
        lambda x, gain, shift: torch.tanh(x) + shift,
        lambda x, gain, shift: x.flip(1) * gain,
    ],
)
def test_functions_of_a_row_and_what_is_learned_keep_the_contract(component) -> None:
    KIND.check(component)


def root_mean_square(x: torch.Tensor, guard: float) -> torch.Tensor:
    return torch.sqrt(x.square().mean(-1, keepdim=True) + guard)


@pytest.mark.parametrize(
    ("component", "message"),
    [
        (lambda x, gain, shift: (x - x.mean(0)) * gain, "its own row of x alone"),
        (lambda x, gain, shift: x / (1 + shift.abs() * x.std(0)), "its own row of x alone"),
        (lambda x, gain, shift: gain * x.mean(-1, keepdim=True).sum(), r"got \(8,\)"),
        (lambda x, gain, shift: gain.expand_as(x), "depends on x, got a constant"),
        (lambda x, gain, shift: x * shift, "depends on x, got a constant"),
        (lambda x, gain, shift: x.detach(), "passes gradients on"),
        (lambda x, gain, shift: x / root_mean_square(x, 0.0), "finite outputs.*a row of zeros"),
        (lambda x, gain, shift: x / (root_mean_square(x, 0.0) + 1), "gradient to x.*row of zeros"),
        (lambda x, gain, shift: x + gain.log(), "finite outputs.*as training may move them"),
        (lambda x, gain, shift: x + shift.abs().sqrt(), "finite gradient to shift"),
        (lambda x, gain, shift: x - torch.ones(8), r"any n and d.*\(1, 2\)"),
    ],
)
def test_a_breach_of_the_contract_says_what_was_expected_and_what_came(component, message) -> None:
    with pytest.raises(ContractError, match=message):
        KIND.check(component)


def test_behaviour_tells_apart_what_is_alike_only_where_it_starts() -> None:
    learning = KIND.behaviour(lambda x, gain, shift: gain * torch.tanh(x))
    fixed = KIND.behaviour(lambda x, gain, shift: torch.tanh(x))

    assert learning.shape == (144,)
    assert learning[:72] == pytest.approx(fixed[:72], abs=1e-6)
    assert learning[72:] != pytest.approx(fixed[72:], abs=1e-2)


def test_parts_hold_the_normalisation_and_leave_the_activation_alone() -> None:
    rows = torch.arange(6.0).reshape(3, 2)
    parts = KIND.parts(lambda x, gain, shift: (x - x.mean(0)) * gain + shift)

    # Row by row: no other row is there to be looked at.
    assert parts.normalize(rows, torch.ones(2), torch.ones(2)).tolist() == [[1, 1]] * 3
    assert [learnable.per for learnable in parts.normalize_learnables] == ["feature", "feature"]
    assert parts.activation is F.relu
    assert parts.activation_learnables == ()
