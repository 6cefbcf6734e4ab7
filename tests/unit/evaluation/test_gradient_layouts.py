"""Training goes by what a gradient says, not by how it lies in memory."""

import pytest
import torch
import torch.nn.functional as F

from evo.evaluation.training.adam import StackedAdam
from evo.evaluation.training.trainer import train
from evo.networks.base import Network
from evo.networks.cnn import Cnn
from evo.networks.mlp import Mlp
from evo.networks.parts import Parts
from evo.tasks.base import Data
from evo.tasks.digits import Digits

RATES = torch.tensor([0.01, 0.03])


def adam(g, m, v, w, t):
    """Adam as a component, which sees every gradient as a plain vector."""
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
    return torch.stack([m / (1 - 0.9**t) / (torch.sqrt(v / (1 - 0.999**t)) + 1e-8), m, v])


def angles(w: torch.Tensor) -> torch.Tensor:
    """A penalty whose gradient is transposed in memory."""
    return 1e-2 * torch.sum(torch.square(w @ w.T))


def test_a_gradient_that_lies_transposed_moves_the_weights_that_it_is_of() -> None:
    start = {"weight": torch.zeros(2, 3, 4)}
    gradient = torch.arange(24.0).view(2, 3, 4) - 11.3
    lying = gradient.transpose(1, 2).contiguous().transpose(1, 2)
    plain, transposed = (StackedAdam(start, RATES) for _ in range(2))

    for _ in range(3):
        plain.step([gradient], schedule=1.0)
        transposed.step([lying], schedule=1.0)

    assert not lying.is_contiguous()
    assert torch.equal(plain.parameters["weight"], transposed.parameters["weight"])


@pytest.mark.parametrize(
    ("network", "penalty"), [(Cnn((4, 8), "normal"), None), (Mlp((32, 32), "normal"), angles)]
)
def test_adams_kernel_trains_to_the_losses_of_adam_written_out(network: Network, penalty) -> None:
    data: Data = Digits().load()
    kernel, written = (
        train(
            network,
            data,
            Parts(F.relu, penalty=penalty, update=update),
            seeds=(0, 1),
            learning_rates=(0.003, 0.01),
            epochs=2,
            batch_size=32,
        )
        for update in (None, adam)
    )

    assert float(kernel.test_loss.mean()) == pytest.approx(
        float(written.test_loss.mean()), rel=0.05
    )
