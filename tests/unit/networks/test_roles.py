"""Which way a matrix lies is known from the module that owns it, for the layers of torch.nn."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from evo.networks.roles import Plain, Role, Weight, roles_of

PASSING: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "linear": (lambda: nn.Linear(6, 4, bias=False), (6,)),
    "conv1d": (lambda: nn.Conv1d(6, 4, 3, bias=False), (6, 5)),
    "conv2d": (lambda: nn.Conv2d(6, 4, (2, 3), bias=False), (6, 5, 5)),
    "conv3d": (lambda: nn.Conv3d(2, 4, 2, bias=False), (2, 3, 3, 3)),
    "grouped": (lambda: nn.Conv2d(6, 4, 3, groups=2, bias=False), (6, 5, 5)),
    "depthwise": (lambda: nn.Conv2d(4, 4, 3, groups=4, bias=False), (4, 5, 5)),
    "transposed 1d": (lambda: nn.ConvTranspose1d(6, 4, 3, bias=False), (6, 5)),
    "transposed 2d": (lambda: nn.ConvTranspose2d(6, 4, (2, 3), bias=False), (6, 5, 5)),
    "transposed 3d": (lambda: nn.ConvTranspose3d(2, 4, 2, bias=False), (2, 3, 3, 3)),
    "transposed in groups": (lambda: nn.ConvTranspose2d(6, 4, 3, groups=2, bias=False), (6, 5, 5)),
}
FANS = {
    "linear": 6,
    "conv1d": 18,
    "conv2d": 36,
    "conv3d": 16,
    "grouped": 27,
    "depthwise": 9,
    "transposed 1d": 18,
    "transposed 2d": 36,
    "transposed 3d": 16,
    "transposed in groups": 27,
}


@pytest.mark.parametrize("name", PASSING)
def test_a_row_of_the_matrix_makes_an_output_and_no_other(name: str) -> None:
    make, sample = PASSING[name]
    module = make()
    (weight,), (role,) = list(module.parameters()), list(roles_of(module).values())
    assert isinstance(role, Weight)
    (matrix,) = role.matrices(weight.detach().clone()[None])
    assert matrix.shape == (1, 4, FANS[name])  # fan_out = 4 outputs, fan_in = what an output sums
    assert torch.equal(role.joined([matrix[0]], weight.shape), weight)

    for row in range(4):
        kept = torch.zeros_like(matrix[0])
        kept[row] = matrix[0, row]
        with torch.no_grad():
            weight.copy_(role.joined([kept], weight.shape))
            outputs = module(torch.ones(1, *sample)).reshape(4, -1).abs().sum(1)
        assert [place for place in range(4) if outputs[place] > 0] == [row]
        with torch.no_grad():
            weight.copy_(role.joined([matrix[0]], weight.shape))


BIAS, SCALE, EMBEDDING, OTHER = Plain.BIAS, Plain.SCALE, Plain.EMBEDDING, Plain.OTHER
MATRIX, GATES = Weight(), Weight(blocks=4)


class Own(nn.Module):
    """A layer of somebody's own, whose parameters have the names of a linear layer's."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(4, 3))
        self.bias = nn.Parameter(torch.zeros(4))


SAID: dict[str, tuple[Callable[[], nn.Module], list[Role]]] = {
    "linear": (lambda: nn.Linear(10, 3), [MATRIX, BIAS]),
    "bilinear": (lambda: nn.Bilinear(3, 4, 5), [MATRIX, BIAS]),
    "convolution": (lambda: nn.Conv2d(3, 4, 3), [MATRIX, BIAS]),
    "layer norm": (lambda: nn.LayerNorm(5), [SCALE, BIAS]),
    "layer norm of images": (lambda: nn.LayerNorm((5, 4)), [SCALE, BIAS]),
    "rms norm": (lambda: nn.RMSNorm(5), [SCALE]),
    "batch norm 1d": (lambda: nn.BatchNorm1d(5), [SCALE, BIAS]),
    "batch norm 2d": (lambda: nn.BatchNorm2d(5), [SCALE, BIAS]),
    "group norm": (lambda: nn.GroupNorm(2, 4), [SCALE, BIAS]),
    "instance norm": (lambda: nn.InstanceNorm2d(4, affine=True), [SCALE, BIAS]),
    "embedding": (lambda: nn.Embedding(7, 3), [EMBEDDING]),
    "bag": (lambda: nn.EmbeddingBag(7, 3), [EMBEDDING]),
    "prelu": (lambda: nn.PReLU(4), [OTHER]),
    "attention": (
        lambda: nn.MultiheadAttention(4, 2),
        [Weight(blocks=3), BIAS, MATRIX, BIAS],
    ),
    "cross attention": (
        lambda: nn.MultiheadAttention(4, 2, kdim=3, vdim=5, add_bias_kv=True),
        [MATRIX, MATRIX, MATRIX, BIAS, OTHER, OTHER, MATRIX, BIAS],
    ),
    "rnn": (lambda: nn.RNN(3, 4), [MATRIX, MATRIX, BIAS, BIAS]),
    "gru": (lambda: nn.GRU(3, 4), [Weight(blocks=3), Weight(blocks=3), BIAS, BIAS]),
    "lstm": (lambda: nn.LSTM(3, 4), [GATES, GATES, BIAS, BIAS]),
    "lstm with a projection": (
        lambda: nn.LSTM(3, 4, proj_size=2),
        [GATES, GATES, BIAS, BIAS, MATRIX],
    ),
    "lstm cell": (lambda: nn.LSTMCell(3, 4), [GATES, GATES, BIAS, BIAS]),
    "a module of one's own": (Own, [OTHER, OTHER]),
}


@pytest.mark.parametrize("name", SAID)
def test_roles_follow_from_the_class_of_the_owner(name: str) -> None:
    make, expected = SAID[name]

    assert list(roles_of(make()).values()) == expected


def test_a_shared_parameter_has_the_role_of_its_first_owner() -> None:
    model = nn.Sequential(nn.Embedding(7, 3), nn.Linear(3, 7, bias=False))
    model[1].weight = model[0].weight

    assert roles_of(model) == {"0.weight": EMBEDDING}


def test_the_gates_of_an_lstm_are_four_square_matrices() -> None:
    module = nn.LSTM(4, 4)
    role = roles_of(module)["weight_hh_l0"]
    assert isinstance(role, Weight)

    matrices = role.matrices(module.weight_hh_l0.detach()[None])

    assert [tuple(matrix.shape) for matrix in matrices] == [(1, 4, 4)] * 4
    assert torch.equal(role.joined([m[0] for m in matrices], (16, 4)), module.weight_hh_l0)
