"""Initialisers that see what layers receive: as components, in trainings, in exported files."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from optional_inputs import component
from support.components import traced_kind
from support.small_data import data
from torch import nn

from evo.api.codegen.component_file import ComponentOrigin, component_file
from evo.components.kinds import kinds
from evo.core.informed import Informed
from evo.core.records import Candidate, Record
from evo.evaluation.training.loops import LoopLimits, train_by_loop
from evo.evaluation.training.trainer import train
from evo.networks.mlp import Mlp
from evo.networks.parts import Parts
from evo.networks.torch_parts import TorchParts
from evo.tasks.base import Data, tasks
from evo.tasks.loop import Budget, Measurements, loop
from evo.validation.graph.graph import Graph
from evo.validation.graph.tracer import trace

KIND = kinds.get("initializer")()
LSUV = KIND.further_baselines()["lsuv"].source
HEAD = "import torch\ndef initialize(z, fan_in, fan_out, "
BY_UNIT = f"{HEAD}inputs):\n    return z / ((inputs @ z.T).std(0).unsqueeze(1) + 1e-6)"
SIZES_ALONE = f"{HEAD}inputs):\n    return z / inputs.shape[0] ** 0.5"
UNREAD = f"{HEAD}inputs, layer):\n    return z / torch.sqrt(fan_in) / layer"
NETWORKS = {
    "digits": ["mlp-64-64", "patches-8-24"],
    "digits-cnn": ["cnn-8-16"],
    "digits-transformer": ["transformer-32"],
}
PAIRS = [(task, name) for task, names in NETWORKS.items() for name in names]


def watched(parts: Parts) -> tuple[Parts, list[tuple[torch.Tensor, torch.Tensor]]]:
    """The parts, and what layers multiply with the weights that they get, as it is noted."""
    shown: list[tuple[torch.Tensor, torch.Tensor]] = []
    initialize = parts.initialize
    assert isinstance(initialize, Informed)

    def noted(*inputs: torch.Tensor) -> torch.Tensor:
        shown.append((inputs[-1], initialize(*inputs)))
        return shown[-1][1]

    return replace(parts, initialize=replace(initialize, component=noted)), shown


def starts(given: Data, seeds: tuple[int, ...] = (3,), **changed: object) -> list[torch.Tensor]:
    """Weights that LSUV starts with, layer by layer and seed by seed."""
    parts, shown = watched(replace(component("initializer", LSUV), **changed))
    rates = (0.01, 0.03)
    train(Mlp((6, 5)), given, parts, seeds=seeds, learning_rates=rates, epochs=1, batch_size=15)
    return [weights for _, weights in shown]


@pytest.mark.parametrize("source", [LSUV, BY_UNIT, SIZES_ALONE])
def test_such_a_source_keeps_the_contract_and_asks_for_a_batch(source: str) -> None:
    graph = traced_kind("initializer", source)

    KIND.check(graph)

    assert KIND.parts(graph).initialize_sees_inputs
    assert KIND.facts(graph)


def test_one_that_reads_none_asks_for_no_batch() -> None:
    assert not component("initializer", UNREAD).initialize_sees_inputs
    for candidate in KIND.baselines().values():
        parts = KIND.parts(traced_kind("initializer", candidate.source))
        assert not parts.initialize_sees_inputs


def test_a_graph_from_before_there_were_inputs_still_sees_the_layer() -> None:
    older = KIND.contract.seeing(("layer", "layers"))
    text = trace(
        f"{HEAD}layer, layers):\n    return z * layer / layers",
        older.function,
        tuple(map(older.shapes, KIND.trace_shapes)),
        progress=lambda: None,
    )

    parts = KIND.parts(Graph.parse(text))

    assert not parts.initialize_sees_inputs
    start = Mlp((6,)).fresh((4,), 3, torch.Generator().manual_seed(0), parts)
    assert start["out.weight"].std() > 1.3 * start["0.weight"].std()


def test_behaviour_tells_apart_what_components_make_of_inputs() -> None:
    sources = [LSUV, BY_UNIT, LSUV.replace("torch.var(outputs)", "torch.mean(outputs ** 2)")]
    behaviours = [KIND.behaviour(traced_kind("initializer", source)) for source in sources]

    assert np.abs(behaviours[0] - behaviours[1]).max() > 0.01
    assert np.abs(behaviours[0] - behaviours[2]).max() > 0.01


@pytest.mark.parametrize(("task_name", "name"), PAIRS)
def test_lsuv_gives_unit_variance_in_every_layer_at_the_start_and_trains(
    task_name: str, name: str
) -> None:
    task = tasks.get(task_name)()
    network, given = task.networks()[name], task.load()
    parts, shown = watched(component("initializer", LSUV))
    work = {"seeds": (0,), "learning_rates": (0.01,), "epochs": 3, "batch_size": 32}

    trained = train(network, given, parts, **work)

    layers = [n for n in network.roles() if n.endswith("weight")]
    variances = [float((rows @ weights.T).var()) for rows, weights in shown]
    assert variances == pytest.approx([1.0] * len(layers), abs=1e-3)
    assert trained.test_accuracy.item() > 0.5


def test_a_seed_starts_the_same_beside_others_and_once_for_all_learning_rates() -> None:
    together = starts(data(), (3, 4))

    alone = starts(data(), (4,))
    assert len(together) == 2 * len(alone) == 6
    assert all(torch.equal(*pair) for pair in zip(together[3:], alone, strict=True))
    assert not torch.equal(together[0], together[3])


def test_weights_follow_from_training_data_alone() -> None:
    given = data(pooled=False)
    first = starts(given)

    def changed(part: str) -> list[torch.Tensor]:
        split = getattr(given, part)
        return starts(replace(given, **{part: replace(split, inputs=split.inputs * 7)}))

    for part in ("validation", "test"):
        assert all(torch.equal(*pair) for pair in zip(first, changed(part), strict=True))
    assert not torch.equal(first[0], changed("train")[0])


def test_a_preprocessor_comes_before_and_its_noise_is_left_out() -> None:
    tenfold = component("preprocessor", "def preprocess(x):\n    return 10 * x").preprocess

    plain, scaled = starts(data()), starts(data(), preprocess=tenfold)
    noisy = starts(data(), preprocess=component("preprocessor").preprocess)

    torch.testing.assert_close(10 * scaled[0], plain[0], rtol=1e-3, atol=1e-5)
    assert torch.equal(noisy[0], plain[0])


@pytest.mark.parametrize("source", [LSUV, UNREAD])
def test_an_exported_file_initialises_a_model_on_a_batch_where_it_sees_inputs(source: str) -> None:
    graph = traced_kind("initializer", source)
    candidate = Candidate.of("initializer", source, operator="test")
    record = Record(candidate, 0, graphs=(graph.text,))
    namespace: dict = {}
    exec(component_file(record, KIND, ComponentOrigin("r", ("t",), (), "0")), namespace)
    layers = nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 3)
    model, images = nn.Sequential(*layers), 3 * torch.randn(256, 1, 8, 8)

    given = [images] if source == LSUV else []
    namespace["initialize_model"](model, *given, torch.Generator().manual_seed(0))

    assert not any(layer.bias.any() for layer in (layers[0], layers[3]))
    if source == LSUV:
        assert model(images).var().item() == pytest.approx(1, rel=0.01)
        assert layers[0](images).var().item() == pytest.approx(1, rel=0.1)
    else:
        assert layers[0].weight.std().item() == pytest.approx(1 / 3, rel=0.2)


@pytest.mark.parametrize("shows", [True, False])
def test_a_loop_that_shows_no_batch_loses_the_trial_before_it_trains_and_says_why(
    shows: bool,
) -> None:
    def measured(parts: TorchParts, *_: object) -> Measurements:
        model = nn.Linear(4, 3)
        inputs = 5 * torch.randn(256, 4)
        parts.initialize(model, **({"batch": inputs} if shows else {}))
        variance = model(inputs).var().item()
        return Measurements(validation_loss=variance, test_loss=variance, metric=0.5)

    lost: list[str] = []
    trained = train_by_loop(
        *(loop(measured), component("initializer", LSUV), Budget(1)),
        **{"seeds": [0], "learning_rates": [0.1], "strengths": [1.0]},
        limits=LoopLimits(30.0),
        lost=lost.append,
    )

    if shows:
        assert not lost
        assert trained.test_loss.item() == pytest.approx(1, abs=1e-3)
    else:
        assert "parts.initialize(model, batch=inputs[:256])" in lost[0]
