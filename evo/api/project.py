"""A project folder for a custom task: the task, a configuration, and a test of the task."""

import shlex
import shutil
from pathlib import Path

import numpy as np

from archive.store import disk
from evo.campaign.create import prepare_tasks
from evo.components.kinds import kinds
from evo.core.errors import UsageError
from evo.core.seeds import child
from evo.evaluation.protocol import Protocol

_TASK = '''"""The data that components are measured on.

`images`, `arrays` and `dataset` of the same module read other data; a network of your own is
`networks={{"mine": ModuleNetwork(make_model)}}`, from `evo.networks.modules`.
"""

from evo.tasks.own import table

task = table({data!r}, target={target!r})
'''

_CONFIGURATION = """\
# Run it with: evo run {path}
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

_LOOP = '''"""How components are measured: a training of your own, given a component in `parts`.

Put your model, data and loop in the place of these. Parts that are not evolved are torch's own.
"""

import torch
from sklearn.datasets import load_digits
from torch import nn

from evo.tasks.loop import Measurements, loop

images, labels = load_digits(return_X_y=True)
inputs, targets = torch.tensor(images / 16, dtype=torch.float32), torch.tensor(labels)

CLASSES

def train(parts, seed, settings, budget):
    """A perceptron on digits."""
    training, validation, test = torch.randperm(len(inputs))[:1000].split([400, 300, 300])
    model = nn.Sequential(
        parts.preprocessor(),
        HIDDEN
        parts.normalization(32),
        nn.Linear(32, 10),
    )
    parts.initialize(model)
    loss_of = parts.loss()
    optimizer = parts.optimizer(model.parameters(), lr=settings.learning_rate)
    schedule = parts.schedule(optimizer, total_steps=8 * budget.epochs)
    for _ in range(budget.epochs):
        for rows in training.split(50):
LOSS            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    with torch.no_grad():
        losses = [
            nn.functional.cross_entropy(model(inputs[rows]), targets[rows])
            for rows in (validation, test)
        ]
        accuracy = (model(inputs[test]).argmax(1) == targets[test]).float().mean()
    return Measurements(validation_loss=losses[0], test_loss=losses[1], metric=accuracy)


task = loop(train)
'''
_LOSS = """\
            loss = loss_of(model(inputs[rows]), targets[rows]) + parts.penalty(model)
"""
_ACTIVITY_LOSS = """\
            hidden = model[:-1](inputs[rows])
            outputs = model[-1](hidden)
            losses = nn.functional.cross_entropy(outputs, targets[rows], reduction="none")
            loss = losses.mean() + parts.activity_penalty(hidden, outputs, losses=losses)
"""
_HIDDEN = "nn.Linear(64, 32),\n        parts.activation(),"
_GATED_HIDDEN = "nn.Linear(64, 64),\n        parts.gated_activation(),"

_ATTENTION_CLASS = '''
class Rows(nn.Module):
    """Attention over the rows of an image, without heads."""

    def __init__(self, attention):
        super().__init__()
        self.enter, self.attention = nn.Linear(8, 3 * 8), attention

    def forward(self, x):
        return self.attention(*self.enter(x.unflatten(1, (8, 8))).chunk(3, -1)).flatten(1)

'''
_ATTENTION_HIDDEN = f"Rows(parts.attention()),\n        {_HIDDEN}"

_LOOP_CONFIGURATION = """\
# Run it with: evo run {path}
kind = "{kind}"
tasks = ["task.py"]
generations = 6
trainings = 12

# A loop trains one copy after another: few seeds and learning rates.
[protocol]
rungs = [{{ epochs = 4, seeds = 3 }}, {{ epochs = 12, seeds = 5 }}]
learning_rates = [0.003, 0.03]
"""

_LOOP_TEST = '''"""The loop trains with what evo gives it. Run it with: pytest test_task.py"""

from pathlib import Path

import pytest

from evo.tasks.base import LoopTask, tasks
from evo.testing import LoopSuite


class TestTask(LoopSuite):
    kind = "{kind}"

    @pytest.fixture
    def task(self) -> LoopTask:
        return tasks.get(str(Path(__file__).with_name("task.py")))()
'''

_SAMPLES, _FEATURES, _CLASSES = 600, 6, 3


def make_project(
    folder: Path,
    *,
    kind: str,
    data: Path | None = None,
    target: str | None = None,
    loop: bool = False,
) -> list[Path]:
    """Write a project folder that runs as it stands.

    Args:
        folder: new or with other files, such as the model's.
        kind: of the components to search.
        data: a csv or parquet file; without one a small table is made up.
        target: its column to predict.
        loop: whether the task brings a training loop of its own in place of data.

    Returns:
        The files.

    Raises:
        UsageError: the folder has such a file, the kind is unknown, or the data cannot be trained
            on, or not for this kind; then nothing is written.
    """
    if kinds.get(kind).needs_attention and not loop:
        raise UsageError(f"Kind {kind!r} needs a network with attention; add --loop to write one.")
    if (data is None) != (target is None):
        raise UsageError("A table needs both: --data FILE and --target COLUMN.")
    if loop and data is not None:
        raise UsageError("A loop reads its data itself: leave out --data, or --loop.")
    configuration = shlex.quote(str(folder / "evo.toml"))
    files = (
        _loop_files(configuration, kind)
        if loop
        else {
            "task.py": _TASK.format(
                data="data.csv" if data is None else str(data.absolute()), target=target or "label"
            ),
            "evo.toml": _CONFIGURATION.format(path=configuration, kind=kind),
            "test_task.py": _TEST,
            **({"data.csv": _table()} if data is None else {}),
        }
    )
    paths = [folder / name for name in files]
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file. Choose another name.")
    if known := [str(path) for path in paths if path.exists()]:
        raise UsageError(f"{', '.join(known)}: there already. Choose another folder.")
    made = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in zip(paths, files.values(), strict=True):
        disk.replace(path, text.encode())
    try:
        task = str((folder / "task.py").absolute())
        prepare_tasks(kind, [task], batch_size=Protocol().batch_size)
    except UsageError:
        if made:
            shutil.rmtree(made[-1])  # with what importing the task wrote there
        else:
            for path in paths:
                path.unlink()
        raise
    return paths


def _loop_files(configuration: str, kind: str) -> dict[str, str]:
    forms = {
        "gated-activation": (_GATED_HIDDEN, ""),
        "attention": (_ATTENTION_HIDDEN, _ATTENTION_CLASS),
    }
    hidden, classes = forms.get(kind, (_HIDDEN, ""))
    return {
        "task.py": _LOOP.replace("HIDDEN", hidden)
        .replace("CLASSES\n", classes)
        .replace("LOSS", _ACTIVITY_LOSS if kind == "activity-regularizer" else _LOSS),
        "evo.toml": _LOOP_CONFIGURATION.format(path=configuration, kind=kind),
        "test_task.py": _LOOP_TEST.format(kind=kind),
    }


def _table() -> str:
    """A synthetic table: classes by a smooth function of some features, with noise."""
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
