"""Penalties of signals: their contract."""

import numpy as np
import pytest
import torch
from support.components import traced_kind

from evo.components.activity_regularizer import ActivityRegularizer
from evo.components.base import ContractError

KIND = ActivityRegularizer()


@pytest.mark.parametrize(
    ("component", "message"),
    [
        (lambda y: -y.square().mean(), "at least 0"),
        (lambda y: y.square().mean(0), "shape"),
        (lambda y: 1 / y.square().mean(), "finite"),
        (lambda y: y.var(0, correction=0).sqrt().mean(), "finite gradients.*dead features"),
        (lambda y: torch.exp(y).mean(), "a finite penalty.*large"),
    ],
)
def test_a_breach_of_the_contract_says_what_was_expected_and_what_came(component, message) -> None:
    with pytest.raises(ContractError, match=message):
        KIND.check(component)


def test_a_penalty_of_gradients_needs_a_finite_pull_on_them() -> None:
    source = "def penalize(y, gradient):\n    return gradient.norm(dim=0).sqrt().mean()"

    with pytest.raises(ContractError, match="the gradient by dead features, where it is 0"):
        KIND.check(traced_kind("activity-regularizer", source))


def test_behaviour_tells_hidden_signals_outputs_and_gradients_apart() -> None:
    def behaviour(source: str) -> np.ndarray:
        return KIND.behaviour(traced_kind("activity-regularizer", source))

    everywhere, at_the_end, of_gradients = map(
        behaviour,
        (
            "def penalize(y):\n    return (y * y).mean()",
            "def penalize(y, layer, layers):\n    return (layer == layers) * (y * y).mean()",
            "def penalize(y, gradient):\n    return (gradient * gradient).mean()",
        ),
    )

    assert (everywhere[:24] != at_the_end[:24]).any()
    assert everywhere[48:72] == pytest.approx(at_the_end[48:72])
    assert (of_gradients[:24] == 0).all()
    assert (of_gradients[24:48] != 0).all()
