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
from evo.networks.transformer import Transformer

WIDTH, HEADS = 12, 3
NETWORKS = [
    Transformer(WIDTH, blocks=1, heads=HEADS, patch=(4, 4)),
    Transformer(WIDTH, blocks=2, heads=HEADS, patch=(1, 8)),
]
SAMPLES = [(8, 8), (64,), (3, 12, 8)]


def linear(parameters: Parameters, name: str, signal: torch.Tensor) -> torch.Tensor:
    return signal @ parameters[f"{name}.weight"] + parameters[f"{name}.bias"]


def attention(parameters: Parameters, block: int) -> nn.MultiheadAttention:
    """torch's own attention with the weights of one copy."""
    layer = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
    layer.in_proj_weight = nn.Parameter(parameters[f"{block}.attend.weight"].T)
    layer.in_proj_bias = nn.Parameter(parameters[f"{block}.attend.bias"].flatten())
    layer.out_proj.weight = nn.Parameter(parameters[f"{block}.merge.weight"].T)
    layer.out_proj.bias = nn.Parameter(parameters[f"{block}.merge.bias"].flatten())
    return layer


def plain_outputs(
    network: Transformer, parameters: Parameters, images: torch.Tensor
) -> torch.Tensor:
    """One copy with torch's own attention, norm and patches: (batch, outputs)."""
    norm = nn.LayerNorm(WIDTH, elementwise_affine=False)
    tokens = nn.Unfold(network.patch, stride=network.patch)(images).transpose(1, 2)
    signal = linear(parameters, "embed", tokens) + parameters["positions"]
    for block in range(network.blocks):
        normed = norm(signal)
        signal = signal + attention(parameters, block)(normed, normed, normed)[0]
        hidden = torch.tanh(linear(parameters, f"{block}.widen", norm(signal)))
        signal = signal + linear(parameters, f"{block}.narrow", hidden)
    pooled = norm(signal).mean(1)
    return pooled @ parameters["out.weight"].T + parameters["out.bias"].T


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("sample", SAMPLES)
def test_each_copy_gives_what_torchs_own_attention_gives(network: Transformer, sample) -> None:
    copies, inputs = starts(network, sample), batch(*sample)

    outputs = outputs_of(network, stacked(copies), inputs, Parts(torch.tanh))

    for place, copy in enumerate(copies):
        images = inputs[place].reshape(5, -1, 12 if len(sample) == 3 else 8, 8)
        expected = plain_outputs(network, copy, images)
        assert torch.allclose(outputs[place], expected, atol=1e-5)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("sample", SAMPLES)
def test_copies_never_mix(network: Transformer, sample) -> None:
    expect_no_mixing(network, sample)
    expect_own_gradients(network, sample)


def test_the_place_of_a_patch_counts() -> None:
    copies, inputs = stacked(starts(NETWORKS[0], (8, 8))), batch(8, 8)

    outputs = outputs_of(NETWORKS[0], copies, inputs, Parts(torch.tanh))
    moved = outputs_of(NETWORKS[0], copies, inputs.roll(4, dims=-1), Parts(torch.tanh))

    assert not torch.allclose(outputs, moved, atol=1e-3)
