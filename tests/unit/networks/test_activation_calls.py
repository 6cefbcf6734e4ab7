"""Activations that a model calls as functions, in the styles of repositories."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.functional import gelu

from evo.core.contract import Learnable
from evo.networks.modules import ModuleNetwork
from evo.networks.parts import Parts

X = torch.linspace(-2, 2, 2 * 3 * 4 * 4).view(2, 3, 4, 4)


class Block(nn.Module):
    """A residual block that writes into what a norm gave."""

    def __init__(self, act: Callable[[torch.Tensor], torch.Tensor] | None = None) -> None:
        super().__init__()
        self.conv, self.bn = nn.Conv2d(3, 3, 3, padding=1, bias=False), nn.BatchNorm2d(3)
        self.function = [act]  # in a list, so that it is no attribute that is an activation

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = self.bn(self.conv(self.act(x)))
        out += x
        return self.act(out).flatten(1)

    def act(self, x: torch.Tensor) -> torch.Tensor:
        return self.function[0](x) if self.function[0] else F.relu(x)


class Many(nn.Module):
    """Calls as a method, by a name, with arguments, in place, and of what an attribute holds."""

    def __init__(self) -> None:
        super().__init__()
        self.lin, self.hidden, self.held = nn.Linear(48, 8), nn.Linear(8, 8), F.silu
        self.tail = nn.Sequential(nn.Linear(8, 8), nn.ReLU())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.lin(x.flatten(1)).relu()
        x = gelu(self.hidden(x), approximate="tanh")
        x = F.leaky_relu(self.hidden(x), 0.2, inplace=True)
        x = self.tail(self.held(input=x))
        x = self.hidden(x)
        F.relu_(x)
        return x


class ManySines(Many):
    """The same with one activation everywhere."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.lin(x.flatten(1)).sin()
        for layer in (self.hidden, self.hidden):
            x = layer(x).sin()
        return self.hidden(self.tail[0](x.sin()).sin()).sin()


class Encoder(nn.Module):
    """Torch's encoder layer, which holds F.relu, or another function."""

    def __init__(self, act: Callable[[torch.Tensor], torch.Tensor] = F.relu) -> None:
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(
            16, 2, 8, dropout=0.0, activation=act, batch_first=True
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x.flatten(2)).flatten(1)


def copies_of(network: ModuleNetwork) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    alone = [network.initialise((3, 4, 4), 2, generator) for _ in range(2)]
    stacked = {name: torch.stack([one[name] for one in alone]) for name in alone[0]}
    return {name: value.requires_grad_(name in TRAINED) for name, value in stacked.items()}


def alone(
    model: nn.Module, parameters: dict[str, torch.Tensor], copy: int, x: torch.Tensor
) -> torch.Tensor:
    """Outputs of a copy as a model by itself, without places."""
    own = {name.replace(".own.", "."): value[copy].clone() for name, value in parameters.items()}
    return torch.func.functional_call(model, own, (x,))


TRAINED = ("conv.weight", "lin.weight", "hidden.weight", "layer.linear1.weight")


@pytest.mark.parametrize(
    ("make", "places"),
    [
        (Block, ["relu"]),
        (lambda: nn.Sequential(Block(), nn.ReLU()), ["1", "0.relu"]),
        (Many, ["tail.1", "gelu", "leaky_relu", "relu", "silu"]),
        (Encoder, ["layer.relu"]),
    ],
)
def test_a_module_that_calls_activations_has_a_place_for_each_of_them(make, places) -> None:
    assert list(ModuleNetwork(make).feature_counts((3, 4, 4)).activations) == places


@pytest.mark.parametrize(
    ("make", "like"),
    [(Block, lambda: Block(torch.sin)), (Many, ManySines), (Encoder, lambda: Encoder(torch.sin))],
    ids=["block", "many", "encoder"],
)
@pytest.mark.parametrize("is_training", [True, False])
def test_the_component_stands_where_they_are_called(make, like, is_training) -> None:
    network, model = ModuleNetwork(make), like().train(is_training)
    parameters = copies_of(network)
    with torch.set_grad_enabled(is_training):
        outputs = network.forward(parameters, torch.stack([X, X + 1]), Parts(lambda x: x.sin()))
        expected = torch.stack([alone(model, parameters, copy, X + copy) for copy in range(2)])

    torch.testing.assert_close(outputs, expected)
    if is_training:
        trained = [value for value in parameters.values() if value.requires_grad]
        torch.testing.assert_close(
            torch.autograd.grad(outputs.square().sum(), trained, retain_graph=True),
            torch.autograd.grad(expected.square().sum(), trained),
        )


@pytest.mark.parametrize("make", [Block, Many, Encoder])
def test_without_a_component_the_models_own_functions_work(make) -> None:
    network = ModuleNetwork(make)
    parameters = copies_of(network)

    outputs = network.forward(parameters, torch.stack([X, X]), Parts())

    torch.testing.assert_close(outputs[1], alone(make(), parameters, 1, X))


def test_a_place_has_what_its_component_learns() -> None:
    slope = Learnable("a", "layer", 0.25)
    parts = Parts(lambda x, a: a * x, activation_learnables=(slope,))
    network = ModuleNetwork(Many)

    learned = parts.learned(network.feature_counts((3, 4, 4)))

    assert len(learned) == 5
    start = {name: torch.stack([value, value]) for name, value in learned.items()}
    start["a@relu"] = torch.tensor([0.0, 1.0])  # of the first call and the last one
    outputs = network.forward(copies_of(network) | start, torch.stack([X, X]), parts)
    assert not outputs[0].any()
    assert outputs[1].all()


def test_places_are_chosen_by_function_and_by_name() -> None:
    def chosen(*activations) -> list[str]:
        network = ModuleNetwork(lambda: nn.Sequential(Block(), Many()), activations=activations)
        return list(network.feature_counts((3, 4, 4)).activations)

    assert chosen(F.gelu, torch.relu) == ["0.relu", "1.gelu", "1.relu"]
    assert chosen("0.relu") == ["0.relu"]
    assert chosen(nn.ReLU) == ["1.tail.1"]
