"""Where components stand in networks, and what they learn there."""

import pytest
import torch
import torch.nn.functional as F
from network_copies import SEEDS, batch, outputs_of, stacked

from evo.core.contract import Learnable
from evo.networks.base import Network, Parameters
from evo.networks.cnn import Cnn
from evo.networks.mlp import Mlp
from evo.networks.parts import Parts
from evo.networks.patches import Patches
from evo.networks.transformer import Transformer

NETWORKS = [
    Mlp((12, 8)),
    Cnn((4, 6)),
    Patches((3, 5), hidden=7),
    Patches((3, 5)),
    Transformer(width=8, blocks=2),
]
LEARNING = Parts(
    activation=lambda x, a, slope: torch.tanh(a * x) + slope * x,
    normalize=lambda x, gain: F.layer_norm(x, x.shape[-1:]) * gain,
    activation_learnables=(Learnable("a", "layer", 1.0), Learnable("slope", "feature", 0.0)),
    normalize_learnables=(Learnable("gain", "feature", 1.0),),
)
PLAIN = Parts(activation=torch.tanh, normalize=lambda x: F.layer_norm(x, x.shape[-1:]))


def copies_of(network: Network, parts: Parts, noise: float) -> list[Parameters]:
    found = []
    for seed in SEEDS:
        generator = torch.Generator().manual_seed(seed)
        fresh = network.fresh((1, 8, 8), 10, generator, parts)
        found.append(
            {n: t + noise * torch.randn(t.shape, generator=generator) for n, t in fresh.items()}
        )
    return found


@pytest.mark.parametrize("network", NETWORKS)
def test_what_is_learned_starts_as_if_it_were_not_there(network: Network) -> None:
    learning = stacked(copies_of(network, LEARNING, 0.0))
    plain = stacked(copies_of(network, PLAIN, 0.0))

    outputs = outputs_of(network, learning, batch(1, 8, 8), LEARNING)

    assert learning.keys() > plain.keys()
    assert torch.allclose(outputs, outputs_of(network, plain, batch(1, 8, 8), PLAIN), atol=1e-5)


@pytest.mark.parametrize("network", NETWORKS)
def test_copies_with_learnables_never_mix(network: Network) -> None:
    copies, inputs = copies_of(network, LEARNING, 0.3), batch(1, 8, 8)

    together = outputs_of(network, stacked(copies), inputs, LEARNING)

    for place, copy in enumerate(copies):
        alone = outputs_of(network, stacked([copy]), inputs[place : place + 1], LEARNING)
        assert torch.allclose(together[place], alone[0], atol=1e-5)


@pytest.mark.parametrize("network", NETWORKS)
def test_every_learnable_of_every_place_is_used(network: Network) -> None:
    parameters = {
        n: t.requires_grad_() for n, t in stacked(copies_of(network, LEARNING, 0.3)).items()
    }

    outputs = outputs_of(network, parameters, batch(1, 8, 8), LEARNING)

    learned = {name: value for name, value in parameters.items() if "@" in name}
    gradients = torch.autograd.grad(outputs[1].square().sum(), list(learned.values()))
    for name, gradient in zip(learned, gradients, strict=True):
        assert gradient[1].abs().max() > 0, name
        assert gradient[[0, 2]].abs().max() == 0, name


@pytest.mark.parametrize("network", NETWORKS)
def test_learnables_are_no_weight_matrices(network: Network) -> None:
    with_, without = (copies_of(network, parts, 0.0) for parts in (LEARNING, PLAIN))

    assert len(network.matrices(stacked(with_))) == len(network.matrices(stacked(without)))


def test_a_transformer_keeps_its_layer_norms_unless_a_normalisation_takes_their_place() -> None:
    network = Transformer(width=8, blocks=1)
    parameters, inputs = stacked(copies_of(network, PLAIN, 0.0)), batch(1, 8, 8)

    own = outputs_of(network, parameters, inputs, Parts(torch.tanh))

    assert torch.allclose(own, outputs_of(network, parameters, inputs, PLAIN), atol=1e-5)
    unchanged = Parts(torch.tanh, normalize=lambda x: x)
    assert not torch.allclose(own, outputs_of(network, parameters, inputs, unchanged), atol=1e-2)
