"""The skill for coding agents: its commands exist, and its examples are valid."""

import re
import shlex
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest
import typer
from support.command import call_evo

from evo.cli import app
from evo.config import load

SKILL = Path(str(resources.files("evo.data") / "skill"))
LINES = [
    line.strip().removeprefix("nohup ")
    for line in (SKILL / "SKILL.md").read_text().splitlines()
    if re.match(r" {4}(nohup )?evo ", line)
]


@pytest.mark.parametrize("line", LINES)
def test_each_command_has_the_options_that_the_skill_uses(line) -> None:
    words = shlex.split(re.sub(r"\s(>|2>|&).*", "", line), comments=True)
    group = typer.main.get_command(app)
    used = [word.partition("=")[0] for word in words[1:] if word.startswith("--")]
    commands = group.commands  # type: ignore[attr-defined]
    command = group if words[1].startswith("--") else commands[words[1]]
    known = {name for parameter in command.params for name in (*parameter.opts,)}
    assert set(used) <= known


def test_the_skill_has_all_that_an_agent_needs() -> None:
    commands = {shlex.split(line, comments=True)[1] for line in LINES}
    assert commands >= {
        *("doctor", "list", "config", "init", "run", "status", "ctl", "pareto", "show"),
        *("compare", "confirm", "export", "report", "resume"),
    }


@pytest.mark.parametrize("name", ["small.toml", "model.toml"])
def test_examples_are_valid(name) -> None:
    config = load(SKILL / "examples" / name)
    assert not config.llm.models or config.llm.budget.dollars


def test_evo_skill_writes_it_and_never_over_another(tmp_path) -> None:
    assert call_evo("skill", cwd=tmp_path).code == 0
    written = tmp_path / ".claude" / "skills" / "evo"
    text = (written / "SKILL.md").read_text()
    assert text.startswith("---\nname: evo\ndescription: ")
    assert (written / "examples" / "small.toml").is_file()
    again = call_evo("skill", cwd=tmp_path)
    assert (again.code, "exists" in again.err) == (2, True)


def test_the_script_that_waits_says_what_is_wrong(tmp_path) -> None:
    path = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, SKILL / "examples" / "watch.py", "no-such-run"],
        cwd=tmp_path,
        env=path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "Unknown campaign 'no-such-run'" in done.stderr
