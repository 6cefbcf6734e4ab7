"""Networks whose weights a component makes."""

import pytest
import torch

from evo.networks.base import Network, Parameters
from evo.networks.cnn import Cnn
from evo.networks.mlp import Mlp
from evo.networks.parts import Parts
from evo.networks.patches import Patches
from evo.networks.transformer import Transformer

NETWORKS = [Mlp((12, 8)), Cnn((4, 6)), Patches((3, 5), hidden=7), Transformer(width=8, blocks=1)]


def fresh(network: Network, parts: Parts) -> Parameters:
    return network.fresh((1, 8, 8), 10, torch.Generator().manual_seed(0), parts)


def matrices(network: Network, parameters: Parameters) -> list[torch.Tensor]:
    return [m[0] for m in network.matrices({n: v[None] for n, v in parameters.items()})]


@pytest.mark.parametrize("network", NETWORKS)
def test_each_matrix_is_made_of_its_own_draw_with_its_own_sizes(network: Network) -> None:
    draws = []

    def initialize(z: torch.Tensor, fan_in: torch.Tensor, fan_out: torch.Tensor) -> torch.Tensor:
        assert (fan_out.item(), fan_in.item()) == z.shape
        draws.append(z)
        return 2 * z

    found = matrices(network, fresh(network, Parts(initialize=initialize)))

    assert len(draws) == len(found)
    assert all(torch.equal(one, 2 * z) for one, z in zip(found, draws, strict=True))
    assert all(z.std() > 0.3 for z in draws)


@pytest.mark.parametrize("network", NETWORKS)
def test_every_component_is_given_the_same_draws(network: Network) -> None:
    once = fresh(network, Parts(initialize=lambda z, fan_in, fan_out: z))
    twice = fresh(network, Parts(initialize=lambda z, fan_in, fan_out: 2 * z))

    for one, two in zip(matrices(network, once), matrices(network, twice), strict=True):
        assert torch.equal(2 * one, two)


@pytest.mark.parametrize("network", NETWORKS)
def test_parameters_keep_their_form_and_biases_start_at_zero(network: Network) -> None:
    own = fresh(network, Parts())
    made = fresh(network, Parts(initialize=lambda z, fan_in, fan_out: z / fan_in.sqrt()))

    assert {n: v.shape for n, v in own.items()} == {n: v.shape for n, v in made.items()}
    assert not any(made[name].any() for name in made if name.endswith(".bias"))
    assert all(torch.equal(own[n], made[n]) for n in own if not n.endswith((".weight", ".bias")))
