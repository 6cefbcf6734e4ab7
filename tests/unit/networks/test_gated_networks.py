"""Networks in their gated form: layers that give a gate and a value to each activation."""

import pytest
import torch
import torch.nn.functional as F
from network_copies import SEEDS, batch, outputs_of, stacked
from torch import nn

from evo.core.contract import Learnable
from evo.core.errors import UsageError
from evo.networks.base import Network, Parameters
from evo.networks.cnn import Cnn
from evo.networks.mlp import Mlp
from evo.networks.modules import ModuleNetwork
from evo.networks.parts import Parts
from evo.networks.patches import Patches
from evo.networks.transformer import Transformer

NETWORKS = [
    Mlp((12, 8)),
    Cnn((4, 6)),
    Patches((3, 5), hidden=7),
    Transformer(width=8, blocks=2),
]
GATED = Parts(activation=lambda gate, value: torch.sigmoid(gate) * value, halves=2)
NORMED = Parts(
    activation=lambda gate, value, a: torch.tanh(a * gate) * value,
    normalize=lambda x, gain: F.layer_norm(x, x.shape[-1:]) * gain,
    activation_learnables=(Learnable("a", "feature", 1.0),),
    normalize_learnables=(Learnable("gain", "feature", 1.0),),
    halves=2,
)


def copies_of(network: Network, parts: Parts) -> Parameters:
    generators = [torch.Generator().manual_seed(seed) for seed in SEEDS]
    return stacked([network.fresh((1, 8, 8), 10, one, parts) for one in generators])


@pytest.mark.parametrize("plain", NETWORKS)
def test_a_gate_that_is_always_open_leaves_the_network_of_the_values(plain: Network) -> None:
    network = plain.suited(GATED)
    only_values = Parts(activation=lambda gate, value: value, halves=2)
    parameters = copies_of(network, only_values)

    def values_alone(name: str, tensor: torch.Tensor) -> torch.Tensor:
        """The half of a layer that holds the values, where it has two."""
        dims = [d for d, n in enumerate(plain_shapes[name]) if n != tensor.shape[d]]
        return tensor.chunk(2, dims[0])[1] if dims else tensor

    plain_shapes = {n: t.shape for n, t in copies_of(plain, Parts()).items()}
    halved = {name: values_alone(name, tensor) for name, tensor in parameters.items()}
    expected = outputs_of(plain, halved, batch(1, 8, 8), Parts(activation=lambda x: x))

    outputs = outputs_of(network, parameters, batch(1, 8, 8), only_values)
    assert torch.allclose(outputs, expected, atol=1e-5)


@pytest.mark.parametrize("parts", [GATED, NORMED])
@pytest.mark.parametrize("plain", NETWORKS)
def test_copies_of_a_gated_network_never_mix(plain: Network, parts: Parts) -> None:
    network = plain.suited(parts)
    parameters, inputs = copies_of(network, parts), batch(1, 8, 8)

    together = outputs_of(network, parameters, inputs, parts)

    for place in range(len(SEEDS)):
        copy = {name: value[place : place + 1] for name, value in parameters.items()}
        alone = outputs_of(network, copy, inputs[place : place + 1], parts)
        assert torch.allclose(together[place], alone[0], atol=1e-5)


@pytest.mark.parametrize("plain", NETWORKS)
def test_each_half_is_a_weight_matrix_of_its_own_and_is_initialised_as_one(plain: Network) -> None:
    seen: list[tuple[int, ...]] = []

    def initialize(z: torch.Tensor, fan_in: torch.Tensor, fan_out: torch.Tensor) -> torch.Tensor:
        seen.append(tuple(z.shape))
        return z

    parts = Parts(activation=GATED.activation, halves=2, initialize=initialize)
    network = plain.suited(parts)
    parameters = copies_of(network, parts)

    matrices = network.matrices(parameters)
    plain_sizes = [m.shape for m in plain.matrices(copies_of(plain, Parts()))]
    gated = len(plain.feature_counts((1, 8, 8)).activations)
    assert len(matrices) == len(plain_sizes) + gated
    assert seen[: len(matrices)] == [tuple(m.shape[1:]) for m in matrices]
    assert {m.shape for m in matrices} == set(plain_sizes)


def test_a_network_is_itself_where_no_activation_takes_two_halves() -> None:
    plain = Mlp((4,))

    assert plain.suited(Parts()) is plain
    assert "gate and value" in plain.gated().summary
    assert "gate and value" not in plain.summary


def test_a_model_of_modules_says_that_it_has_no_gated_form() -> None:
    network = ModuleNetwork(lambda: nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2)))

    with pytest.raises(UsageError, match=r"ModuleNetwork has no gated form.*define gated\(\)"):
        network.suited(GATED)
