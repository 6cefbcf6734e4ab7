"""The course of a training is noted on the way, and changes nothing."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from evo.evaluation.training.results import Trained
from evo.evaluation.training.trainer import train
from evo.networks.base import Network
from evo.networks.cnn import Cnn
from evo.networks.mlp import Mlp
from evo.networks.modules import ModuleNetwork
from evo.networks.parts import Parts
from evo.networks.transformer import Transformer
from evo.tasks.base import Data, Split


def data() -> Data:
    generator = torch.Generator().manual_seed(0)
    parts = [
        Split(torch.randn(n, 16, generator=generator), torch.arange(n) % 3) for n in (32, 12, 12)
    ]
    return Data(*parts, outputs=3)


def trained(network: Network, parts: Parts, *, observe: bool, epochs: int = 3) -> Trained:
    return train(
        network,
        data(),
        parts,
        seeds=(0, 1),
        learning_rates=(0.01, 0.1),
        epochs=epochs,
        batch_size=16,
        observe=observe,
    )


def with_dropout() -> nn.Module:
    return nn.Sequential(nn.Linear(16, 8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 3))


@pytest.mark.parametrize(
    "network",
    [
        Mlp((6, 5)),
        Cnn((4, 4)),
        Transformer(width=4, blocks=1),
        ModuleNetwork(with_dropout),
    ],
)
def test_what_is_noted_changes_no_result(network: Network) -> None:
    plain = trained(network, Parts(F.silu), observe=False)
    observed = trained(network, Parts(F.silu), observe=True)

    assert all(torch.equal(plain[field], observed[field]) for field in range(3))
    assert plain.course is None
    course = observed.course
    assert course is not None
    assert course.early.shape == course.late.shape == plain.test_loss.shape
    assert (course.late < course.early).any()
    assert min(course.start[:4] + course.end[:4]) > 0


def test_units_that_pass_no_gradient_are_dead() -> None:
    dead = trained(Mlp((6, 5)), Parts(lambda x: F.relu(x - 100.0)), observe=True).course
    linear = trained(Mlp((6, 5)), Parts(lambda x: 1.0 * x), observe=True).course

    assert dead is not None
    assert linear is not None
    assert (dead.start.flat, dead.start.dead) == (1.0, 1.0)
    assert (linear.start.flat, linear.start.dead) == (0.0, 0.0)


def test_signal_and_gradient_are_those_of_the_last_layer_against_the_first() -> None:
    tenth = trained(Mlp((64, 64), "normal"), Parts(lambda x: 0.1 * x), observe=True).course

    assert tenth is not None
    assert tenth.start.first_input == pytest.approx(1.0, abs=0.3)
    assert tenth.start.signal == pytest.approx(0.1, abs=0.03)
    assert tenth.start.gradient == pytest.approx(0.1, abs=0.05)


def test_of_one_epoch_the_first_is_the_last() -> None:
    course = trained(Mlp((6,)), Parts(F.relu), observe=True, epochs=1).course

    assert course is not None
    assert torch.equal(course.early, course.late)


def test_where_accuracy_decides_errors_are_noted() -> None:
    def squared(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return 1000 * (outputs - targets).square().sum(-1)

    parts = Parts(loss=squared, judged_by="accuracy")

    course = trained(Mlp((6,)), parts, observe=True).course

    assert course is not None
    assert 0 <= float(course.early.min()) <= float(course.early.max()) <= 1
