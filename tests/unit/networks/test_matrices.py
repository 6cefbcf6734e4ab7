import pytest
import torch
from network_copies import SEEDS, stacked, starts

from evo.networks.base import Network
from evo.networks.cnn import Cnn
from evo.networks.mlp import Mlp
from evo.networks.patches import Patches
from evo.networks.transformer import Transformer


@pytest.mark.parametrize(
    ("network", "sizes"),
    [
        (Mlp((12, 8)), [(12, 64), (8, 12), (10, 8)]),
        (Cnn((4, 6)), [(4, 9), (6, 36), (10, 24)]),
        (Patches((3, 5), hidden=7), [(3, 4), (5, 12), (7, 20), (10, 7)]),
        (
            Transformer(width=8, blocks=1),
            [(8, 4), (24, 8), (8, 8), (16, 8), (8, 16), (10, 8)],
        ),
    ],
)
def test_matrices_hold_the_weights_of_every_layer_outputs_first(
    network: Network, sizes: list[tuple[int, int]]
) -> None:
    matrices = network.matrices(stacked(starts(network, (1, 8, 8))))

    assert [tuple(matrix.shape) for matrix in matrices] == [(len(SEEDS), *size) for size in sizes]


def test_a_row_holds_the_weights_of_one_unit() -> None:
    network = Mlp((3,))
    parameters = stacked(starts(network, (5,)))

    hidden, out = network.matrices(parameters)

    assert torch.equal(hidden[0, 2], parameters["0.weight"][0, :, 2])
    assert torch.equal(out[1, 4], parameters["out.weight"][1, 4])
