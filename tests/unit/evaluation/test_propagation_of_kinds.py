"""Signals pass through untrained networks with a component of any kind in them."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from evo.components.kinds import kinds
from evo.core.learnables import Component
from evo.evaluation.propagation import Propagation

COMPONENTS = {
    "activation": (F.relu, torch.sin),
    "parametric-activation": (
        lambda x, a, b: F.relu(x) + b,
        lambda x, a, b: torch.sin(a * x),
    ),
    "gated-activation": (
        lambda gate, value: F.relu(gate) * value,
        lambda gate, value: torch.sin(3 * gate) + value,
    ),
    "normalization": (
        lambda x, gain, shift: x,
        lambda x, gain, shift: F.layer_norm(x, x.shape[-1:], gain, shift),
    ),
    "initializer": (
        lambda z, fan_in, fan_out: z / fan_in.sqrt(),
        lambda z, fan_in, fan_out: 3 * z / fan_in.sqrt(),
    ),
}


@pytest.mark.parametrize("task", ["digits", "digits-cnn"])
@pytest.mark.parametrize("kind", COMPONENTS)
def test_statistics_are_finite_and_tell_components_of_a_kind_apart(kind: str, task: str) -> None:
    one, other = COMPONENTS[kind]
    propagation = Propagation(kinds.get(kind)().parts, task)

    found: list[np.ndarray] = [propagation(component) for component in (one, other, one)]

    assert np.isfinite(found).all()
    assert np.array_equal(found[0], found[2])
    assert np.abs(found[0] - found[1]).max() > 0.1


def test_what_a_component_learns_leaves_its_gradient_among_the_statistics() -> None:
    def statistics(component: Component, kind: str) -> np.ndarray:
        return Propagation(kinds.get(kind)().parts, "digits-cnn")(component)

    plain = statistics(F.relu, "activation")
    learning = statistics(lambda x, a, b: a * F.relu(x), "parametric-activation")

    assert len(learning) == len(plain) + 2 * 2  # a and b at two places
