"""Where a wall is absent the commands refuse before anything is spent, or are told to go on."""

import json

import pytest
from typer.testing import CliRunner

from evo.api import judging
from evo.api.walls import expect_walls
from evo.campaign import process
from evo.cli import app
from evo.core.errors import UsageError
from evo.studies import fidelity
from evo.validation.sandbox import walls
from evo.validation.sandbox.walls import Wall

SOURCE = "def activation(x):\n    return x * 2"
COMMANDS = {
    "validate": ("validate", "FILE", "--kind", "activation"),
    "evaluate": ("evaluate", "FILE", "--kind", "activation", "--config", "smoke"),
    "fidelity": ("fidelity", "--config", "smoke"),
    "fidelity --make": ("fidelity", "FILE", "--make", "panel.json", "--config", "smoke"),
    "run": ("run", "smoke"),
}


@pytest.fixture
def called(monkeypatch, tmp_path):
    """Runs a command on a machine without Landlock; gives what reached the sandbox."""
    asked: list[bool] = []

    def stop(*args, unsafe_sandbox: bool = False, **kwargs):
        asked.append(unsafe_sandbox)
        raise UsageError("stopped here")

    monkeypatch.setattr(walls, "standing", lambda: frozenset({Wall.SECCOMP}))
    for module, name in (
        (process, "run_campaign"),
        (judging, "validate_sources"),
        (judging, "evaluate_sources"),
        (fidelity, "evaluate_records"),
    ):
        monkeypatch.setattr(module, name, stop)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file.py").write_text(SOURCE)

    def call(*arguments: str):
        given = [str(tmp_path / "file.py") if word == "FILE" else word for word in arguments]
        return CliRunner().invoke(app, given), asked

    return call


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_refuses_where_a_wall_is_absent(name, called):
    result, asked = called(*COMMANDS[name])

    assert isinstance(result.exception, UsageError)
    assert "Landlock" in str(result.exception)
    assert "--unsafe-sandbox" in str(result.exception)
    assert asked == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_goes_on_with_a_warning_where_it_is_told_to(name, called):
    result, asked = called(*COMMANDS[name], "--unsafe-sandbox")

    assert str(result.exception) == "stopped here"
    assert asked == [True]
    assert "Walls that are absent on this machine: Landlock" in result.stderr


def test_a_resumed_campaign_asks_again(called, tmp_path):
    called("run", "smoke", "--name", "bold", "--unsafe-sandbox")
    config = json.loads((tmp_path / "runs" / "bold" / "config.json").read_text())

    refused, _ = called("resume", "bold")
    going_on, asked = called("resume", "bold", "--unsafe-sandbox")

    assert "unsafe" not in json.dumps(config)
    assert "--unsafe-sandbox" in str(refused.exception)
    assert str(going_on.exception) == "stopped here"
    assert asked == [True, True]


def test_nothing_is_said_where_all_walls_stand(monkeypatch):
    warnings: list[str] = []
    monkeypatch.setattr(walls, "standing", lambda: frozenset(Wall))

    expect_walls(unsafe=False, warn=warnings.append)
    expect_walls(unsafe=True, warn=warnings.append)

    assert warnings == []
