"""`evo init` makes a project that runs as it stands."""

import sys
from contextlib import chdir
from pathlib import Path

import pytest
from support.command import call_evo
from support.profiles import heavy

from evo.campaign.config import load
from evo.core.errors import UsageError
from evo.tasks.base import tasks
from evo.tasks.check import checked_task
from evo.tasks.objective import Regression


def test_a_project_has_a_task_that_passes_its_own_test(tmp_path: Path) -> None:
    made = call_evo("init", "mine", "--kind", "optimizer", "--json", cwd=tmp_path)

    assert made.json == {
        "folder": "mine",
        "files": ["task.py", "evo.toml", "test_task.py", "data.csv"],
    }
    with chdir(tmp_path / "mine"):
        code = pytest.main(["-q", "-p", "no:cacheprovider", "test_task.py"])
    assert code == pytest.ExitCode.OK
    del sys.modules["test_task"]


@pytest.mark.parametrize(
    "kind",
    [
        "regularizer",
        *heavy(("activation",), ("activity-regularizer",), ("attention",), ("gated-activation",)),
    ],
)
def test_a_project_with_a_loop_has_one_that_passes_its_own_test(tmp_path: Path, kind: str) -> None:
    made = call_evo("init", "mine", "--loop", "--kind", kind, "--json", cwd=tmp_path)

    assert made.json["files"] == ["task.py", "evo.toml", "test_task.py"]
    assert load(tmp_path / "mine" / "evo.toml").kind == kind
    with chdir(tmp_path / "mine"):
        code = pytest.main(["-q", "-p", "no:cacheprovider", "test_task.py"])
    assert code == pytest.ExitCode.OK
    del sys.modules["test_task"]


def test_its_configuration_names_the_task_from_wherever_it_is_read(
    tmp_path: Path, monkeypatch
) -> None:
    call_evo("init", "mine", "--kind", "optimizer", cwd=tmp_path)
    monkeypatch.chdir("/")

    config = load(tmp_path / "mine" / "evo.toml")

    assert config.kind == "optimizer"
    assert config.tasks == (str(tmp_path / "mine" / "task.py"),)


def test_it_takes_a_table_of_ones_own(tmp_path: Path) -> None:
    rows = [f"{place % 7},{place / 10 + 0.05}" for place in range(100)]
    (tmp_path / "prices.csv").write_text("\n".join(["rooms,price", *rows]))

    words = ("--data", "prices.csv", "--target", "price")
    assert call_evo("init", "mine", *words, cwd=tmp_path).code == 0

    path = str(tmp_path / "mine" / "task.py")
    assert isinstance(checked_task(path, tasks.get(path)).data.objective, Regression)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["."], "evo.toml: there already. Choose another folder"),
        (["full.csv"], "full.csv is a file"),
        (["mine", "--kind", "activatio"], "Did you mean 'activation'"),
        (["mine", "--data", "full.csv"], "--target COLUMN"),
        (["mine", "--kind", "attention"], "needs a network with attention; add --loop"),
        (["mine", "--loop", "--data", "full.csv", "--target", "y"], "leave out --data"),
        (["mine", "--data", "full.csv", "--target", "y"], "expected a column 'y'"),
    ],
)
def test_wrong_use_is_said(words: list[str], message: str, tmp_path: Path) -> None:
    (tmp_path / "full.csv").write_text("a,b\n1,2\n")
    (tmp_path / "evo.toml").write_text("")

    failed = call_evo("init", *words, cwd=tmp_path)

    assert failed.code == 2
    assert message in " ".join(failed.err.split())
    assert {path.name for path in tmp_path.iterdir()} == {"full.csv", "evo.toml"}


@pytest.mark.parametrize(
    ("kind", "rows", "message"),
    [("loss", 100, "needs tasks of classification"), ("optimizer", 45, "one batch")],
)
def test_a_project_that_could_not_run_is_not_made(
    kind: str, rows: int, message: str, tmp_path: Path
) -> None:
    lines = [f"{place % 7},{place / 10 + 0.05}" for place in range(rows)]
    (tmp_path / "prices.csv").write_text("\n".join(["rooms,price", *lines]))

    words = ("--data", "prices.csv", "--target", "price", "--kind", kind)
    failed = call_evo("init", "mine", *words, cwd=tmp_path)

    assert failed.code == 2
    assert message in " ".join(failed.err.split())
    assert not (tmp_path / "mine").exists()


def test_it_may_stand_beside_a_model(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text("import torch\n")

    made = call_evo("init", ".", "--loop", cwd=tmp_path)

    assert made.code == 0
    assert made.err.endswith("evo run evo.toml\n")
    assert "Run it with: evo run evo.toml" in (tmp_path / "evo.toml").read_text()


def test_a_task_beside_a_configuration_must_be_there(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('tasks = ["nowhere.py"]')

    (name,) = load(tmp_path / "mine.toml").tasks

    with pytest.raises(UsageError, match=r"nowhere\.py: cannot be read"):
        tasks.get(name)
