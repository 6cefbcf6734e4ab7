"""Inputs that a source takes by naming a parameter: they reach it in checks, networks, training."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from support.components import traced_kind
from support.records import written
from support.small_data import data, split
from torch import nn

from evo.codegen.component_file import Origin, component_file
from evo.components.kinds import kinds
from evo.core.records import Candidate, Record
from evo.evaluation.training.results import Trained
from evo.evaluation.training.trainer import train
from evo.networks.cnn import Cnn
from evo.networks.informed import Informed
from evo.networks.mlp import Mlp
from evo.networks.modules import ModuleNetwork
from evo.networks.parts import Parts
from evo.networks.patches import Patches
from evo.networks.torch_parts import TorchParts
from evo.networks.transformer import Transformer
from evo.validation.policy.rules import check_source
from evo.validation.refusal import Refused
from operators.crossover_tree import CrossoverTree
from operators.tree.program import Program
from operators.tree.tidy import tidy, write_program

SOURCES = {
    "activation": (
        "import torch\nimport torch.nn.functional as F\n"
        "def activation(x, noise, training):\n"
        "    dropped = F.relu(x) * (noise > -1.0) / 0.84\n"
        "    return torch.where(training > 0, dropped, F.relu(x))"
    ),
    "activity-regularizer": (
        "import torch\ndef penalize(y, gradient, layer, t):\n"
        "    pull = torch.mean(torch.square(gradient)) + 1e-2 * torch.mean(torch.abs(y))\n"
        "    return (1 - t) * pull / layer"
    ),
    "attention": (
        "import torch\ndef attend(scores, b, noise, training):\n"
        "    kept = torch.where(training > 0, (noise > -1.0) / 0.84, 1.0)\n"
        "    return torch.softmax(scores, dim=-1) * (1 + torch.tanh(b)) * kept"
    ),
    "gated-activation": (
        "import torch\nimport torch.nn.functional as F\ndef glu(gate, value, noise):\n"
        "    return F.relu(gate) * (value + 0.3 * noise)"
    ),
    "parametric-activation": (
        "import torch\nimport torch.nn.functional as F\n"
        "def activation(x, a, b, p, h, noise, e):\n"
        "    return F.silu(a * x + h) * p + 0.1 * e * torch.tanh(x) * (1 + noise)"
    ),
    "normalization": (
        "import torch\ndef normalize(x, gain, shift, mean, variance):\n"
        "    return gain * (x - mean) * torch.rsqrt(variance + 1e-5) + shift"
    ),
    "preprocessor": "def preprocess(x, noise):\n    return x + 0.2 * noise",
    "initializer": (
        "import torch\ndef initialize(z, fan_in, fan_out, layers, layer):\n"
        "    return z / torch.sqrt(fan_in * layers) * layer"
    ),
    "schedule": (
        "import torch\ndef schedule(t, step, steps, batch):\n"
        "    warm = torch.clamp((step + 1) / 4, max=1.0)\n"
        "    return warm * (1 - step / steps) * torch.sqrt(batch / 32)"
    ),
    "loss": (
        "import torch\nimport torch.nn.functional as F\ndef loss(outputs, targets, counts):\n"
        "    prior = torch.log(counts / counts.sum())\n"
        "    return F.cross_entropy(outputs + prior, targets, reduction='none')"
    ),
    "regularizer": (
        "import torch\ndef regularize(w, noise, t, layer):\n"
        "    return 1e-2 * (1 - t) * torch.square(w * (noise > 0)).sum() / layer"
    ),
}
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
    "loss": ("outputs + prior", "outputs + 2 * prior"),
    "regularizer": ("noise > 0", "noise > 1"),
}

NORM = "normalization"
NOISY = sorted(kind for kind, source in SOURCES.items() if "noise" in source)
NETWORKS = {
    "cnn": (Cnn((3, 4)), (1, 8, 8)),
    "mlp": (Mlp((6,)), (4,)),
    "patches": (Patches((3, 4)), (1, 8, 8)),
    "transformer": (Transformer(width=8, blocks=1), (1, 8, 8)),
    "module": (
        ModuleNetwork(lambda: nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 3))),
        (4,),
    ),
}


def component(kind: str, source: str | None = None) -> Parts:
    return kinds.get(kind)().parts(traced_kind(kind, source or SOURCES[kind]))


def trained(parts: Parts, seeds: tuple[int, ...] = (3,), **given: object) -> Trained:
    work = {"epochs": 2, "batch_size": 15, "learning_rates": (0.02,), "strengths": (1.0,)}
    network = Mlp((6,)) if parts.attend is None else Transformer(8, blocks=1, patch=(1, 1))
    return train(network, data(**given), parts, seeds=seeds, **work)


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
    with pytest.raises(Refused, match="may also take counts, t, without a default"):
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


@pytest.mark.parametrize("kind", NOISY)
def test_noise_follows_a_copys_own_seed_whatever_trains_beside_it(kind: str) -> None:
    parts = component(kind)

    together = trained(parts, seeds=(3, 4, 5))

    alone = [trained(parts, seeds=(seed,)).test_loss.item() for seed in (3, 4, 5)]
    assert together.test_loss.flatten().tolist() == pytest.approx(alone, abs=1e-6)
    assert trained(parts, seeds=(4,)).test_loss.item() == alone[1]
    assert len(set(alone)) == 3


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("kind", ["activation", "parametric-activation"])
def test_every_network_gives_noise_in_training_alone(kind: str, name: str) -> None:
    network, shape = NETWORKS[name]
    parts = component(kind)
    start = network.fresh(shape, 3, torch.Generator().manual_seed(0), parts)
    stacked = {key: torch.stack([value] * 2) for key, value in start.items()}
    inputs = torch.stack([network.arranged(torch.randn(40, *shape))] * 2)
    parts.state.noise = torch.randn

    tested = network.forward(stacked, inputs, parts)
    parts.state.is_training = True
    first, second = network.forward(stacked, inputs, parts)

    torch.testing.assert_close(tested[0], tested[1])
    assert (first - second).abs().max() > 1e-3


@pytest.mark.parametrize("name", ["cnn", "mlp", "patches", "transformer"])
def test_a_normalization_sees_the_batchs_statistics_in_training_and_averages_in_tests(name) -> None:
    network, shape = NETWORKS[name]
    parts = component("normalization")
    starts = [
        network.fresh(shape, 3, torch.Generator().manual_seed(seed), parts) for seed in (0, 1)
    ]
    stacked = network.leaves({key: torch.stack([s[key] for s in starts]) for key in starts[0]})
    inputs = torch.stack([network.arranged(1 + torch.randn(6, *shape)) for _ in range(2)])
    averages = [key for key, value in stacked.items() if not value.requires_grad]
    before = {key: stacked[key].clone() for key in averages}

    parts.state.is_training = True
    together = network.forward(stacked, inputs, parts)

    moved = {key: stacked[key].clone() for key in averages}
    alone = {key: value[1:].detach().clone() for key, value in stacked.items()}
    torch.testing.assert_close(network.forward(alone, inputs[1:], parts), together[1:])
    parts.state.is_training = False
    tested = network.forward(stacked, inputs[:, :1], parts)
    torch.testing.assert_close(network.forward(stacked, inputs, parts)[:, :1], tested)
    assert averages
    assert all((moved[key] - before[key]).abs().max() > 1e-3 for key in averages)


def test_an_activation_learns_the_optional_numbers_that_it_reads_and_no_others() -> None:
    learned = component("parametric-activation").activation_learnables

    assert [(one.name, one.per, one.initial) for one in learned] == [
        *(("a", "layer", 1.0), ("b", "layer", 0.0), ("e", "layer", 1)),
        *(("h", "layer", 0), ("p", "feature", 1)),
    ]


def test_batch_norm_trains_in_a_network_of_evo_and_in_a_module() -> None:
    model = ModuleNetwork(
        lambda: nn.Sequential(nn.Linear(4, 6), nn.LayerNorm(6), nn.ReLU(), nn.Linear(6, 3))
    )
    work = {"epochs": 2, "batch_size": 15, "learning_rates": (0.02,), "seeds": (3,)}

    plain, seen = (train(model, data(), parts, **work) for parts in (Parts(), component(NORM)))

    assert torch.isfinite(seen.test_loss).all()
    assert not torch.equal(seen.test_loss, plain.test_loss)
    assert trained(component(NORM)).test_loss.isfinite().all()


def test_noise_is_another_at_every_step_and_matrix() -> None:
    drawn: list[torch.Tensor] = []

    def penalty(w: torch.Tensor, noise: torch.Tensor, *_: torch.Tensor) -> torch.Tensor:
        return (w * noise).sum() * 0

    parts = Parts(penalty=Informed(penalty))
    parts.state.is_training = True
    parts.state.noise = lambda shape: drawn.append(torch.randn(shape)) or drawn[-1]
    for _ in range(2):
        parts.penalties([torch.ones(2, 3, 4), torch.ones(2, 3, 4)])

    assert len({tensor.sum().item() for tensor in drawn}) == 4


@pytest.mark.parametrize("kind", SOURCES)
def test_an_exported_file_takes_them_too(kind: str) -> None:
    graph = traced_kind(kind, SOURCES[kind])
    candidate = Candidate.of(kind, SOURCES[kind], operator="test")
    record = Record(candidate, 0, graphs=(graph.text,))
    namespace: dict[str, object] = {}

    exec(component_file(record, kinds.get(kind)(), Origin("r", ("t",), (), "0")), namespace)

    model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Linear(3, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    if kind == "schedule":
        schedule = namespace["Schedule"](optimizer, 8, batch_size=128)
        assert schedule.get_last_lr() == pytest.approx([0.5])
    elif kind == "loss":
        loss = namespace["Loss"](torch.tensor([9.0, 1.0, 90.0]))
        assert loss(torch.zeros(2, 3), torch.tensor([1, 1])) == pytest.approx(np.log(100), rel=1e-4)
    elif kind == "initializer":
        namespace["initialize_model"](model)
        assert model[1].weight.std() > 1.2 * model[0].weight.std()
    elif kind == "normalization":
        made, own, x = namespace["Normalization"](4), nn.BatchNorm1d(4), 3 + 2 * torch.randn(50, 4)
        torch.testing.assert_close(made(x), own(x))
        torch.testing.assert_close(made.eval()(x), own.eval()(x), rtol=0.01, atol=0.01)
    elif kind == "activity-regularizer":
        hidden = model[0](torch.randn(5, 4))
        outputs, penalty = model[1](hidden), namespace["ActivityRegularizer"]()
        alone, with_losses = (
            penalty(hidden, outputs, losses=losses) for losses in (None, outputs.square().sum(1))
        )
        assert with_losses > alone > 0
        penalty.progress = 1.0
        assert penalty(hidden, outputs) == 0
    elif kind == "regularizer":
        penalty = namespace["Regularizer"]()
        assert penalty(model) > 0
        penalty.progress = 1.0
        assert penalty(model) == 0
    else:
        name = "".join(word.title() for word in kind.split("-")).replace("Parametric", "")
        made = namespace[name](*([4] if "p, h" in SOURCES[kind] else []))
        given = [torch.randn(200, 4)] * (3 if kind == "attention" else 1)
        assert not torch.equal(made(*given), made(*given))
        made.eval()
        assert torch.equal(made(*given), made(*given))


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
