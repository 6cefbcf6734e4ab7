"""The walls together, and the sandbox as the engine uses it; attacks are in tests/attacks."""

import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from evo.components.activation import Activation
from evo.types import Candidate
from evo.validation import syscalls
from evo.validation.graph import Graph
from evo.validation.refusal import Refused
from evo.validation.sandbox import Sandbox, SandboxError, Traced, TraceRequest
from evo.validation.validator import Validator

pytestmark = pytest.mark.skipif(
    not syscalls.is_available(), reason="this machine cannot filter system calls"
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
def sandbox():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("API_KEY", "secret")
        with Sandbox(deadline_s=1.0) as opened:
            yield opened


@pytest.fixture(scope="module")
def honest_trace(sandbox) -> Traced:
    return trace(sandbox, HONEST)


def trace(sandbox: Sandbox, source: str) -> Traced:
    return sandbox.trace([TraceRequest(source, "activation", SHAPES)])[0]


def processes() -> dict[int, tuple[int, str]]:
    """Parent and state of each process."""
    found: dict[int, tuple[int, str]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            except (FileNotFoundError, ProcessLookupError):
                continue
            found[int(entry.name)] = (int(parent), state)
    return found


def children(parent: int) -> list[int]:
    return [process for process, (above, _) in processes().items() if above == parent]


def is_alive(process: int) -> bool:
    return processes().get(process, (0, "Z"))[1] != "Z"


def becomes_true(condition, within_s: float = 5.0) -> bool:
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def attack(*lines: str) -> str:
    """An attack inside the component, after everything of ours has been set up."""
    head = ["import ctypes, json, os, resource, signal, socket, sys, time", "import torch"]
    return "\n".join([*head, "def activation(x):", *(f"    {line}" for line in lines)])


def test_zygote_and_child_have_an_empty_environment(sandbox):
    told = trace(sandbox, attack("raise ValueError(str(dict(os.environ)))"))

    assert "ValueError: {}" in str(told)
    assert Path(f"/proc/{sandbox.process_id}/environ").read_bytes() == b""


def test_a_candidate_leaves_no_trace_in_the_next_one(sandbox, honest_trace):
    poison = attack(
        "torch.where = torch.sin = torch.Tensor.__mul__ = lambda *a, **k: x", "return torch.sin(x)"
    )

    assert isinstance(trace(sandbox, poison), str)
    assert trace(sandbox, HONEST) == honest_trace


def test_a_killed_zygote_is_replaced_and_the_requests_go_on(sandbox, honest_trace):
    lost = sandbox.process_id
    os.kill(lost, signal.SIGKILL)

    results = sandbox.trace([TraceRequest(HONEST, "activation", SHAPES)] * 2)

    assert results == [honest_trace] * 2
    assert sandbox.process_id != lost
    assert lost not in processes()


def test_a_request_that_costs_the_zygote_is_refused_and_the_next_goes_on(
    sandbox, honest_trace, monkeypatch
):
    monkeypatch.setattr("evo.validation.sandbox._GRACE_S", -0.5)
    monkeypatch.setattr("evo.validation.sandbox._ATTEMPTS", 1)
    sources = (attack("time.sleep(9)"), HONEST)

    lost, kept = sandbox.trace([TraceRequest(source, "activation", SHAPES) for source in sources])

    assert "the sandbox was lost" in str(lost)
    assert kept == honest_trace


def test_zygote_and_child_die_with_a_killed_engine():
    engine = subprocess.Popen(
        [sys.executable, "-c", ENGINE, attack("time.sleep(60)")], stdout=subprocess.PIPE, text=True
    )
    zygote = int(engine.stdout.readline())
    assert becomes_true(lambda: children(zygote) != [], within_s=60.0)
    (child,) = children(zygote)

    engine.kill()
    engine.wait()

    assert becomes_true(lambda: not is_alive(zygote) and not is_alive(child))


ENGINE = """
import sys
from evo.validation.sandbox import Sandbox, TraceRequest

with Sandbox(deadline_s=60.0) as sandbox:
    sandbox.trace([TraceRequest("def f(x): return x", "f", (((2,),),))])
    print(sandbox.process_id, flush=True)
    sandbox.trace([TraceRequest(sys.argv[1], "activation", (((2,),),))])
"""


def test_the_zygote_has_one_thread(sandbox, honest_trace):
    assert len(list(Path(f"/proc/{sandbox.process_id}/task").iterdir())) == 1


def fake_zygote(monkeypatch, *lines: str) -> None:
    """Lets the next sandbox start something quick in place of a zygote."""
    head = "import sys; sys.path.insert(0, sys.argv[1]); from evo.validation import frames"
    monkeypatch.setattr("evo.validation.sandbox._BOOT", "\n".join([head, *lines]))


def test_a_sandbox_that_does_not_start_says_why(monkeypatch):
    fake_zygote(monkeypatch, "raise SystemExit('no torch here')")

    with Sandbox() as own, pytest.raises(SandboxError, match="no torch here"):
        trace(own, HONEST)


def test_a_sandbox_that_fails_its_own_test_says_why(monkeypatch):
    fake_zygote(monkeypatch, "frames.send(1, {'confined': True, 'reason': 'no user nobody'})")

    with Sandbox() as own, pytest.raises(SandboxError, match="no user nobody"):
        trace(own, HONEST)


def test_a_machine_that_cannot_confine_is_refused_unless_asked_for(monkeypatch):
    fake_zygote(
        monkeypatch,
        "frames.send(1, {'confined': False, 'graph': ''})",
        "request = frames.receive(0, limit_bytes=10**6)",
        "frames.send(1, {'id': request['id'], 'graph': 'traced'})",
    )

    with Sandbox() as careful, pytest.raises(SandboxError, match="require_confinement=False"):
        trace(careful, HONEST)
    with Sandbox(require_confinement=False) as bold:
        assert trace(bold, HONEST) == "traced"


@pytest.mark.parametrize(
    "reply",
    [
        "{'id': 7, 'graph': 'of another request'}",
        "{'id': 1, 'graph': 'x', 'reason': 'y'}",
        "{'id': 1, 'graph': 3}",
        "{}",
    ],
)
def test_an_answer_to_another_question_is_no_answer(reply, monkeypatch):
    fake_zygote(
        monkeypatch,
        "frames.send(1, {'confined': True, 'graph': ''})",
        "frames.receive(0, limit_bytes=10**6)",
        f"frames.send(1, {reply})",
    )

    with Sandbox() as own:
        assert "the sandbox was lost" in str(trace(own, HONEST))
        left = own.process_id
    assert left not in processes()


def test_a_long_source_is_refused_without_being_sent(sandbox):
    assert "shorten" in str(trace(sandbox, "#" * 10**6))


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
    "x if x.sum() > 0 else -x": ("trace", "torch.where"),
    "x / x.numel()": ("trace", "part of the formula"),
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
    "x[x > 0]": ("graph", "aten.index.Tensor"),
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
    lines = ["x * 2", "open('f')", "x.sum()", "torch.tanh(x)", "x if x.sum() > 0 else x"]

    verdicts = Validator(Activation(), sandbox).validate([candidate(body(line)) for line in lines])

    stages = [v.stage if isinstance(v, Refused) else f"{len(v)} operator" for v in verdicts]
    assert stages == ["1 operator", "policy", "contract", "1 operator", "trace"]


def test_no_candidates_give_no_verdicts(sandbox):
    assert Validator(Activation(), sandbox).validate([]) == []
