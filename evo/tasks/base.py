"""Base class and registry of tasks."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import torch

from evo.core.registry import Registry
from evo.networks.base import Network
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


tasks: Registry[Task] = Registry("task", "evo.tasks", "tasks")


def network_counts(names: Sequence[str]) -> list[int]:
    """Number of networks of each of these tasks."""
    return [len(tasks.get(name)().networks()) for name in names]
