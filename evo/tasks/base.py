"""Base class and registry of tasks."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from types import ModuleType
from typing import Any, ClassVar, Literal

import torch

from evo.core.errors import UsageError
from evo.core.registry import Registry
from evo.core.user_files import SUFFIX, user_module
from evo.networks.base import Network
from evo.networks.torch_parts import TorchParts
from evo.tasks.measurements import Budget, Metric, Settings
from evo.tasks.objective import Classification, TrainingObjective


@dataclass(frozen=True)
class Split:
    """Samples of one split.

    Attributes:
        inputs: (n, …) float32.
        targets: (n,) int64 class indices, or (n, outputs) float32 for regression.
    """

    inputs: torch.Tensor
    targets: torch.Tensor

    def to(self, device: torch.device) -> "Split":
        """The same samples on a device."""
        return Split(self.inputs.to(device), self.targets.to(device))


@dataclass(frozen=True)
class Data:
    """The three splits of a task.

    Attributes:
        train: samples to train on.
        validation: samples that pick the learning rate.
        test: samples that give the result of a trial, and nothing else.
        outputs: outputs of a network per sample; the number of classes, for classification.
        objective: training loss and accuracy.
        pooled: True if every seed draws its own split, of these sizes, from all samples. The
            peculiarities of one small test split then average out over the seeds instead of
            favouring the same components in every trial. False where the splits differ in kind,
            or are large.
    """

    train: Split
    validation: Split
    test: Split
    outputs: int
    objective: TrainingObjective = field(default_factory=Classification)
    pooled: bool = False

    @cached_property
    def samples(self) -> Split:
        """All samples: those of train, then validation, then test."""
        parts = (self.train, self.validation, self.test)
        return Split(
            torch.cat([part.inputs for part in parts]), torch.cat([part.targets for part in parts])
        )

    def to(self, device: torch.device) -> "Data":
        """The same data on a device."""
        return Data(
            self.train.to(device),
            self.validation.to(device),
            self.test.to(device),
            self.outputs,
            self.objective,
            self.pooled,
        )


class Task(ABC):
    """Data with a fixed split, and the networks trained on it. Subclass and register."""

    def prepare(self) -> None:  # noqa: B027 most tasks need nothing
        """Download what `load` needs; called once before anything is spent, never in workers.

        Raises:
            UsageError: the download failed; the message says what to do.
        """

    @abstractmethod
    def load(self) -> Data:
        """Load the data, the same at every call, without downloading."""

    @abstractmethod
    def networks(self) -> dict[str, Network]:
        """The networks by name, cheapest first."""

    def network_names(self) -> Sequence[str]:
        """Names of what is trained, in the order of `networks`."""
        return list(self.networks())


class LoopTask(Task):
    """A task that trains by a loop of its own; evo sees what the loop measures, and no data.

    Each training runs in a process of its own, a fork of a worker: what the module of the task has
    loaded is there already, and what a training leaves behind ends with it.

    Attributes:
        metric: what `Measurements.metric` is.
        decided_by: whether the loss or the metric is the result of a trial.
        timeout_s: wall time limit of one training; None for the configuration's `timeout_s`.
        memory_gb: memory that one training may take beyond what its worker has.
    """

    metric: ClassVar[Metric] = Metric()
    decided_by: ClassVar[Literal["loss", "metric"]] = "loss"
    timeout_s: ClassVar[float | None] = None
    memory_gb: ClassVar[float] = 4.0

    @abstractmethod
    def train(self, parts: TorchParts, seed: int, settings: Settings, budget: Budget) -> Any:
        """Train once and return `Measurements`, or a mapping with the names of its fields.

        Args:
            parts: the component under test, and torch's usual parts around it.
            seed: of the trial, the same for candidates and baselines; the generators of Python,
                numpy and torch were seeded by it.
            settings: learning rate and strength.
            budget: how long to train, and where.
        """

    def load(self) -> Data:
        """No data: the loop has its own."""
        raise UsageError(f"{type(self).__name__} trains by a loop of its own and has no data here.")

    def networks(self) -> dict[str, Network]:
        """No networks: the loop has its own."""
        return {}

    def network_names(self) -> Sequence[str]:
        """One name, as a loop trains one thing."""
        return [LOOP_NETWORK]


_LOOP_ARGUMENTS = 4
LOOP_NETWORK = "loop"
"""The name under which trials of a loop are kept."""


def expect_arguments(train: Callable[..., Any], where: str) -> None:
    """Check that a function can be called as a loop is.

    Raises:
        UsageError: it takes other arguments.
    """
    signature = inspect.signature(train)
    try:
        signature.bind(*[None] * _LOOP_ARGUMENTS)
    except TypeError:
        raise UsageError(
            f"{where}: expected train(parts, seed, settings, budget), got train{signature}."
        ) from None


class _Tasks(Registry[Task]):
    """Tasks by name; the path of a Python file names the task that it defines."""

    def get(self, name: str) -> type[Task]:
        """The class of that name.

        Raises:
            UsageError: there is no such name; or the file cannot be run, or defines no task.
        """
        return _task_in(user_module(name), name) if name.endswith(SUFFIX) else super().get(name)


tasks: Registry[Task] = _Tasks("task", "evo.tasks", "tasks")


@lru_cache
def _task_in(module: ModuleType, name: str) -> type[Task]:
    """The task that a file defines: its variable `task`, or its one subclass of `Task`."""
    task = vars(module).get("task")
    if isinstance(task, Task):
        return _class_of(task, module)
    classes = [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Task)
        and value.__module__ == module.__name__
    ]
    if len(classes) == 1:
        return classes[0]
    names = ", ".join(cls.__name__ for cls in classes) or "none"
    raise UsageError(
        f"Task file {name}: expected a variable `task`, such as task = table(…), or one subclass "
        f"of Task, got {names}."
    )


def _class_of(task: Task, module: ModuleType) -> type[Task]:
    """A class whose instances do as this task does."""
    made = _loop_class(task) if isinstance(task, LoopTask) else _data_class(task)
    made.__module__ = module.__name__
    made.__qualname__ = made.__name__ = type(task).__name__
    return made


def _loop_class(task: LoopTask) -> type[Task]:
    class FromFile(LoopTask):
        """The task of a file."""

        metric = task.metric
        decided_by = task.decided_by
        timeout_s = task.timeout_s
        memory_gb = task.memory_gb
        __doc__ = task.train.__doc__

        def prepare(self) -> None:
            task.prepare()

        def train(self, parts: TorchParts, seed: int, settings: Settings, budget: Budget) -> Any:
            return task.train(parts, seed, settings, budget)

    return FromFile


def _data_class(task: Task) -> type[Task]:
    class FromFile(Task):
        """The task of a file."""

        def prepare(self) -> None:
            task.prepare()

        def load(self) -> Data:
            return task.load()

        def networks(self) -> dict[str, Network]:
            return task.networks()

    return FromFile


def network_counts(names: Sequence[str]) -> list[int]:
    """Number of networks of each of these tasks."""
    return [len(tasks.get(name)().network_names()) for name in names]
