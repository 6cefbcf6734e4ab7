"""Components as code: each file computes the graph, and its classes train, save and load."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import no_training
import pytest
import torch
import torch.nn.functional as F
from support.component_files import ORIGIN, baselines, loaded, source_of
from support.profiles import many
from torch import nn

from evo.api.codegen.component_file import ComponentOrigin, component_file, computes
from evo.api.codegen.functions import function_source
from evo.api.codegen.operators import exact, readable_call
from evo.components.kinds import kinds
from evo.core.informed import contract_of
from evo.core.records import Candidate, Record
from evo.validation.graph.graph import Graph
from evo.validation.validator import Validator

KINDS = kinds.names()


@pytest.mark.parametrize("kind_name", KINDS)
def test_the_readable_function_gives_values_and_gradients_of_the_graph(kind_name: str) -> None:
    kind = kinds.get(kind_name)()
    for name, record in [*baselines(kind_name).items()][: many(4, ci=99, nightly=99)]:
        contract = contract_of(Graph.parse(record.graphs[0]), kind.contract)
        for write in (readable_call, exact):
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


def test_attention_learns_its_numbers_and_hides_later_keys() -> None:
    kind = kinds.get("attention")()
    source = kind.further_baselines()["learned_sink"].source
    candidate = Candidate.of("attention", source, operator="test")
    (graph,) = Validator(kind, no_training.InProcess()).validate([candidate])
    module = ModuleType("found")
    exec(component_file(Record(candidate, 0, graphs=(graph.text,)), kind, ORIGIN), module.__dict__)
    found = module.Attention()
    q, k, v = torch.randn(3, 2, 5, 4, generator=torch.Generator().manual_seed(0))

    mixed, changed = (
        found(q, keys, v, is_causal=True) for keys in (k, torch.cat([k[:, :3], 9 - k[:, 3:]], 1))
    )

    assert [name for name, _ in found.named_parameters()] == ["b"]
    assert torch.equal(mixed[:, :3], changed[:, :3])
    torch.testing.assert_close(mixed[:, 0], v[:, 0] * torch.sigmoid((q * k).sum(-1)[:, :1] / 2))


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
    origin = ComponentOrigin("a\nimport os", ('x"""',), (), "1")

    tree = ast.parse(component_file(odd, kinds.get("activation")(), origin))

    names = [type(node).__name__ for node in tree.body]
    assert names == ["Expr", "Import", "ImportFrom", "Assign", "FunctionDef", "ClassDef"]


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
    file = Path(__file__).parents[3] / "honest" / "field" / "initializer.toml"
    candidate = Candidate.of("initializer", tomllib.loads(file.read_text())[name], operator="test")
    (graph,) = Validator(kind, no_training.InProcess()).validate([candidate])
    assert isinstance(graph, Graph)
    assert '"cases"' in graph.text

    for write in (readable_call, exact):
        source = function_source(
            graph.text, "initialize", kind.contract.parameters, write, docstring="It."
        )

        assert "if " in source
        assert computes(source, kind, graph.text), source
