"""What a task asks of a network: the loss that is trained and measured, and how right it is."""

from abc import ABC, abstractmethod

import torch
import torch.nn.functional as F


class TrainingObjective(ABC):
    """A loss per sample, lower is better, and a share in [0, 1] that people read."""

    @abstractmethod
    def losses(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Loss of each sample, (copies, batch), for outputs (copies, batch, outputs).

        Args:
            outputs: of the network.
            targets: (copies, batch), or (copies, batch, outputs) for regression.
        """

    @abstractmethod
    def accuracy(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """How right each copy is on these samples, (copies,) in [0, 1]."""


class Classification(TrainingObjective):
    """Cross-entropy of class indices; accuracy is the share of samples classified rightly."""

    def losses(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Cross-entropy of each sample."""
        return F.cross_entropy(outputs.transpose(1, 2), targets, reduction="none")

    def accuracy(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Share of samples whose largest output is the target's."""
        return (outputs.argmax(-1) == targets).float().mean(1)


class Regression(TrainingObjective):
    """Squared error of float targets; accuracy is the share of variance explained, at least 0."""

    def losses(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Squared error of each sample, the mean over its numbers."""
        return (outputs - targets).square().mean(-1)

    def accuracy(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """R² = 1 − Σ(y − f)² / Σ(y − ȳ)², 0 where it is negative."""
        error = (outputs - targets).square().sum((1, 2))
        spread = (targets - targets.mean(1, keepdim=True)).square().sum((1, 2))
        return (1 - error / spread).clamp(0, 1)


def error_rate(accuracy: torch.Tensor, *, samples: int) -> torch.Tensor:
    """Share of wrong answers, half a sample added to wrong and right ones alike.

    So it is never 0: ratios of two rates are finite, and small where samples are few.

    >>> [round(rate, 4) for rate in error_rate(torch.tensor([1.0, 0.98]), samples=499).tolist()]
    [0.001, 0.021]
    """
    return ((1 - accuracy) * samples + 0.5) / (samples + 1)
