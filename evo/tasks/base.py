"""What a task is, and the registry of tasks."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch

from evo.registry import Registry
from evo.tasks.networks import Network


@dataclass(frozen=True)
class Split:
    """Samples of one split: inputs (n, …) float32, targets (n,) int64 class indices."""

    inputs: torch.Tensor
    targets: torch.Tensor

    def to(self, device: torch.device) -> "Split":
        """The same samples on a device."""
        return Split(self.inputs.to(device), self.targets.to(device))


@dataclass(frozen=True)
class Data:
    """The three splits of a task. Only the last look of a trial may read `test`."""

    train: Split
    validation: Split
    test: Split
    classes: int

    def to(self, device: torch.device) -> "Data":
        """The same data on a device."""
        return Data(
            self.train.to(device),
            self.validation.to(device),
            self.test.to(device),
            self.classes,
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
