"""What a task is, and the registry of tasks."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import torch

from evo.networks.base import Network
from evo.registry import Registry
from evo.tasks.objective import Classification, Objective


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
    """The three splits of a task. Only the last look of a trial may read `test`.

    Attributes:
        outputs: how many numbers a network gives for a sample: the classes, for classification.
        objective: what is trained and measured.
    """

    train: Split
    validation: Split
    test: Split
    outputs: int
    objective: Objective = field(default_factory=Classification)

    def to(self, device: torch.device) -> "Data":
        """The same data on a device."""
        return Data(
            self.train.to(device),
            self.validation.to(device),
            self.test.to(device),
            self.outputs,
            self.objective,
        )


class Task(ABC):
    """Data with a fixed split, and the networks trained on it. Subclass and register."""

    @abstractmethod
    def load(self) -> Data:
        """The data, the same at every call."""

    @abstractmethod
    def networks(self) -> dict[str, Network]:
        """The networks by name, cheapest first."""


tasks: Registry[Task] = Registry("task", "evo.tasks")
