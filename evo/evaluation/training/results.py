"""Results of training all copies of a component, and the setting that they pick."""

from typing import NamedTuple

import torch

from evo.evaluation.training.probe import Probe


class Course(NamedTuple):
    """The course of a training, for its author to read; nothing is decided by it.

    Attributes:
        early: mean training loss, or error rate, of the first epoch: (seeds, settings).
        late: of the last one.
        start: a look at the first seed's copy before training.
        end: the same after it, at the setting that is best on validation data.
    """

    early: torch.Tensor
    late: torch.Tensor
    start: Probe
    end: Probe


class Trained(NamedTuple):
    """Results of training, each (seeds, settings) float32.

    Losses are those of the task, before or after temperature scaling, or error rates where the
    parts are judged by accuracy. A copy that diverged has loss `inf` and accuracy 0. The course is
    there where it was asked for.
    """

    validation_loss: torch.Tensor
    test_loss: torch.Tensor
    test_accuracy: torch.Tensor
    course: Course | None = None


def best_setting(validation_loss: torch.Tensor) -> int:
    """Index of the setting with the fewest diverged seeds, then the lowest mean loss.

    Args:
        validation_loss: (seeds, settings), `inf` where a copy diverged.
    """
    diverged = torch.isinf(validation_loss)
    mean = validation_loss.masked_fill(diverged, 0.0).sum(0) / (~diverged).sum(0).clamp(min=1)
    places = range(validation_loss.shape[1])
    return min(zip(diverged.sum(0).tolist(), mean.tolist(), places, strict=True))[2]
