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
from evo.networks.cnn import Cnn
from evo.networks.parts import Parts

NETWORK = Cnn((4, 6))
SAMPLES = [(8, 8), (1, 8, 8), (3, 14, 10)]


def plain_model(parameters: Parameters, sample: tuple[int, ...]) -> nn.Module:
    """torch's own layers with the weights of one copy."""
    channels = sample[0] if len(sample) == 3 else 1
    convolutions = [nn.Conv2d(channels, 4, 3, padding=1), nn.Conv2d(4, 6, 3, padding=1)]
    read_out = nn.Linear(parameters["out.weight"].shape[1], 10)
    for layer, name in zip([*convolutions, read_out], ("0", "1", "out"), strict=True):
        layer.weight = nn.Parameter(parameters[f"{name}.weight"])
        layer.bias = nn.Parameter(parameters[f"{name}.bias"].flatten())
    hidden = [m for layer in convolutions for m in (layer, nn.Tanh(), nn.AvgPool2d(2))]
    return nn.Sequential(*hidden, nn.Flatten(), read_out)


@pytest.mark.parametrize("sample", SAMPLES)
def test_each_copy_gives_what_plain_layers_with_its_weights_give(sample: tuple[int, ...]) -> None:
    copies, inputs = starts(NETWORK, sample), batch(*sample)

    outputs = outputs_of(NETWORK, stacked(copies), inputs, Parts(torch.tanh))

    for place, copy in enumerate(copies):
        images = inputs[place].reshape(5, -1, *sample[-2:])
        expected = plain_model(copy, sample)(images)
        assert torch.allclose(outputs[place], expected, atol=1e-5)


@pytest.mark.parametrize("sample", SAMPLES)
def test_copies_never_mix(sample: tuple[int, ...]) -> None:
    expect_no_mixing(NETWORK, sample)
    expect_own_gradients(NETWORK, sample)


def test_inputs_that_are_shared_by_all_copies_are_taken() -> None:
    copies = stacked(starts(NETWORK, (8, 8)))
    shared = batch(8, 8)[:1].expand(3, -1, -1, -1)

    outputs = outputs_of(NETWORK, copies, shared, Parts(torch.tanh))

    assert torch.allclose(outputs, outputs_of(NETWORK, copies, shared.clone(), Parts(torch.tanh)))


@pytest.mark.parametrize("start", ["uniform", "normal"])
def test_weights_start_as_wide_as_their_fan_in_says(start) -> None:
    weight = Cnn((8, 64), start).initialise((8, 8), 10, torch.Generator())["1.weight"]

    width = (8 * 9) ** -0.5
    expected = width if start == "normal" else width / 3**0.5
    assert weight.shape == (64, 8, 3, 3)
    assert weight.std().item() == pytest.approx(expected, rel=0.05)


def test_an_image_too_small_to_pool_is_refused() -> None:
    with pytest.raises(ValueError, match="halved 2 times"):
        NETWORK.initialise((3, 3), 10, torch.Generator())
