"""A project folder for one's own task: the task, a configuration, and a test of the task."""

from pathlib import Path

import numpy as np

from archive.store import disk
from evo.components.kinds import kinds
from evo.core.errors import UsageError
from evo.core.seeds import child
from evo.tasks.base import tasks
from evo.tasks.check import checked_task

_TASK = '''"""The data that components are measured on.

`images`, `arrays` and `dataset` of the same module read other data; a network of your own is
`networks={{"mine": ModuleNetwork(make_model)}}`, from `evo.networks.modules`.
"""

from evo.tasks.own import table

task = table({data!r}, target={target!r})
'''

_CONFIGURATION = """\
# Run it with: evo run {name}/evo.toml
kind = "{kind}"
tasks = ["task.py"]
generations = 8
population = 8
offspring = 40
trainings = 24
"""

_TEST = '''"""The task keeps what evo expects of a task. Run it with: pytest test_task.py"""

from pathlib import Path

import pytest

from evo.tasks.base import Task, tasks
from evo.testing import TaskSuite


class TestTask(TaskSuite):
    @pytest.fixture
    def task(self) -> Task:
        return tasks.get(str(Path(__file__).with_name("task.py")))()
'''

_SAMPLES, _FEATURES, _CLASSES = 600, 6, 3


def make_project(
    folder: Path, *, kind: str, data: Path | None = None, target: str | None = None
) -> list[Path]:
    """Write a project folder that runs as it stands.

    Args:
        folder: new or empty.
        kind: of the components to search.
        data: a csv or parquet file; without one a small table is made up.
        target: its column to predict.

    Returns:
        The files.

    Raises:
        UsageError: the folder is not empty, the kind is unknown, or the data cannot be trained on.
    """
    kinds.get(kind)
    if (data is None) != (target is None):
        raise UsageError("A table needs both: --data FILE and --target COLUMN.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is not an empty folder. Choose another name.")
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "task.py": _TASK.format(
            data="data.csv" if data is None else str(data.absolute()), target=target or "label"
        ),
        "evo.toml": _CONFIGURATION.format(name=folder.name, kind=kind),
        "test_task.py": _TEST,
        **({"data.csv": _table()} if data is None else {}),
    }
    for name, text in files.items():
        disk.replace(folder / name, text.encode())
    path = str((folder / "task.py").absolute())
    checked_task(path, tasks.get(path))
    return [folder / name for name in files]


def _table() -> str:
    """A made-up table: classes by a smooth function of some features, with noise."""
    generator = child(0, "project", "table")
    inputs = generator.normal(size=(_SAMPLES, _FEATURES))
    values = 2 * inputs[:, 0] + np.sin(2 * inputs[:, 1]) + inputs[:, 2] * inputs[:, 3]
    values += generator.normal(0, 0.3, _SAMPLES)
    labels = np.argsort(np.argsort(values)) * _CLASSES // _SAMPLES
    header = ",".join([*(f"x{number}" for number in range(_FEATURES)), "label"])
    rows = (
        ",".join([*(f"{value:.4f}" for value in row), "abc"[label]])
        for row, label in zip(inputs, labels, strict=True)
    )
    return "\n".join([header, *rows]) + "\n"
