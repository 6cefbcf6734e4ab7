"""Training objectives of tasks: a loss per sample, and an accuracy."""

from abc import ABC, abstractmethod

import torch
import torch.nn.functional as F


class TrainingObjective(ABC):
    """A loss per sample, lower is better, and an accuracy in [0, 1]."""

    @abstractmethod
    def losses(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Loss of each sample, (copies, batch), for outputs (copies, batch, outputs).

        Args:
            outputs: of the network.
            targets: (copies, batch), or (copies, batch, outputs) for regression.
        """

    @abstractmethod
    def accuracy(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Accuracy of each copy on these samples, (copies,) in [0, 1]."""


class Classification(TrainingObjective):
    """Cross-entropy of class indices; accuracy is the share of correctly classified samples."""

    def losses(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Cross-entropy of each sample."""
        return F.cross_entropy(outputs.transpose(1, 2), targets, reduction="none")

    def accuracy(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Share of samples whose largest output is the target's."""
        return (outputs.argmax(-1) == targets).float().mean(1)


class Regression(TrainingObjective):
    """Squared error of float targets; accuracy is the share of variance explained, at least 0."""

    def losses(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Squared error of each sample, averaged over its outputs."""
        return (outputs - targets).square().mean(-1)

    def accuracy(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """R² = 1 − Σ(y − f)² / Σ(y − ȳ)², 0 where it is negative."""
        error = (outputs - targets).square().sum((1, 2))
        spread = (targets - targets.mean(1, keepdim=True)).square().sum((1, 2))
        return (1 - error / spread).clamp(0, 1)


def error_rate(accuracy: torch.Tensor, *, samples: int) -> torch.Tensor:
    """Error rate with half a sample added to both the wrong and the right ones.

    It is never 0, so that ratios of two rates are finite, and moderate for few samples.

    Args:
        accuracy: any shape, in [0, 1].
        samples: number of samples behind each accuracy.

    >>> [round(rate, 4) for rate in error_rate(torch.tensor([1.0, 0.98]), samples=499).tolist()]
    [0.001, 0.021]
    """
    return ((1 - accuracy) * samples + 0.5) / (samples + 1)
