"""Norms of any module, in whose place a normalisation stands: over the dimension that they have."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from module_copies import NETWORK, batch, fresh, stacked
from torch import nn

from evo.components.kinds import kinds
from evo.networks.modules import ModuleNetwork
from evo.networks.parts import Parts


def test_a_normalisation_takes_the_place_of_the_norm_and_learns() -> None:
    kind = kinds.get("normalization")()
    parts = kind.parts(lambda x, gain, shift: x * gain + shift)
    copies = {name: v.requires_grad_() for name, v in stacked([fresh(parts)] * 2).items()}

    outputs = NETWORK.forward(copies, batch(), parts)

    assert {"gain@norm", "shift@norm"} <= copies.keys()
    gradient = torch.autograd.grad(outputs.square().sum(), copies["gain@norm"])[0]
    assert gradient.shape == (2, 6)
    assert gradient.abs().min() > 0


class Norm(nn.Module):
    """A norm of the model's author, as GPTs have them."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.layer_norm(x, self.weight.shape, self.weight)


def test_a_norm_of_ones_own_has_as_many_features_as_its_weight() -> None:
    network = ModuleNetwork(
        lambda: nn.Sequential(nn.Linear(6, 4), Norm(), nn.Linear(4, 3)), norms=[Norm]
    )

    assert network.feature_counts((6,)).norms == {"1": 4}


class LayerNorm2d(nn.LayerNorm):
    """A norm over the channels of an image, as ConvNeXts have it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


@pytest.mark.parametrize("width", [4, 6])
@pytest.mark.parametrize(
    "norm", [lambda: nn.BatchNorm2d(4), lambda: nn.GroupNorm(2, 4), lambda: LayerNorm2d(4)]
)
def test_a_normalisation_works_on_channels_where_the_norm_has_them(
    norm: Callable, width: int
) -> None:
    network = ModuleNetwork(lambda: nn.Sequential(nn.Conv2d(1, 4, 1), norm(), nn.Flatten()))
    parts = Parts(normalize=lambda rows: rows - rows.mean(-1, keepdim=True))
    copies = stacked([fresh(parts, network=network)] * 2)

    outputs = network.forward(copies, torch.randn(2, 5, 1, width, width), parts)

    images = outputs.unflatten(2, (4, width, width))
    assert network.feature_counts((1, width, width)).norms == {"1": 4}
    assert images.mean(2).abs().max() < 1e-6
    assert images.mean(-1).abs().max() > 1e-3


def test_a_norm_over_the_last_dimension_stays_there_whatever_the_second_one_is() -> None:
    network = ModuleNetwork(lambda: nn.Sequential(nn.Linear(6, 4), Norm()), norms=[Norm])
    parts = Parts(normalize=lambda rows: rows - rows.mean(-1, keepdim=True))
    copies = stacked([fresh(parts, network=network)] * 2)

    outputs = network.forward(copies, torch.randn(2, 5, 4, 6), parts)

    assert outputs.mean(-1).abs().max() < 1e-6


def test_a_norm_over_another_dimension_is_refused() -> None:
    network = ModuleNetwork(lambda: nn.Sequential(nn.Linear(6, 5), Norm()), norms=[Norm])
    parts = Parts(normalize=lambda rows: rows)

    with pytest.raises(ValueError, match="norm '1' has 4 features, and its signal the shape"):
        network.forward(stacked([fresh(parts, network=network)]), torch.randn(1, 5, 3, 6), parts)


class NormAct(nn.BatchNorm1d):
    """A norm with its activation, as image libraries have it."""

    def __init__(self) -> None:
        super().__init__(4)
        self.act = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.act(super().forward(x))


def test_a_norm_with_an_activation_in_it_is_a_place_of_the_activation_alone() -> None:
    network = ModuleNetwork(lambda: nn.Sequential(nn.Linear(6, 4), NormAct(), nn.Linear(4, 3)))

    counts = network.feature_counts((6,))

    assert counts.norms == {}
    assert list(counts.activations) == ["1.act"]
