"""The skill for coding agents: its commands exist, and its examples are valid."""

import re
import shlex
import subprocess
import sys
from importlib import resources
from pathlib import Path

import no_training
import pytest
from commands_in_pages import faults
from support.command import call_evo

from archive.history.reader import Reader
from evo.campaign.config import load

SKILL = Path(str(resources.files("evo.data") / "skill"))
LINES = [
    line.strip().removeprefix("nohup ")
    for line in (SKILL / "SKILL.md").read_text().splitlines()
    if re.match(r" {4}(nohup )?evo ", line)
]


@pytest.mark.parametrize("line", LINES)
def test_each_command_has_the_options_that_the_skill_uses(line) -> None:
    assert faults(line) == []


TRAINING = ("run", "resume", "confirm")
"""Commands that train, which other tests do."""


@pytest.fixture(scope="module")
def workplace(tmp_path_factory) -> Path:
    """A folder with the campaigns and the table that the skill names."""
    folder = tmp_path_factory.mktemp("skill")
    rows = "".join(f"{i},{i * i % 7},{i % 2}\n" for i in range(80))
    (folder / "table.csv").write_text("a,b,label\n" + rows)
    sizes = ("population=6", "offspring=8", "trainings=4", "generations=2")
    plain = no_training.configure((*sizes, "seed=2"))
    for name in ("first", "second"):
        with no_training.create(folder / "runs" / name, plain) as history:
            no_training.run(history, lambda _: None)
    return folder


@pytest.mark.parametrize("line", [line for line in LINES if line.split()[1] not in TRAINING])
def test_each_command_that_trains_nothing_works_as_it_stands(line, workplace) -> None:
    first = Reader.read(workplace / "runs" / "first")
    best = next(record.id for record in first.records if record.is_proposal and record.novelty)
    command = re.sub(r"\s(>|2>).*", "", line).replace(" ID", f" {best}")

    done = call_evo(*shlex.split(command, comments=True)[1:], cwd=workplace)

    if " hint " in command or " model " in command:  # where none is asked, it says so
        assert (done.code, "model" in done.err) == (2, True)
    else:
        assert done.code == 0, done.err


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
