"""Code of README, tutorial and guide works as it stands there, in a quick variant."""

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import torch
import typer
from markdown_blocks import PAGES, ROOT, Block, blocks_of
from support.command import call_evo

from evo.campaign.config import parse
from evo.cli import app
from evo.components.kinds import kinds
from evo.core.records import Candidate
from evo.networks.parts import Parts
from evo.networks.torch_parts import TorchParts
from evo.studies.grid.cells import cells_of
from evo.studies.grid.study import read_study
from evo.studies.tabular.surrogate.searching import check_search
from evo.studies.tabular.surrogate.strategies import read_strategies, strategy_config
from evo.tasks.measurements import Budget, Settings
from evo.validation.graph.graph import Graph
from evo.validation.graph.graphs import Graphs
from evo.validation.sandbox.sandbox import Sandbox
from evo.validation.validator import Validator

SMALL = """
kind = "activation"
tasks = ["digits"]
generations = 1
population = 8
offspring = 8
trainings = 4

[novelty]
text_model = "none"

[protocol]
rungs = [{ epochs = 1, seeds = 2, networks = 1 }]
learning_rates = [0.01]
"""
"""A campaign that takes seconds, without embeddings: the notebook runs with them."""
QUICK = {
    "evo run demo": "evo run small.toml",
    "evo confirm first": "evo confirm first --top 0 --epochs 1 --seeds 8 --task breast-cancer",
    "evo evaluate mine.py": "evo evaluate mine.py --config small.toml",
}
"""By the beginning of a command that takes minutes: one that takes seconds."""
STRATEGIES = "docs/guide/search-bench.md"
STUDY = "docs/guide/study.md"
"""Its tables of settings are strategies, not configurations."""
SLOW_OPTIONS = "--top 0 --epochs 15 --seeds 10 --task digits-cnn"


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder in which README and tutorial are followed, one after the other."""
    folder = tmp_path_factory.mktemp("docs")
    (folder / "small.toml").write_text(SMALL)
    (folder / "mine.py").write_text(
        "import torch\n\n\ndef activation(x):\n    return torch.sin(x)\n"
    )
    return folder


@pytest.fixture(scope="module")
def done() -> set[str]:
    """Commands that have run in the workplace: README and tutorial begin with the same ones."""
    return set()


def follow(page: str, done: set[str]) -> None:
    """Run a page's commands and its Python, in order, Python in one namespace."""
    namespace: dict[str, object] = {}
    for block in blocks_of(page, "console", "python"):
        if block.language == "python":
            text = block.text.replace('evo.run("smoke",', 'evo.run("small.toml",')
            exec(compile(text, f"{page}, {block.heading}", "exec"), namespace)
            continue
        for line in block.text.splitlines():
            command = line.partition("#")[0].strip().replace(SLOW_OPTIONS, "").strip()
            for slow, quick in QUICK.items():
                command = command.replace(slow, quick)
            if command and command not in done:
                done.add(command)
                run = call_evo(*shlex.split(command)[1:], cwd=Path.cwd())
                assert run.code == 0, (command, run.err)


@pytest.mark.parametrize("page", ["README.md", "docs/guide/tutorial.md"])
def test_the_page_can_be_followed_from_its_first_command_to_its_last_line(
    page: str, workplace: Path, done: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workplace)
    monkeypatch.syspath_prepend(workplace)  # the tutorial imports what it has written

    follow(page, done)

    assert (workplace / "runs" / "first" / "campaign.json").exists()


def test_results_are_read_as_the_guide_says(
    workplace: Path, done: set[str], monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.chdir(workplace)
    (front,) = (
        block for block in blocks_of("docs/guide/results.md", "python") if "front()" in block.text
    )
    if not (workplace / "runs" / "first").exists():
        follow("README.md", done)

    exec(front.text.replace("demo-001", "first"), {})

    assert "def activation" in capsys.readouterr().out


def test_the_strategies_that_are_shown_can_be_searched_with(tmp_path: Path) -> None:
    (block,) = blocks_of(STRATEGIES, "toml")
    (tmp_path / "mine.toml").write_text(block.text)

    strategies = read_strategies(tmp_path / "mine.toml")

    assert list(strategies) == ["mine", "mine-with-islands"]
    for settings in strategies.values():
        check_search(strategy_config(settings, {}, generations=4))


def test_the_search_on_the_landscape_runs_as_shown(capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = blocks_of(STRATEGIES, "python")

    exec(block.text, {})

    assert -3 <= float(capsys.readouterr().out) < 0.4


def test_the_studies_of_the_guide_have_the_cells_that_they_say(tmp_path: Path) -> None:
    names: list[list[str]] = []
    for block in blocks_of(STUDY, "toml"):
        file = tmp_path / "study.toml"
        file.write_text(block.text)
        names.append([cell.name for cell in cells_of(read_study(file))])

    grid, searches = names
    assert "activation-evolution-0" in grid
    assert not any(name.startswith("regularizer-random") for name in grid)
    assert len(grid) == 9
    assert searches == ["oneshot-0", "evolution-0", "bestofn-0", "random-0"]


def test_every_configuration_is_valid() -> None:
    pages = [page for page in PAGES if page not in (STRATEGIES, STUDY)]
    settings = [tomllib.loads(block.text) for page in pages for block in blocks_of(page, "toml")]
    configurations = [values for values in settings if "project" not in values]
    for values in configurations:
        # A fragment names no model; the whole configuration around it would.
        if "llm" in values and "models" not in values["llm"]:
            values["llm"]["models"] = [{"model": "any"}]
        parse(values, where="documentation")

    assert len(configurations) >= 4


COMPONENTS = [
    *blocks_of("docs/guide/kinds.md", "python"),
    *(block for block in blocks_of("docs/guide/combinations.md", "python")),
]


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as running:
        yield running


@pytest.mark.parametrize("block", COMPONENTS, ids=lambda block: block.heading)
def test_every_component_that_is_shown_keeps_its_contract(block: Block, sandbox: Sandbox) -> None:
    name = block.heading if block.page.endswith("kinds.md") else "activation+regularizer"
    candidate = Candidate.of(name, block.text, operator="test")

    (verdict,) = Validator(kinds.get(name)(), sandbox).validate([candidate])

    assert isinstance(verdict, Graph | Graphs), verdict


@pytest.mark.heavy(quick="test_a_loop_of_ones_own_trains_as_shown")
def test_the_task_and_the_kind_of_ones_own_register_and_train(tmp_path: Path) -> None:
    """In a process of its own: a name is registered for good."""
    _, task, *_ = blocks_of("docs/guide/tasks.md", "python")
    (kind,) = (b for b in blocks_of("docs/guide/plugins.md", "python") if "@kinds" in b.text)
    check = """
import torch.nn.functional as F
torch.set_num_threads(1)  # as in a campaign
from evo.evaluation.protocol import Protocol, Rung
from evo.evaluation.training.trials import run_trials

protocol = Protocol(rungs=(Rung(epochs=20, seeds=2),), learning_rates=(0.03,), batch_size=16)
gate = kinds.get("gate")()
gate.check(torch.sigmoid)
assert gate.behaviour(torch.sigmoid).shape == (64,)
for parts in (Parts(F.relu), gate.parts(torch.sigmoid)):
    trials = run_trials(parts, ("wine",), protocol, rung=0)
    assert {(trial.task, trial.network) for trial in trials} == {("wine", "mlp-32-32")}
    assert all(trial.accuracy > 0.8 for trial in trials)
"""
    script = tmp_path / "shown.py"
    script.write_text("\n".join([task.text, kind.text, check]))

    run = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stderr


def test_a_model_of_ones_own_is_a_network_as_shown() -> None:
    *_, model, _ = blocks_of("docs/guide/tasks.md", "python")
    shown: dict[str, Any] = {}
    exec(model.text, shown)
    (network,) = shown["networks"]().values()

    start = network.fresh((13,), 3, torch.Generator().manual_seed(0), Parts())

    copies = {name: value[None] for name, value in start.items()}
    assert network.forward(copies, torch.zeros(1, 5, 13), Parts(torch.sin)).shape == (1, 5, 3)


def test_a_loop_of_ones_own_trains_as_shown() -> None:
    *_, shown = blocks_of("docs/guide/tasks.md", "python")
    namespace: dict[str, Any] = {}
    exec(shown.text, namespace)
    torch.manual_seed(0)

    measured = namespace["task"].train(TorchParts(Parts()), 0, Settings(0.03), Budget(epochs=4))

    assert measured.test_loss < 1.5
    assert measured.metric > 0.5


def test_every_python_block_compiles() -> None:
    for page in PAGES:
        for block in blocks_of(page, "python"):
            compile(block.text, f"{page}, {block.heading}", "exec")


def test_every_command_that_answers_takes_json() -> None:
    group = typer.main.get_command(app)
    context = typer.Context(group)
    names = group.list_commands(context)  # pyright: ignore[reportAttributeAccessIssue]
    commands = {name: group.get_command(context, name) for name in names}  # pyright: ignore
    plain = {name: cmd for name, cmd in commands.items() if not hasattr(cmd, "list_commands")}

    without = {
        name
        for name, command in plain.items()
        if "--json" not in [option for param in command.params for option in param.opts]
    }

    assert "status" in plain
    # Three write files, three serve: pages, tools and graphs.
    assert without == {"export", "report", "skill", "view", "mcp", "sandbox"}


UNDATED = [page for page in (*PAGES, "CONTRIBUTING.md") if "measurements" not in page]


@pytest.mark.parametrize("page", UNDATED)
def test_every_file_that_a_page_names_exists(page: str) -> None:
    """Pages of measurements are dated: a benchmark that they name may be gone."""
    text = (ROOT / page).read_text()
    named = re.findall(r"`((?:evo|archive|operators|prompts|tests|docs)/[\w./-]+)`", text)

    missing = [path for path in named if not (ROOT / path).exists()]

    assert missing == []
