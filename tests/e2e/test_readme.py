"""What the README shows must work as it stands there."""

import re
import tomllib
from pathlib import Path

import pytest
import torch.nn.functional as F
from support.command import Evo

from archive.history.reader import Reader
from evo.config import parse
from evo.evaluation.protocol import Protocol, Rung
from evo.evaluation.training.trials import run_trials
from evo.networks.parts import Parts

README = (Path(__file__).parents[2] / "README.md").read_text()


def blocks(marker: str) -> str:
    """The code block that holds the marker, fenced or indented."""
    fenced = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    indented = [
        re.sub(r"(?m)^ {4}", "", block) for block in re.findall(r"(?:^ {4}.*\n|^\n)+", README, re.M)
    ]
    (found,) = [block for block in (*fenced, *indented) if marker in block]
    return found


def test_the_configuration_is_valid() -> None:
    config = parse(tomllib.loads(blocks("# mine.toml")), where="README.md")

    assert config.generations == 50
    assert len(config.protocol.rungs) == 2


def test_the_task_of_ones_own_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    from evo.tasks.base import tasks

    monkeypatch.setattr(tasks, "_classes", {name: tasks.get(name) for name in tasks.names()})
    exec(blocks('@tasks.register("wine")'), {})
    protocol = Protocol(rungs=(Rung(epochs=40, seeds=2),), learning_rates=(0.03,), batch_size=32)

    trials = run_trials(Parts(F.relu), ("wine",), protocol, rung=0)

    assert {(trial.task, trial.network) for trial in trials} == {("wine", "mlp-32-32")}
    assert all(trial.accuracy > 0.8 for trial in trials)


def test_the_front_can_be_read_from_python(
    finished_run: str, workplace: Path, capsys: pytest.CaptureFixture[str], monkeypatch
) -> None:
    code = blocks("pareto_front(history.records)").replace("demo-001", finished_run)
    monkeypatch.chdir(workplace)

    exec(code, {})

    assert "def activation" in capsys.readouterr().out
    assert Reader.read(workplace / "runs" / finished_run).records


@pytest.mark.parametrize("command", ["status", "pareto", "show", "validate", "evaluate", "list"])
def test_commands_that_print_facts_take_json(evo: Evo, command: str) -> None:
    assert "--json" in evo(command, "--help").out
