"""Inputs that a source takes by naming a parameter: they reach it in checks, networks, training."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from optional_inputs import SOURCES, component, trained
from support.components import traced_kind
from support.records import written
from support.small_data import split

from evo.components.kinds import kinds
from evo.core.informed import Informed
from evo.networks.mlp import Mlp
from evo.networks.parts import Parts
from evo.networks.torch_parts import TorchParts
from evo.validation.policy.rules import check_source
from evo.validation.refusal import Refused
from operators.crossover_tree import CrossoverTree
from operators.tree.program import Program
from operators.tree.tidy import tidy, write_program

UNLIKE = {
    "normalization": ("x - mean", "x - 0.5 * mean"),
    "activation": ("-1.0", "-1.5"),
    "activity-regularizer": ("/ layer", "/ layer ** 2"),
    "attention": ("-1.0", "-1.5"),
    "gated-activation": ("0.3", "0.6"),
    "parametric-activation": ("* p", "* p * e"),
    "preprocessor": ("0.2", "0.5"),
    "initializer": (") * layer", ") * (layers - layer + 1)"),
    "schedule": ("/ 4", "/ 40"),
    "optimizer": ("0.3", "0.9"),
    "matrix-optimizer": ("0.3", "0.9"),
    "loss": ("outputs + prior", "outputs + 2 * prior"),
    "regularizer": ("noise > 0", "noise > 1"),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_a_source_that_takes_them_keeps_its_kinds_contract_and_is_told_by_them(kind: str) -> None:
    found, graph = kinds.get(kind)(), traced_kind(kind, SOURCES[kind])
    check_source(SOURCES[kind], found.contract)

    found.check(graph)

    other = traced_kind(kind, SOURCES[kind].replace(*UNLIKE[kind]))
    assert graph.inputs == other.inputs == len(found.contract.full.parameters)
    assert np.abs(found.behaviour(graph) - found.behaviour(other)).max() > 1e-3
    assert found.facts(graph)


@pytest.mark.parametrize("kind", SOURCES)
def test_a_source_that_takes_none_is_the_graph_that_it_was(kind: str) -> None:
    found = kinds.get(kind)()
    graph = traced_kind(kind, found.baselines()[str(found.standard)].source)

    assert graph.inputs == len(found.contract.parameters)
    assert not any(isinstance(part, Informed) for part in vars(found.parts(graph)).values())


def test_a_parameter_of_another_name_is_refused_with_those_that_there_are() -> None:
    contract = kinds.get("loss").contract
    known = "may also take counts, t, teacher, features, without a default"
    with pytest.raises(Refused, match=known):
        check_source("def loss(outputs, targets, weights):\n    return outputs", contract)
    check_source("def loss(outputs, targets, counts=1.0):\n    return outputs", contract)


def test_an_initializer_sees_the_number_of_each_layer() -> None:
    source = (
        "def initialize(z, fan_in, fan_out, layer, layers):\n    return 0 * z + 10 * layers + layer"
    )
    parameters = Mlp((6, 5)).fresh(
        (4,), 3, torch.Generator().manual_seed(0), component("initializer", source)
    )

    firsts = {name: values.flatten()[0].item() for name, values in parameters.items()}
    assert (firsts["0.weight"], firsts["out.weight"]) == (31, 33)
    assert firsts["1.weight"] == 32


def test_a_schedule_sees_steps_and_batch_size() -> None:
    parts = component("schedule")

    factors = parts.rate_factors(8, batch_size=128)

    assert factors == pytest.approx([2 * min(1, (k + 1) / 4) * (1 - k / 8) for k in range(8)])


def test_a_loss_sees_the_class_counts_of_its_own_training_data() -> None:
    skewed = split(60, 0)
    skewed = replace(skewed, targets=torch.where(torch.arange(60) < 40, 0, skewed.targets))
    known = torch.bincount(skewed.targets, minlength=3).float()

    def by_hand(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return F.cross_entropy(outputs + (known / 60).log(), targets, reduction="none")

    seen = trained(component("loss"), train=skewed)

    told = trained(Parts(loss=by_hand, judged_by="accuracy"), train=skewed)
    plain = trained(component("loss"))
    torch.testing.assert_close(seen.test_loss, told.test_loss)
    assert not torch.equal(seen.test_accuracy, plain.test_accuracy)


def test_an_activation_learns_the_optional_numbers_that_it_reads_and_no_others() -> None:
    learned = component("parametric-activation").activation_learnables

    assert [(one.name, one.per, one.initial) for one in learned] == [
        *(("a", "layer", 1.0), ("b", "layer", 0.0), ("e", "layer", 1)),
        *(("h", "layer", 0), ("p", "feature", 1)),
    ]


def test_a_loop_of_ones_own_says_how_far_it_is() -> None:
    parts = TorchParts(component("regularizer"))
    model = torch.nn.Linear(4, 3)

    early = parts.penalty(model)
    parts.progress = 1.0

    assert early > parts.penalty(model) == 0


def test_offspring_keep_the_inputs_that_they_use_and_no_others() -> None:
    contract = kinds.get("regularizer").contract
    first = (
        "def regularize(w, noise):\n    noisy = w * (1 + 0.1 * noise)\n    return noisy.abs().sum()"
    )
    second = "import torch\ndef regularize(w):\n    noise = torch.square(w)\n    return noise.sum()"
    rng, taken = np.random.default_rng(0), set[str]()
    for _ in range(40):
        parents = [written(first, kind="regularizer"), written(second, kind="regularizer")]
        child = CrossoverTree().propose(parents, contract, rng)
        check_source(child, contract)
        signature = child.partition("def regularize(")[2].partition(")")[0]
        taken.add(signature)
        if signature == "w, noise":
            traced_kind("regularizer", child)
    assert taken == {"w", "w, noise"}

    program = Program.read("def regularize(w, t, layer):\n    return t * w.sum()", contract)
    tidy(program)
    assert "def regularize(w, t):" in write_program(program)


@pytest.mark.parametrize("kind", kinds.names())
def test_further_baselines_are_other_components_of_their_kind_with_a_source(kind: str) -> None:
    found = kinds.get(kind)()
    further = found.further_baselines()
    known = [found.behaviour(traced_kind(kind, one.source)) for one in found.baselines().values()]

    for one in further.values():
        check_source(one.source, found.contract)
        graph = traced_kind(kind, one.source)
        found.check(graph)
        assert min(np.abs(found.behaviour(graph) - other).max() for other in known) > 1e-3
        assert re.search(r'"""[^"]+\.', one.source)
