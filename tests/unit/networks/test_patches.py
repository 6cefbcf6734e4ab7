import pytest
import torch
from network_copies import (
    batch,
    expect_no_mixing,
    expect_own_gradients,
    outputs_of,
    stacked,
    starts,
)
from torch import nn

from evo.networks.base import Parameters
from evo.networks.parts import Parts
from evo.networks.patches import Patches

NETWORKS = [Patches((5, 7)), Patches((5, 7), hidden=9)]
SAMPLES = [(8, 8), (3, 12, 8)]


def convolution(parameters: Parameters, stage: int, fan_in: int) -> nn.Conv2d:
    """A stage as a convolution with a stride: a patch's channels come one after another."""
    weight, bias = parameters[f"{stage}.weight"], parameters[f"{stage}.bias"]
    layer = nn.Conv2d(fan_in, weight.shape[1], 2, stride=2)
    # Stage one lists (channel, row, column) of a patch, stage two (row, column, channel).
    taps = weight.T.unflatten(1, (2, 2, fan_in)).permute(0, 3, 1, 2)
    layer.weight = nn.Parameter(weight.T.unflatten(1, (fan_in, 2, 2)) if stage == 0 else taps)
    layer.bias = nn.Parameter(bias.flatten())
    return layer


def plain_outputs(parameters: Parameters, images: torch.Tensor) -> torch.Tensor:
    """Outputs of torch's own convolutions with the weights of one copy: (batch, outputs)."""
    signal = torch.tanh(convolution(parameters, 0, images.shape[1])(images))
    signal = torch.tanh(convolution(parameters, 1, 5)(signal)).permute(0, 2, 3, 1).flatten(1)
    if "dense.weight" in parameters:
        signal = torch.tanh(signal @ parameters["dense.weight"] + parameters["dense.bias"])
    return signal @ parameters["out.weight"].T + parameters["out.bias"].T


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("sample", SAMPLES)
def test_each_copy_gives_what_convolutions_with_a_stride_give(network: Patches, sample) -> None:
    copies, inputs = starts(network, sample), batch(*sample)

    outputs = outputs_of(network, stacked(copies), inputs, Parts(torch.tanh))

    for place, copy in enumerate(copies):
        expected = plain_outputs(copy, inputs[place].reshape(5, -1, *sample[-2:]))
        assert torch.allclose(outputs[place], expected, atol=1e-5)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("sample", SAMPLES)
def test_copies_never_mix(network: Patches, sample) -> None:
    expect_no_mixing(network, sample)
    expect_own_gradients(network, sample)


def test_a_flat_square_is_the_image_that_it_was() -> None:
    copies, inputs = stacked(starts(NETWORKS[0], (8, 8))), batch(8, 8)

    flat = outputs_of(NETWORKS[0], copies, inputs.flatten(2), Parts(torch.tanh))

    assert torch.equal(flat, outputs_of(NETWORKS[0], copies, inputs, Parts(torch.tanh)))


def test_an_image_that_blocks_do_not_cover_is_refused() -> None:
    with pytest.raises(ValueError, match="cover evenly, got 8×10"):
        outputs_of(
            NETWORKS[0], stacked(starts(NETWORKS[0], (8, 8))), batch(8, 10), Parts(torch.tanh)
        )


@pytest.mark.parametrize("sample", [(63,), (2, 3, 8, 8)])
def test_a_sample_that_is_no_image_is_refused(sample: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="Expected samples of shape"):
        NETWORKS[0].initialise(sample, 10, torch.Generator())
