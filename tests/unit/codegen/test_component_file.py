"""Components as code: each file computes the graph, and its classes train, save and load."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import no_training
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from evo.campaign.baselines import validated_baselines
from evo.codegen.component_file import Origin, component_file, computes
from evo.codegen.functions import function_source
from evo.codegen.operators import exact, readable
from evo.components.kinds import baseline_names, kinds
from evo.core.records import Candidate, Record
from evo.evaluation.training.matrix_rule import StackedMatrixRule
from evo.evaluation.training.rule import StackedRule
from evo.networks.mlp import Mlp
from evo.networks.parts import Parts
from evo.networks.roles import Plain, Weight
from evo.validation.graph.graph import Graph
from evo.validation.graph.graphs import component_of
from evo.validation.validator import Validator

KINDS = kinds.names()
ORIGIN = Origin("first", ("digits",), ("0123", "4567"), "0.1.0")


@lru_cache
def baselines(kind_name: str) -> dict[str, Record]:
    kind = kinds.get(kind_name)()
    names = baseline_names(kind_name)
    validator = Validator(kind, no_training.InProcess())
    return {names[record.id]: record for record in validated_baselines(kind, validator)}


def source_of(kind_name: str, name: str) -> str:
    return component_file(baselines(kind_name)[name], kinds.get(kind_name)(), ORIGIN)


def loaded(kind_name: str, name: str) -> ModuleType:
    module = ModuleType(name)
    exec(source_of(kind_name, name), module.__dict__)
    return module


@pytest.mark.parametrize("kind_name", KINDS)
def test_the_readable_function_gives_values_and_gradients_of_the_graph(kind_name: str) -> None:
    kind = kinds.get(kind_name)()
    contract = kind.contract
    for name, record in baselines(kind_name).items():
        for write in (readable, exact):
            source = function_source(
                record.graphs[0], contract.function, contract.parameters, write, docstring="It."
            )
            assert computes(source, kind, record.graphs[0]), (name, source)


def test_a_function_that_computes_something_else_is_noticed() -> None:
    kind = kinds.get("activation")()
    (graph,) = baselines("activation")["gelu"].graphs

    assert not computes("def activation(x):\n    return F.silu(x)", kind, graph)
    # The same values with other gradients:
    silent = "def activation(x):\n    return F.gelu(x).detach() + 0 * x"
    assert not computes(silent, kind, graph)


def test_a_function_that_cannot_be_written_readably_is_written_exactly() -> None:
    kind = kinds.get("activation")()
    text = (
        '{"inputs":1,"nodes":[["aten.div.Tensor",[1.0,{"ref":0}],{}],'
        '["aten.l1_loss.default",[{"ref":1},{"ref":0},0],{}]],"output":{"ref":2}}'
    )
    Graph.parse(text)
    record = Record(
        Candidate.of("activation", "def activation(x): ...", operator="file"), 0, graphs=(text,)
    )

    source = component_file(record, kind, ORIGIN)

    assert "torch.ops.aten.l1_loss.default" in source
    assert computes(source, kind, text)


def test_a_gated_activation_takes_a_layer_of_twice_the_width() -> None:
    found = loaded("gated-activation", "swiglu").GatedActivation()
    x = torch.randn(3, 8, generator=torch.Generator().manual_seed(0))

    assert torch.allclose(found(x), F.silu(x[:, :4]) * x[:, 4:])


@pytest.mark.parametrize("kind_name", KINDS)
def test_a_file_imports_nothing_but_torch_and_the_standard_library(kind_name: str) -> None:
    for name in list(baselines(kind_name))[:3]:
        tree = ast.parse(source_of(kind_name, name))
        imported = {
            (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name) or ""
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
        }
        assert imported <= {"math", "typing", "torch", "torch.nn.functional"}


def test_a_file_runs_where_evo_is_not(tmp_path: Path) -> None:
    path = tmp_path / "found.py"
    path.write_text(source_of("activation", "gelu"))
    script = (
        "import sys; sys.modules['evo'] = None; import found, torch; "
        "print(found.Activation()(torch.tensor([1.0])).item())"
    )

    run = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert float(run.stdout) == pytest.approx(F.gelu(torch.tensor(1.0)).item(), rel=1e-5)


def test_a_source_cannot_leave_its_comment() -> None:
    hostile = 'def activation(x):\n    return x\r\nimport os\x0c\n"""\nos.system("no")\n'
    record = baselines("activation")["relu"]
    candidate = Candidate.of("activation", hostile, operator="novel-llm")
    odd = Record(candidate, 0, graphs=record.graphs)
    origin = Origin("a\nimport os", ('x"""',), (), "1")

    tree = ast.parse(component_file(odd, kinds.get("activation")(), origin))

    names = [type(node).__name__ for node in tree.body]
    assert names == ["Expr", "Import", "ImportFrom", "Assign", "FunctionDef", "ClassDef"]


def train(model: nn.Module, loss_of: Callable[[torch.Tensor], torch.Tensor], **how: Any) -> float:
    """The loss after 60 steps, as a share of the first."""
    optimizer = how.get("optimizer") or torch.optim.Adam(model.parameters(), lr=0.01)
    inputs = torch.randn(64, 5, generator=torch.Generator().manual_seed(0))
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = loss_of(model(inputs))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses[-1] / losses[0]


def to_sums(outputs: torch.Tensor) -> torch.Tensor:
    inputs = torch.randn(64, 5, generator=torch.Generator().manual_seed(0))
    return (outputs - inputs.sum(1, keepdim=True).sin()).square().mean()


def model_with(*layers: nn.Module) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 16), *layers, nn.Linear(16, 1))


def saved_and_loaded(model: nn.Module, again: nn.Module, path: Path) -> None:
    torch.save(model.state_dict(), path)
    again.load_state_dict(torch.load(path))
    inputs = torch.randn(3, 5)
    assert torch.equal(model(inputs), again(inputs))


@pytest.mark.parametrize("name", ["gelu", "mish"])
def test_an_activation_trains_saves_scripts_and_compiles(name: str, tmp_path: Path) -> None:
    found = loaded("activation", name)
    model = model_with(found.Activation())

    assert train(model, to_sums) < 0.5
    saved_and_loaded(model, model_with(found.Activation()), tmp_path / "model.pt")
    x = torch.linspace(-5, 5, 40)
    graph = component_of(baselines("activation")[name].graphs)
    assert torch.allclose(found.Activation()(x), graph(x), atol=1e-6)
    compiled = torch.compile(found.Activation(), backend="aot_eager", fullgraph=True)
    assert torch.allclose(compiled(x), graph(x), atol=1e-6)


def test_a_file_on_disk_scripts(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "scripted.py").write_text(source_of("activation", "silu"))
    monkeypatch.syspath_prepend(tmp_path)
    import scripted  # pyright: ignore[reportMissingImports]

    x = torch.linspace(-5, 5, 40)
    assert torch.allclose(torch.jit.script(scripted.Activation())(x), F.silu(x), atol=1e-6)


def test_a_parametric_activation_learns_its_numbers(tmp_path: Path) -> None:
    found = loaded("parametric-activation", "swish")
    model = model_with(found.Activation())

    assert train(model, to_sums) < 0.8
    assert model[1].a.item() != 1.0
    saved_and_loaded(model, model_with(found.Activation()), tmp_path / "model.pt")


def test_a_normalisation_is_used_as_layer_norm_is(tmp_path: Path) -> None:
    found = loaded("normalization", "layer_norm")
    model = model_with(found.Normalization(16), nn.ReLU())

    x = torch.randn(2, 3, 16)
    assert torch.allclose(found.Normalization(16)(x), F.layer_norm(x, (16,)), atol=1e-4)
    assert train(model, to_sums) < 0.5
    assert (model[1].gain != 1).any()
    saved_and_loaded(model, model_with(found.Normalization(16), nn.ReLU()), tmp_path / "model.pt")


def test_a_preprocessor_keeps_the_shape_of_samples() -> None:
    kind_name = "preprocessor"
    found = loaded(kind_name, "standardize") if "standardize" in baselines(kind_name) else None
    name = next(iter(set(baselines(kind_name)) - {"identity"}))
    found = found or loaded(kind_name, name)
    images = torch.randn(4, 1, 3, 3)

    output = found.Preprocessor()(images)

    assert output.shape == images.shape
    assert torch.equal(output[1], found.Preprocessor()(images[1:2])[0])


def test_a_loss_takes_class_indices_and_trains() -> None:
    found = loaded("loss", "cross_entropy")
    logits = torch.randn(6, 3, requires_grad=True)
    targets = torch.tensor([0, 1, 2, 0, 1, 2])

    loss = found.Loss()(logits, targets)

    assert loss.item() == pytest.approx(F.cross_entropy(logits, targets).item(), rel=1e-5)
    assert found.Loss()(logits, F.one_hot(targets, 3).float()).item() == loss.item()
    (gradient,) = torch.autograd.grad(loss, logits)
    (expected,) = torch.autograd.grad(F.cross_entropy(logits, targets), logits)
    assert torch.allclose(gradient, expected, atol=1e-6)


def test_an_initialiser_sees_the_fans_of_every_layer() -> None:
    found = loaded("initializer", "he_normal")
    model = nn.Sequential(
        nn.Linear(400, 300),
        nn.Conv2d(40, 200, 3),
        nn.ConvTranspose2d(64, 200, 3, groups=2),
        nn.LayerNorm(5),
    )

    found.initialize_model(model, torch.Generator().manual_seed(0))

    for layer, fan_in in zip(model, (400, 360, 288), strict=False):
        assert layer.weight.std().item() == pytest.approx((2 / fan_in) ** 0.5, rel=0.03)
        assert not layer.bias.any()
    assert (model[3].weight == 1).all()


def test_a_regularizer_adds_up_the_matrices_of_a_model() -> None:
    found = loaded("regularizer", "l2")
    model = nn.Sequential(nn.Linear(5, 4), nn.LayerNorm(4), nn.Conv1d(2, 3, 2))
    penalty = component_of(baselines("regularizer")["l2"].graphs)
    matrices = [model[0].weight, model[2].weight.flatten(1)]

    total = found.Regularizer(strength=10.0)(model)

    assert total.item() == pytest.approx(10 * sum(penalty(m).item() for m in matrices), rel=1e-5)
    assert train(model_with(), lambda out: to_sums(out) + total.detach() * 0) < 1


@pytest.mark.parametrize("name", ["adam", "lion"])
def test_an_optimiser_steps_as_evo_does_and_saves_its_states(name: str) -> None:
    found = loaded("optimizer", name)
    rule = component_of(baselines("optimizer")[name].graphs)
    start = {n: v[None] for n, v in Mlp((4,)).fresh((5,), 2, torch.Generator(), Parts()).items()}
    theirs = StackedRule(start, torch.tensor([0.01]), rule)
    ours = [nn.Parameter(value[0].clone()) for value in start.values()]
    optimizer = found.Optimizer(ours, lr=0.01)

    for step in range(5):
        generator = torch.Generator().manual_seed(step)
        gradients = [torch.randn(value.shape, generator=generator) for value in ours]
        for weight, gradient in zip(ours, gradients, strict=True):
            weight.grad = gradient
        optimizer.step()
        theirs.step([gradient[None] for gradient in gradients], schedule=1.0)
        if step == 2:  # as after a restart
            states = optimizer.state_dict()
            optimizer = found.Optimizer(ours, lr=0.01)
            optimizer.load_state_dict(states)

    for mine, other in zip(ours, theirs.parameters.values(), strict=True):
        assert torch.allclose(mine, other[0], atol=1e-6)


@pytest.mark.parametrize("name", ["muon", "clipped_momentum"])
def test_an_optimiser_of_matrices_steps_as_evo_does_and_saves_its_states(name: str) -> None:
    found = loaded("matrix-optimizer", name)
    rule = component_of(baselines("matrix-optimizer")[name].graphs)
    weights = [torch.randn(shape, generator=torch.Generator()) for shape in ((5, 3), (2, 4))]
    start = {name: value[None] for name, value in zip("ab", weights, strict=True)}
    start["bias"] = torch.zeros(1, 5)
    roles = {"a": Weight(), "b": Weight(), "bias": Plain.BIAS}
    theirs = StackedMatrixRule(start, torch.tensor([0.01]), rule, roles)
    ours = [nn.Parameter(value[0].clone()) for value in start.values()]
    optimizer = found.MatrixOptimizer(ours, lr=0.01)

    for step in range(4):
        generator = torch.Generator().manual_seed(step)
        gradients = [torch.randn(value.shape, generator=generator) for value in ours]
        for weight, gradient in zip(ours, gradients, strict=True):
            weight.grad = gradient
        optimizer.step()
        theirs.step([gradient[None] for gradient in gradients], schedule=1.0)
        if step == 1:  # as after a restart
            states = optimizer.state_dict()
            optimizer = found.MatrixOptimizer(ours, lr=0.01)
            optimizer.load_state_dict(states)

    for mine, other in zip(ours, theirs.parameters.values(), strict=True):
        assert torch.allclose(mine, other[0], atol=1e-5)


def test_an_optimiser_trains() -> None:
    model = model_with(nn.ReLU())
    optimizer = loaded("optimizer", "adam").Optimizer(model.parameters(), lr=0.01)

    assert train(model, to_sums, optimizer=optimizer) < 0.5


def test_a_schedule_gives_the_factor_of_every_step_and_goes_on_from_a_checkpoint() -> None:
    found = loaded("schedule", "cosine")
    graph = component_of(baselines("schedule")["cosine"].graphs)
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=2.0)
    schedule = found.Schedule(optimizer, total_steps=10)
    rates = []
    for step in range(12):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
        if step == 4:
            states, of_optimizer = schedule.state_dict(), optimizer.state_dict()
            schedule = found.Schedule(optimizer, total_steps=10)
            schedule.load_state_dict(states)
            optimizer.load_state_dict(of_optimizer)

    expected = (2 * graph(torch.arange(10) / 10)).tolist()
    assert rates[:10] == pytest.approx(expected, abs=1e-6)
    assert rates[10:] == pytest.approx([expected[-1]] * 2, abs=1e-6)


def test_components_that_were_evolved_together_stand_in_one_file() -> None:
    kind = kinds.get("activation+regularizer")()
    graphs = (
        baselines("activation")["gelu"].graphs[0],
        baselines("regularizer")["l2"].graphs[0],
    )
    record = Record(Candidate.of(kind.name, "both", operator="exchange"), 0, graphs=graphs)
    module = ModuleType("both")

    exec(component_file(record, kind, ORIGIN), module.__dict__)

    assert module.__all__ == ["Activation", "Regularizer", "activation", "regularize"]
    assert module.Regularizer()(nn.Linear(3, 2)).item() > 0


@pytest.mark.parametrize("name", ["newton_schulz", "orthogonal_by_qr"])
def test_cases_by_sizes_become_branches(name: str) -> None:
    kind = kinds.get("initializer")()
    file = Path(__file__).parents[2] / "honest" / "field" / "initializer.toml"
    candidate = Candidate.of("initializer", tomllib.loads(file.read_text())[name], operator="test")
    (graph,) = Validator(kind, no_training.InProcess()).validate([candidate])
    assert isinstance(graph, Graph)
    assert '"cases"' in graph.text

    for write in (readable, exact):
        source = function_source(
            graph.text, "initialize", kind.contract.parameters, write, docstring="It."
        )

        assert "if " in source
        assert computes(source, kind, graph.text), source
