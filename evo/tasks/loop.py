"""Tasks with a custom training loop: a function that trains once and measures.

# mine.py, named in a configuration as tasks = ["mine.py"]
from evo.tasks.loop import Measurements, loop

def train(parts, seed, settings, budget):
    model = parts.replace(make_model(), nn.GELU)
    optimizer = parts.optimizer(model.parameters(), lr=settings.learning_rate)
    ...
    return Measurements(validation_loss=…, test_loss=…, metric=…)

task = loop(train)
"""

from collections.abc import Callable
from typing import Any, ClassVar, Literal

from evo.networks.torch_parts import TorchParts
from evo.tasks.base import LoopTask, expect_arguments
from evo.tasks.measurements import Budget, Measurements, Metric, Settings

__all__ = ["Budget", "Measurements", "Metric", "Settings", "TorchParts", "loop"]

Train = Callable[[TorchParts, int, Settings, Budget], Any]


def loop(
    train: Train,
    *,
    metric: Metric | None = None,
    decided_by: Literal["loss", "metric"] = "loss",
    timeout_s: float | None = None,
    memory_gb: float = 4.0,
) -> LoopTask:
    """A task that trains by a function.

    Args:
        train: see `LoopTask.train`.
        metric: what it measures besides losses; accuracy by default.
        decided_by: whether the loss or the metric is the result of a trial.
        timeout_s: wall time limit of one training; None for the configuration's.
        memory_gb: memory that one training may take.

    Raises:
        UsageError: the function takes other arguments.
    """
    expect_arguments(train, "loop(train)")
    chosen, limit, memory, decides = metric or Metric(), timeout_s, memory_gb, decided_by

    class Loop(LoopTask):
        """A loop of the user's own."""

        metric: ClassVar[Metric] = chosen
        decided_by: ClassVar[Literal["loss", "metric"]] = decides
        timeout_s: ClassVar[float | None] = limit
        memory_gb: ClassVar[float] = memory

        def train(self, parts: TorchParts, seed: int, settings: Settings, budget: Budget) -> Any:
            return train(parts, seed, settings, budget)

    Loop.train.__doc__ = train.__doc__
    return Loop()
