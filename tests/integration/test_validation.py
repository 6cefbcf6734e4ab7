"""The walls together, and the sandbox as the engine uses it; attacks are in tests/attacks."""

import tomllib
from pathlib import Path

import pytest
import torch

from evo.components.activation import Activation
from evo.components.loss import LossKind
from evo.components.optimizer import Optimizer
from evo.core.records import Candidate
from evo.core.stages import Stage
from evo.validation.graph.graph import Graph
from evo.validation.refusal import Refused
from evo.validation.sandbox import walls
from evo.validation.sandbox.sandbox import Sandbox, Traced, TraceRequest
from evo.validation.validator import Validation, Validator

pytestmark = pytest.mark.skipif(
    walls.standing() != set(walls.Wall), reason="this machine lacks a wall of the sandbox"
)

SHAPES = Activation.trace_shapes
HONEST = """
import torch
import torch.nn.functional as F

def activation(x):
    return F.silu(x) * torch.where(x > 0, x, 0.1 * x)
"""
COMPONENTS: dict[str, str] = tomllib.loads(
    (Path(__file__).parents[1] / "unit" / "validation" / "components.toml").read_text()
)


@pytest.fixture(scope="module")
def honest_trace(sandbox) -> Traced:
    return trace(sandbox, HONEST)


def trace(sandbox: Sandbox, source: str) -> Traced:
    return sandbox.trace([TraceRequest(source, "activation", SHAPES)])[0]


def verdict_on_loss(sandbox: Sandbox, source: str) -> Validation:
    candidate = Candidate.of("loss", source, operator="test")
    (verdict,) = Validator(LossKind(), sandbox).validate([candidate])
    return verdict


def attack(*lines: str) -> str:
    """An attack inside the component, after everything of ours has been set up."""
    head = ["import ctypes, json, os, resource, signal, socket, sys, time", "import torch"]
    return "\n".join([*head, "def activation(x):", *(f"    {line}" for line in lines)])


def test_a_candidate_leaves_no_trace_in_the_next_one(sandbox, honest_trace):
    poison = attack(
        "torch.where = torch.sin = torch.Tensor.__mul__ = lambda *a, **k: x", "return torch.sin(x)"
    )

    assert isinstance(trace(sandbox, poison), str)
    assert trace(sandbox, HONEST) == honest_trace


def test_a_source_takes_optional_inputs_in_its_own_order(sandbox) -> None:
    source = (
        "import torch\ndef loss(outputs, targets, t, counts):\n"
        "    logs = torch.log_softmax(outputs + t * torch.log(counts), dim=-1)\n"
        "    return -(targets * logs).sum(dim=-1)"
    )

    graph = verdict_on_loss(sandbox, source)

    outputs, targets = torch.zeros(1, 2), torch.tensor([[0.0, 1.0]])
    counts = torch.tensor([1.0, 3.0])
    assert isinstance(graph, Graph)
    unread = torch.zeros(1, 2)
    given = (outputs, targets, counts, torch.tensor(1.0), unread, unread)
    assert graph(*given).exp() == pytest.approx(4 / 3)


def candidate(source: str) -> Candidate:
    return Candidate.of("activation", source, operator="test")


def test_every_baseline_and_every_honest_component_is_accepted(sandbox):
    baselines = Activation().baselines()
    candidates = [*baselines.values(), *map(candidate, COMPONENTS.values())]

    verdicts = Validator(Activation(), sandbox).validate(candidates)

    refused = {
        name: str(verdict)
        for name, verdict in zip([*baselines, *COMPONENTS], verdicts, strict=True)
        if isinstance(verdict, Refused)
    }
    assert refused == {}
    assert all(Graph.parse(verdict.text) == verdict for verdict in verdicts)


def body(line: str) -> str:
    return f"import torch\nimport torch.nn.functional as F\ndef activation(x):\n    return {line}"


REFUSED = {
    "x if x.sum() > 0 else -x": ("contract", "its own input element"),
    "x if x > 0 else -x": ("trace", "torch.where"),
    "x / x.numel()": ("contract", "its own input element"),
    "x / x.numel() ** 0.5": ("contract", "its own input element"),
    "x.softmax(-1)": ("contract", "its own input element"),
    "x * x.flatten()[0]": ("contract", "its own input element"),
    "x.sum()": ("contract", "shape"),
    "x > 0": ("contract", "dtype"),
    "x.double()": ("contract", "dtype"),
    "torch.log(x)": ("contract", "finite"),
    "x.detach()": ("contract", "depends on x"),
    "torch.ones_like(x)": ("contract", "depends on x"),
    "torch.heaviside(x, torch.zeros(1))": ("contract", "derivative"),
    "x @ x.transpose(-1, -2)": ("contract", ""),
    "(x.unsqueeze(-1) * torch.ones(4000)).unsqueeze(-1).mul(torch.ones(9)).sum((-1, -2))": (
        "graph",
        "expected at most 350,000",
    ),
    "x[x > 0]": ("trace", "size depends on values"),
    "F.dropout(x)": ("policy", "deterministic"),
    "open('f')": ("policy", "open"),
}


@pytest.mark.parametrize("line", REFUSED)
def test_what_is_no_activation_is_refused_at_the_right_wall(line, sandbox):
    (verdict,) = Validator(Activation(), sandbox).validate([candidate(body(line))])

    stage, words = REFUSED[line]
    assert isinstance(verdict, Refused)
    assert (verdict.stage, words in verdict.reason) == (stage, True), verdict


def test_verdicts_come_in_the_order_of_the_candidates(sandbox):
    lines = ["x * 2", "open('f')", "x.sum()", "torch.tanh(x)", "x[x > 0]"]

    verdicts = Validator(Activation(), sandbox).validate([candidate(body(line)) for line in lines])

    stages = [v.stage if isinstance(v, Refused) else f"{len(v)} operator" for v in verdicts]
    assert stages == ["1 operator", "policy", "contract", "1 operator", "trace"]


def test_no_candidates_give_no_verdicts(sandbox):
    assert Validator(Activation(), sandbox).validate([]) == []


def test_a_rule_that_fails_where_rules_are_compared_is_refused_and_ends_no_campaign(sandbox):
    # Weights of the check are small, those of the probe are not.
    source = "\n".join(
        [
            "import torch",
            "def update(g, m, v, w, t):",
            "    m = 0.9 * m + 0.1 * g",
            "    return torch.stack([m * torch.sqrt(1.5 - torch.abs(w)), m, v])",
        ]
    )
    candidate = Candidate.of("optimizer", source, operator="test")

    (verdict,) = Validator(Optimizer(), sandbox).validate([candidate])

    assert isinstance(verdict, Refused)
    assert verdict.stage is Stage.CONTRACT
    assert "on the probe" in verdict.reason


def test_a_child_knows_as_well_that_targets_are_one_hot(sandbox):
    source = (
        "import torch\ndef loss(outputs, targets):\n"
        "    right = torch.masked_select(outputs.softmax(1), targets.bool()).unsqueeze(1)\n"
        "    return -torch.log(right.squeeze(1) + 1e-8)\n"
    )

    verdict = verdict_on_loss(sandbox, source)

    assert not isinstance(verdict, Refused), verdict
