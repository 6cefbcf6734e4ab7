"""Losses that see a teacher's logits and features."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from support.component_files import ORIGIN
from support.components import traced_kind
from support.small_data import data
from torch import nn

from evo.api.codegen.component_file import component_file
from evo.components.kinds import kinds
from evo.core.informed import Informed
from evo.core.records import Candidate, Record
from evo.evaluation.training.results import Trained
from evo.evaluation.training.teacher import Teacher
from evo.evaluation.training.trainer import train
from evo.networks.base import Network
from evo.networks.mlp import Mlp
from evo.networks.modules import ModuleNetwork
from evo.networks.parts import Parts
from evo.networks.transformer import Transformer
from evo.validation.graph.graph import Graph

KIND = kinds.get("loss")()
DISTILLED = KIND.further_baselines()["self_distillation"].source
NETWORKS = {
    "mlp": (Mlp((6, 5)), 5),
    "transformer": (Transformer(8, blocks=1, patch=(1, 1)), 4 * 16),
    "module": (
        ModuleNetwork(lambda: nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))),
        6,
    ),
}


def trained(network: Network, parts: Parts, *seeds: int, rate: float = 0.02) -> Trained:
    work = {"epochs": 2, "batch_size": 15, "learning_rates": (rate,)}
    return train(network, data(), parts, seeds=seeds or (3,), **work)


def test_a_teacher_is_the_mean_of_the_first_steps_and_then_follows_slowly() -> None:
    teacher = Teacher()

    for step in range(4):
        teacher.follow({"w": torch.tensor([float(step)]), "batches": torch.tensor(step)})

    assert teacher.parameters["w"].item() == pytest.approx(1.5)
    assert teacher.parameters["batches"].item() == 3
    for _ in range(200):
        teacher.follow({"w": torch.tensor([10.0]), "batches": torch.tensor(9)})
    before = teacher.parameters["w"].item()
    teacher.follow({"w": torch.tensor([110.0]), "batches": torch.tensor(9)})
    assert teacher.parameters["w"].item() - before == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_loss_is_given_the_logits_of_averaged_weights_and_the_last_signal(name: str) -> None:
    network, width = NETWORKS[name]
    seen: list[tuple[torch.Tensor, ...]] = []

    def loss(outputs: torch.Tensor, targets: torch.Tensor, *more: torch.Tensor) -> torch.Tensor:
        seen.append((outputs.detach(), more[2], more[3].detach()))
        return F.cross_entropy(outputs, targets, reduction="none")

    sees_both = {"loss_sees_teacher": True, "loss_sees_features": True}
    told = trained(network, Parts(loss=Informed(loss), **sees_both))

    plain = trained(network, Parts())
    torch.testing.assert_close(told.test_loss, plain.test_loss)
    outputs, teachers, features = zip(*seen, strict=True)
    assert torch.equal(outputs[0], teachers[0])
    assert all((o - t).abs().max() > 1e-4 for o, t in zip(outputs[1:], teachers[1:], strict=True))
    assert not any(one.requires_grad for one in teachers)
    assert {tuple(one.shape) for one in features} == {(15, width)}


def test_where_nothing_is_learned_the_teacher_is_the_network() -> None:
    gaps: list[float] = []

    def loss(outputs: torch.Tensor, targets: torch.Tensor, *more: torch.Tensor) -> torch.Tensor:
        gaps.append((outputs - more[2]).abs().max().item())
        return F.cross_entropy(outputs, targets, reduction="none")

    trained(Mlp((6,)), Parts(loss=Informed(loss), loss_sees_teacher=True), rate=0.0)

    assert max(gaps) < 1e-6


@pytest.mark.parametrize("name", ["self_distillation", "mean_teacher", "ring"])
def test_copies_have_teachers_and_features_of_their_own(name: str) -> None:
    source = KIND.further_baselines()[name].source
    parts = KIND.parts(traced_kind("loss", source))

    together = trained(Mlp((6,)), parts, 3, 4)

    alone = [trained(Mlp((6,)), parts, seed).test_accuracy.item() for seed in (3, 4)]
    assert together.test_accuracy.flatten().tolist() == pytest.approx(alone, abs=1e-6)


def test_a_gradient_reaches_features_and_behaviour_tells_it() -> None:
    by_length, plain = (
        traced_kind(
            "loss",
            "import torch\ndef loss(outputs, targets, features):\n"
            "    plain = -(targets * torch.log_softmax(outputs, -1)).sum(-1)\n"
            f"    return plain + {share} * features.square().mean(-1)",
        )
        for share in (5.0, 0.0)
    )

    assert np.abs(KIND.behaviour(by_length) - KIND.behaviour(plain)).max() > 0.05
    pulled, free = (trained(Mlp((6,)), KIND.parts(one), 3, 4, 5) for one in (by_length, plain))
    assert not torch.equal(pulled.test_accuracy, free.test_accuracy)


def test_a_graph_from_before_takes_the_first_of_the_inputs() -> None:
    graph = Graph.parse(
        '{"inputs":4,"nodes":[["aten.mul.Tensor",[{"ref":0},{"ref":1}],{}],'
        '["aten.sum.dim_IntList",[{"ref":4},[-1]],{}],["aten.sub.Tensor",[{"ref":3},{"ref":5}],{}]],'
        '"output":{"ref":6}}'
    )
    KIND.check(graph)

    def same(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return -(outputs * targets).sum(-1)

    older, by_hand = (
        trained(Mlp((6,)), parts)
        for parts in (KIND.parts(graph), Parts(loss=same, judged_by="accuracy"))
    )
    assert torch.equal(older.test_loss, by_hand.test_loss)


def test_an_exported_loss_takes_a_teachers_logits() -> None:
    candidate = Candidate.of("loss", DISTILLED, operator="test")
    record = Record(candidate, 0, graphs=(traced_kind("loss", DISTILLED).text,))
    namespace: dict[str, object] = {}
    exec(component_file(record, KIND, ORIGIN), namespace)
    loss = namespace["Loss"]()
    logits, answers = torch.tensor([[2.0, 0.0, -1.0]]), torch.tensor([0])

    alone, taught = (
        loss(logits, answers),
        loss(logits, answers, teacher=torch.tensor([[0.0, 9, 0]])),
    )

    assert taught > alone > 0
