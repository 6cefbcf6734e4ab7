"""Steps recorded once and replayed, by a recorder on the processor; no GPU was tried."""

import pytest
import torch
import torch.nn.functional as F
from support.fake_gpu import FakeGraphs, refuse
from torch import nn

from evo.core.informed import Informed
from evo.evaluation.training.recorded import CallRecorder, record_on_gpu
from evo.evaluation.training.results import Trained
from evo.evaluation.training.trainer import train
from evo.networks.base import Network
from evo.networks.mlp import Mlp
from evo.networks.modules import ModuleNetwork
from evo.networks.parts import Parts
from evo.tasks.base import Data, Split

NETWORK = Mlp((6, 5))


@pytest.fixture(scope="module")
def data() -> Data:
    generator = torch.Generator().manual_seed(0)

    def split(count: int) -> Split:
        inputs = torch.randn(count, 4, generator=generator)
        return Split(inputs, (inputs.sum(1) > 0).long())

    return Data(split(64), split(32), split(32), 2)


def momentum(gradient, first, second, weights, step):
    first = 0.9 * first + gradient
    return torch.stack([first / step.sqrt(), first, second])


def normed(gradient, first, second, *rest):
    third, _, _, norm = rest
    first = 0.9 * first + gradient / norm
    return torch.stack([first, first, second, third])


CASES: dict[str, tuple[Network, Parts]] = {
    "adam": (NETWORK, Parts(torch.tanh)),
    "rule": (NETWORK, Parts(update=momentum)),
    "matrix rule": (NETWORK, Parts(update=normed, updates_matrices=True)),
    "penalty": (NETWORK, Parts(F.silu, penalty=lambda matrix: matrix.square().mean())),
    "running statistics": (
        ModuleNetwork(
            lambda: nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 2))
        ),
        Parts(),
    ),
}


def trained(
    data: Data, case: str, record: CallRecorder | None, *, precision="float32", observe=False
) -> Trained:
    used, parts = CASES[case]
    return train(
        used,
        data,
        parts,
        seeds=(0, 1),
        learning_rates=(0.003, 0.03),
        epochs=3,
        batch_size=16,
        precision=precision,
        record=record,
        observe=observe,
    )


@pytest.mark.parametrize("case", CASES)
def test_replayed_steps_train_as_steps_that_are_taken_one_by_one(data: Data, case: str) -> None:
    graphs = FakeGraphs()

    replayed = trained(data, case, graphs, observe=True)
    taken = trained(data, case, refuse, observe=True)
    plain = trained(data, case, None, observe=True)

    assert [tape.replays for tape in graphs.tapes] == [3 * 4 - 3 - 1]
    for ours, theirs, usual in zip(replayed[:3], taken[:3], plain[:3], strict=True):
        assert torch.equal(ours, theirs)
        torch.testing.assert_close(ours, usual, rtol=1e-3, atol=1e-5)
    assert replayed.course is not None and taken.course is not None
    assert torch.equal(replayed.course.early, taken.course.early)
    assert torch.equal(replayed.course.late, taken.course.late)


def test_a_step_that_waits_for_its_device_is_taken_one_by_one(data: Data) -> None:
    def waiting(x: torch.Tensor) -> torch.Tensor:
        return x * (1.0 if bool((x > -1e9).all()) else 2.0)

    graphs = FakeGraphs()
    parts = Parts(waiting)
    options = {"seeds": (0,), "learning_rates": (0.01,), "epochs": 3, "batch_size": 16}

    recorded = train(NETWORK, data, parts, **options, record=graphs)
    plain = train(NETWORK, data, parts, **options)

    assert not graphs.tapes
    torch.testing.assert_close(recorded.test_loss, plain.test_loss, rtol=1e-4, atol=1e-6)


def test_a_loss_that_sees_the_progress_is_not_recorded(data: Data) -> None:
    def later(outputs, targets, *optional):
        return -(targets * torch.log_softmax(outputs, -1)).sum(-1) * (0.1 + optional[1])

    graphs = FakeGraphs()
    parts = Parts(loss=Informed(later), judged_by="accuracy")
    options = {"seeds": (0,), "learning_rates": (0.01,), "epochs": 3, "batch_size": 16}

    recorded = train(NETWORK, data, parts, **options, record=graphs)
    plain = train(NETWORK, data, parts, **options)

    assert not graphs.tapes
    assert torch.equal(recorded.validation_loss, plain.validation_loss)


@pytest.mark.parametrize("case", CASES)
def test_sixteen_bits_train_about_as_thirty_two_and_the_same_bits_every_time(
    data: Data, case: str
) -> None:
    once, again = (trained(data, case, None, precision="bfloat16") for _ in range(2))
    full = trained(data, case, None)

    assert torch.equal(once.test_loss, again.test_loss)
    assert once.test_loss.dtype == torch.float32
    assert not torch.equal(once.test_loss, full.test_loss)
    torch.testing.assert_close(once.test_loss, full.test_loss, rtol=0.2, atol=0.02)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("case", CASES)
def test_a_cuda_graph_trains_as_the_steps_that_it_replays(data: Data, case: str) -> None:
    there = data.to(torch.device("cuda"))

    replayed, taken = trained(there, case, record_on_gpu), trained(there, case, None)

    torch.testing.assert_close(replayed.test_loss, taken.test_loss, rtol=1e-3, atol=1e-5)
