"""Penalties of signals in networks and trainings."""

from functools import partial

import pytest
import torch
from network_copies import SEEDS, batch, stacked
from support.components import traced_kind
from support.small_data import data
from torch import nn

from evo.components.activity_regularizer import ActivityRegularizer
from evo.evaluation.training.trainer import train
from evo.networks.activity import activity_penalties
from evo.networks.base import Network
from evo.networks.cnn import Cnn
from evo.networks.mlp import Mlp
from evo.networks.models import ResNet
from evo.networks.modules import ModuleNetwork
from evo.networks.parts import Parts
from evo.networks.patches import Patches
from evo.networks.transformer import Transformer

KIND = ActivityRegularizer()
IMAGES = (1, 8, 8)
NETWORKS = {
    "mlp": (Mlp((6, 5)), [(5, 6), (5, 5), (5, 3)]),
    "cnn": (Cnn((3, 4)), [(5 * 64, 3), (5 * 16, 4), (5, 3)]),
    "patches": (Patches((3, 5), hidden=7), None),
    "transformer": (Transformer(width=8, blocks=1), [(5 * 16, 16), (5, 3)]),
    "module": (ModuleNetwork(partial(ResNet, 1, 8, outputs=3, width=4)), None),
}
GRADIENT = "def penalize(y, gradient):\n    return (gradient * gradient).sum(-1).mean()"


def copies(network: Network, parts: Parts) -> tuple[torch.Tensor, torch.Tensor]:
    """Outputs and parameters' penalties of three copies, with the signals in the parts' state."""
    generators = [torch.Generator().manual_seed(seed) for seed in SEEDS]
    parameters = stacked([network.fresh(IMAGES, 3, one, parts) for one in generators])
    samples = batch(*IMAGES)
    arranged = network.arranged(samples.flatten(0, 1)).unflatten(0, samples.shape[:2])
    parts.state.signals = []
    outputs = network.forward(parameters, arranged.requires_grad_(), parts)
    losses = outputs.square().sum(-1)
    penalties = activity_penalties(parts, outputs, losses)
    assert penalties is not None
    return outputs, penalties


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_hands_over_what_its_activations_give(name: str) -> None:
    network, shapes = NETWORKS[name]
    seen: list[tuple[int, ...]] = []

    def penalty(y: torch.Tensor) -> torch.Tensor:
        seen.append(tuple(y.shape))
        return y.square().mean()

    parts = Parts(activity=penalty)
    outputs, penalties = copies(network, parts)

    assert len(seen) == len(network.feature_counts(IMAGES).activations) + 1
    assert shapes is None or seen == shapes
    assert parts.state.signals is not None
    signals = [*(torch.cat([*one]) for one in parts.state.signals), outputs]
    expected = torch.stack([one.square().flatten(1).mean(1) for one in signals]).sum(0)
    torch.testing.assert_close(penalties, expected)


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_by_signals_are_each_copys_own_and_can_be_differentiated(name: str) -> None:
    network, _ = NETWORKS[name]
    parts = KIND.parts(traced_kind("activity-regularizer", GRADIENT))
    outputs, penalties = copies(network, parts)
    signals = [*(parts.state.signals or []), [outputs]]
    whole = [part for signal in signals for part in signal]

    slopes = iter(torch.autograd.grad(outputs.square().sum(), whole, create_graph=True))

    by_copy = [torch.cat([next(slopes) for _ in signal]) for signal in signals]
    rows = [one.flatten(1, -2).square().sum(-1).mean(1) for one in by_copy]
    assert all((one > 0).all() for one in rows)
    torch.testing.assert_close(penalties, torch.stack(rows).sum(0))
    assert penalties.requires_grad


def small_model() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))


@pytest.mark.parametrize("network", [Mlp((6,)), ModuleNetwork(small_model)])
def test_a_training_adds_the_penalty_at_its_strength_and_measures_without_it(network) -> None:
    work = {"seeds": (3,), "learning_rates": (0.02, 0.02), "epochs": 2, "batch_size": 15}
    parts = KIND.parts(
        traced_kind("activity-regularizer", "def penalize(y):\n    return 10 * (y * y).mean()")
    )

    plain = train(network, data(), Parts(), strengths=(1.0, 1.0), **work)
    seen = train(network, data(), parts, strengths=(0.0, 3.0), **work)
    parted = train(network, data(), parts, strengths=(0.0, 3.0), passes=3, **work)

    assert seen.test_loss[0, 0] == pytest.approx(plain.test_loss[0, 0].item(), rel=1e-5)
    assert (seen.test_loss[0, 1] - plain.test_loss[0, 1]).abs() > 1e-3
    torch.testing.assert_close(parted.test_loss, seen.test_loss, rtol=1e-3, atol=1e-3)
