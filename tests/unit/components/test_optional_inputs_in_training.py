"""Noise and statistics of the batch, which a source takes by name, in networks and trainings."""

import pytest
import torch
from optional_inputs import SOURCES, component, trained
from support.small_data import data
from torch import nn

from evo.core.informed import Informed
from evo.evaluation.training.trainer import train
from evo.networks.cnn import Cnn
from evo.networks.mlp import Mlp
from evo.networks.modules import ModuleNetwork
from evo.networks.parts import Parts
from evo.networks.patches import Patches
from evo.networks.transformer import Transformer

NORM = "normalization"
NOISY = sorted(kind for kind, source in SOURCES.items() if "noise" in source)
NETWORKS = {
    "cnn": (Cnn((3, 4)), (1, 8, 8)),
    "mlp": (Mlp((6,)), (4,)),
    "patches": (Patches((3, 4)), (1, 8, 8)),
    "transformer": (Transformer(width=8, blocks=1), (1, 8, 8)),
    "module": (
        ModuleNetwork(lambda: nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 3))),
        (4,),
    ),
}


@pytest.mark.parametrize("kind", NOISY)
def test_noise_follows_a_copys_own_seed_whatever_trains_beside_it(kind: str) -> None:
    parts = component(kind)

    together = trained(parts, seeds=(3, 4, 5))

    alone = [trained(parts, seeds=(seed,)).test_loss.item() for seed in (3, 4, 5)]
    assert together.test_loss.flatten().tolist() == pytest.approx(alone, abs=1e-6)
    assert trained(parts, seeds=(4,)).test_loss.item() == alone[1]
    assert len(set(alone)) == 3


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("kind", ["activation", "parametric-activation"])
def test_every_network_gives_noise_in_training_alone(kind: str, name: str) -> None:
    network, shape = NETWORKS[name]
    parts = component(kind)
    start = network.fresh(shape, 3, torch.Generator().manual_seed(0), parts)
    stacked = {key: torch.stack([value] * 2) for key, value in start.items()}
    inputs = torch.stack([network.arranged(torch.randn(40, *shape))] * 2)
    parts.state.noise = torch.randn

    tested = network.forward(stacked, inputs, parts)
    parts.state.is_training = True
    first, second = network.forward(stacked, inputs, parts)

    torch.testing.assert_close(tested[0], tested[1])
    assert (first - second).abs().max() > 1e-3


@pytest.mark.parametrize("name", ["cnn", "mlp", "patches", "transformer"])
def test_a_normalization_sees_the_batchs_statistics_in_training_and_averages_in_tests(name) -> None:
    network, shape = NETWORKS[name]
    parts = component("normalization")
    starts = [
        network.fresh(shape, 3, torch.Generator().manual_seed(seed), parts) for seed in (0, 1)
    ]
    stacked = network.leaves({key: torch.stack([s[key] for s in starts]) for key in starts[0]})
    inputs = torch.stack([network.arranged(1 + torch.randn(6, *shape)) for _ in range(2)])
    averages = [key for key, value in stacked.items() if not value.requires_grad]
    before = {key: stacked[key].clone() for key in averages}

    parts.state.is_training = True
    together = network.forward(stacked, inputs, parts)

    moved = {key: stacked[key].clone() for key in averages}
    alone = {key: value[1:].detach().clone() for key, value in stacked.items()}
    torch.testing.assert_close(network.forward(alone, inputs[1:], parts), together[1:])
    parts.state.is_training = False
    tested = network.forward(stacked, inputs[:, :1], parts)
    torch.testing.assert_close(network.forward(stacked, inputs, parts)[:, :1], tested)
    assert averages
    assert all((moved[key] - before[key]).abs().max() > 1e-3 for key in averages)


def test_batch_norm_trains_in_a_network_of_evo_and_in_a_module() -> None:
    model = ModuleNetwork(
        lambda: nn.Sequential(nn.Linear(4, 6), nn.LayerNorm(6), nn.ReLU(), nn.Linear(6, 3))
    )
    work = {"epochs": 2, "batch_size": 15, "learning_rates": (0.02,), "seeds": (3,)}

    plain, seen = (train(model, data(), parts, **work) for parts in (Parts(), component(NORM)))

    assert torch.isfinite(seen.test_loss).all()
    assert not torch.equal(seen.test_loss, plain.test_loss)
    assert trained(component(NORM)).test_loss.isfinite().all()


def test_noise_is_another_at_every_step_and_matrix() -> None:
    drawn: list[torch.Tensor] = []

    def penalty(w: torch.Tensor, noise: torch.Tensor, *_: torch.Tensor) -> torch.Tensor:
        return (w * noise).sum() * 0

    parts = Parts(penalty=Informed(penalty))
    parts.state.is_training = True
    parts.state.noise = lambda shape: drawn.append(torch.randn(shape)) or drawn[-1]
    for _ in range(2):
        parts.penalties([torch.ones(2, 3, 4), torch.ones(2, 3, 4)])

    assert len({tensor.sum().item() for tensor in drawn}) == 4
