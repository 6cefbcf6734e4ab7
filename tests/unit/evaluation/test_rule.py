"""Update rules on stacked copies, held against Adam's own kernel and against copies alone."""

import pytest
import torch

from evo.evaluation.training.adam import StackedAdam
from evo.evaluation.training.results import Trained
from evo.evaluation.training.rule import StackedRule
from evo.evaluation.training.trainer import train
from evo.networks.mlp import Mlp
from evo.networks.parts import Parts
from evo.tasks.base import Data
from evo.tasks.digits import Digits

RATES = torch.tensor([0.001, 0.01, 0.1])


def adam(g, m, v, w, t):
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
    return torch.stack([m / (1 - 0.9**t) / ((v / (1 - 0.999**t)).sqrt() + 1e-8), m, v])


def normalised(g, m, v, w, t):
    m = 0.9 * m + g / (g.norm() + 1e-8)
    return torch.stack([m, m, v])


def starts(copies: int = 3) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    shapes = {"0.weight": (5, 4), "0.bias": (1, 4), "out.weight": (2, 4)}
    return {n: torch.randn(copies, *shape, generator=generator) for n, shape in shapes.items()}


def walked(optimiser: StackedAdam | StackedRule, steps: int = 30) -> list[torch.Tensor]:
    """Parameters after steps towards weights of one half."""
    for step in range(steps):
        values = list(optimiser.parameters.values())
        distance = sum((value - 0.5).square().sum() for value in values)
        gradients = torch.autograd.grad(distance, values)
        optimiser.step(list(gradients), schedule=1 - step / steps)
    return [value.detach() for value in optimiser.parameters.values()]


def test_adam_as_a_rule_goes_where_the_kernel_goes() -> None:
    ours, kernels = walked(StackedRule(starts(), RATES, adam)), walked(StackedAdam(starts(), RATES))

    for own, theirs in zip(ours, kernels, strict=True):
        torch.testing.assert_close(own, theirs, rtol=1e-4, atol=1e-5)


def test_a_rule_that_looks_at_a_whole_tensor_sees_one_copy_alone() -> None:
    together = walked(StackedRule(starts(), RATES, normalised))

    for copy in range(3):
        alone = {name: value[copy : copy + 1] for name, value in starts().items()}
        for own, all_ in zip(
            walked(StackedRule(alone, RATES[copy : copy + 1], normalised)), together, strict=True
        ):
            torch.testing.assert_close(own[0], all_[copy])


def test_starts_are_left_as_they_were() -> None:
    given = starts()

    walked(StackedRule(given, RATES, adam))

    assert all(torch.equal(given[name], value) for name, value in starts().items())


@pytest.fixture(scope="module")
def data() -> Data:
    return Digits().load()


def trained(data: Data, parts: Parts) -> Trained:
    options = {"learning_rates": (0.003, 0.01), "epochs": 2, "batch_size": 32}
    return train(Mlp((16, 16)), data, parts, seeds=(0, 1), **options)


def test_training_with_adam_as_a_rule_ends_at_the_same_losses(data: Data) -> None:
    own, kernels = trained(data, Parts(update=adam)), trained(data, Parts())

    torch.testing.assert_close(own.test_loss, kernels.test_loss, rtol=2e-3, atol=1e-3)
    assert (own.test_accuracy - kernels.test_accuracy).abs().max() < 0.01


def test_a_schedule_of_the_linear_fall_ends_where_none_ends_and_another_does_not(
    data: Data,
) -> None:
    plain = trained(data, Parts())

    same, other = (
        trained(data, Parts(schedule=lambda t: 1 - t)),
        trained(data, Parts(schedule=torch.ones_like)),
    )

    torch.testing.assert_close(same.test_loss, plain.test_loss, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(other.test_loss, plain.test_loss, rtol=1e-2)
