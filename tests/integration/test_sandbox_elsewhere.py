"""Candidates are traced by a sandbox that a command reaches, as one on another machine is."""

import shlex
import sys
from importlib.metadata import version

import pytest

from evo.api.walls import expect_walls
from evo.core.errors import UsageError
from evo.validation.sandbox import frames, walls
from evo.validation.sandbox.connection import SandboxError
from evo.validation.sandbox.elsewhere import VARIABLE
from evo.validation.sandbox.sandbox import Sandbox, TraceRequest

DOUBLE = TraceRequest("def f(x):\n    return x * 2", "f", (((2,),), ((3,),)))
HERE = {"evo": version("evo-search"), "torch": version("torch")}


def saying(hello: dict[str, object]) -> str:
    """A command that says something first, then that its own test was passed."""
    said = frames.encode(hello) + frames.encode({"id": 0, "graph": ""})
    program = f"import os; os.write(1, {said!r}); os.read(0, 1)"
    return shlex.join([sys.executable, "-c", program])


def test_a_graph_is_the_same_wherever_it_is_traced(monkeypatch) -> None:
    with Sandbox() as sandbox:
        here = sandbox.trace([DOUBLE])
    monkeypatch.setenv(VARIABLE, shlex.join([sys.executable, "-m", "evo", "sandbox"]))

    with Sandbox() as sandbox:
        assert sandbox.trace([DOUBLE]) == here
        assert sandbox.walls == walls.standing()


def test_no_key_reaches_the_command(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    serving = shlex.join([sys.executable, "-m", "evo", "sandbox"])
    monkeypatch.setenv(
        VARIABLE, shlex.join(["sh", "-c", f"env > {tmp_path / 'seen'}; exec {serving}"])
    )

    with Sandbox() as sandbox:
        sandbox.trace([DOUBLE])

    seen = (tmp_path / "seen").read_text()
    assert "PATH=" in seen
    assert "sk-secret" not in seen


@pytest.mark.parametrize(
    ("hello", "words"),
    [
        ({**HERE, "evo": "0.0.1", "walls": []}, "has evo 0.0.1"),
        ({**HERE, "walls": ["seccomp"]}, "lacks walls: Landlock"),
        ({"id": 0, "graph": "{}"}, "is no `evo sandbox`"),
    ],
)
def test_a_sandbox_elsewhere_that_does_not_fit_is_refused_before_any_source_is_sent(
    hello, words, monkeypatch
) -> None:
    monkeypatch.setenv(VARIABLE, saying(hello))

    with Sandbox() as sandbox, pytest.raises(UsageError, match=words):
        sandbox.trace([DOUBLE])


def test_a_command_that_is_not_there_is_an_error(monkeypatch) -> None:
    monkeypatch.setenv(VARIABLE, "no-such-program evo sandbox")

    with pytest.raises(SandboxError, match="does not start"), Sandbox():
        pass


def test_walls_of_this_machine_are_not_asked_for_where_candidates_are_traced_elsewhere(
    monkeypatch,
) -> None:
    monkeypatch.setattr(walls.landlock, "abi", lambda: 0)
    with pytest.raises(UsageError):
        expect_walls(unsafe=False, warn=pytest.fail)
    monkeypatch.setenv(VARIABLE, "ssh worker evo sandbox")

    expect_walls(unsafe=False, warn=pytest.fail)
