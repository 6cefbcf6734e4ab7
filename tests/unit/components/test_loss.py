import numpy as np
import pytest
import torch
import torch.nn.functional as F

from evo.components.base import ContractError
from evo.components.loss import LossKind

KIND = LossKind()


def cross_entropy(outputs, targets):
    return -(targets * F.log_softmax(outputs, -1)).sum(-1)


@pytest.mark.parametrize(
    "component",
    [
        cross_entropy,
        lambda o, t: (o - t).square().sum(-1),
        lambda o, t: torch.relu(1 - (2 * t - 1) * o).sum(-1),
        lambda o, t: -(t * o).sum(-1) / (1 + o.norm(dim=-1)),
        lambda o, t: cross_entropy(o - o.mean(-1, keepdim=True).detach(), t) - 3,
    ],
)
def test_losses_of_a_sample_keep_the_contract(component) -> None:
    KIND.check(component)


@pytest.mark.parametrize(
    ("component", "message"),
    [
        (lambda o, t: cross_entropy(o, t).mean(), r"shape \(12,\) .* got \(\)"),
        (lambda o, t: (o - t).square(), r"got \(12, 10\)"),
        (lambda o, t: cross_entropy(o, t).double(), "torch.float64"),
        (lambda o, t: 1 / (1 - (t * o.softmax(-1)).sum(-1)), "finite losses, got others on .*30"),
        (lambda o, t: (o.exp().exp() * t).sum(-1), "finite losses"),
        (lambda o, t: (o - o).square().sum(-1).sqrt() + cross_entropy(o, t), "finite gradients"),
        (lambda o, t: o.square().sum(-1), "depends on the targets"),
        (lambda o, t: o.square().sum(-1) + t[:, 0], "depends on the targets"),
        (lambda o, t: t.sum(-1), "depends on the outputs, got a constant"),
        (lambda o, t: cross_entropy(o - o.mean(0), t), "its own row alone"),
        (lambda o, t: cross_entropy(o, t.flip(0)), "its own row alone"),
        (lambda o, t: cross_entropy(o, t) / (1 + cross_entropy(o, t).sum()), "its own row alone"),
    ],
)
def test_a_breach_of_the_contract_says_what_was_expected_and_what_came(component, message) -> None:
    with pytest.raises(ContractError, match=message):
        KIND.check(component)


def test_behaviour_is_the_pull_on_logits_whatever_the_scale() -> None:
    pull = KIND.behaviour(cross_entropy)

    assert pull.shape == (80,)
    assert np.square(pull).mean() == pytest.approx(1)
    assert pull == pytest.approx(KIND.behaviour(lambda o, t: 7 * cross_entropy(o, t) + 2), abs=1e-6)


def test_parts_hold_the_loss_and_are_judged_by_accuracy() -> None:
    logits, answers = torch.arange(6.0).reshape(3, 2), torch.eye(2)[[0, 1, 0]]
    parts = KIND.parts(lambda outputs, targets: cross_entropy(outputs, targets) + outputs.sum())

    # Row by row: no other row is there to be looked at.
    expected = cross_entropy(logits, answers) + logits.sum(1)
    torch.testing.assert_close(parts.loss(logits, answers), expected)
    assert parts.judged_by == "accuracy"
    assert parts.activation is F.relu
