"""Training steps that are recorded once and then replayed, for a GPU that waits for Python.

A step of a small network is hundreds of kernels, which a GPU runs faster than Python launches them.
A CUDA graph launches all of them at once. This has not been tried on a GPU yet: tests replay steps
on the processor, with a recorder that repeats every operation on the memory of the first time.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch

_WARM_UP = 3
"""Steps before one is recorded, in which libraries choose kernels and allocate workspaces."""


class Passed(NamedTuple):
    """A step's losses (copies, batch), outputs and targets."""

    losses: torch.Tensor
    outputs: torch.Tensor
    targets: torch.Tensor

    def copied(self) -> "Passed":
        """A copy that the next step does not overwrite."""
        return Passed(*(values.clone() for values in self))


TrainingStep = Callable[[torch.Tensor, torch.Tensor], Passed]
"""A step on rows (copies, batch), with a factor () of every rate. Between two steps it changes
tensors in place alone, so that each is where the recorded step expects it."""

CallRecorder = Callable[[Callable[[], Passed]], tuple[Passed, Callable[[], None]]]
"""Runs a call once; returns its result, and a function that repeats it on the same memory, where
the result then is that of the last time."""


def record_on_gpu(call: Callable[[], Passed]) -> tuple[Passed, Callable[[], None]]:
    """Record a call as a CUDA graph, see `CallRecorder`.

    Raises:
        RuntimeError: it waits for the GPU, so that it cannot be recorded; nothing has changed.
    """
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        passed = call()
    graph.replay()  # recording has run nothing
    return passed, graph.replay


class RecordedSteps:
    """Takes steps: the first ones as they are, the others by a recording, if there can be one.

    Args:
        step: to take.
        record: see `CallRecorder`.
    """

    def __init__(self, step: TrainingStep, record: CallRecorder) -> None:
        self._step = step
        self._record: CallRecorder | None = record
        self._taken = 0
        self._input: tuple[torch.Tensor, torch.Tensor] | None = None
        self._recording: tuple[Passed, Callable[[], None]] | None = None

    def __call__(self, rows: torch.Tensor, schedule: float) -> Passed:
        """Take a step; its results are overwritten by the next one.

        Args:
            rows: sample indices, (copies, batch), always of one shape.
            schedule: factor of every copy's learning rate.
        """
        if self._input is None:
            self._input = rows.clone(), torch.zeros((), device=rows.device)
        self._input[0].copy_(rows)
        self._input[1].fill_(schedule)
        self._taken += 1
        if self._recording is None and self._record is not None and self._taken > _WARM_UP:
            try:
                self._recording = self._record(partial(self._step, *self._input))
            except RuntimeError:
                self._record = None
            else:
                return self._recording[0]
        if self._recording is None:
            return self._step(*self._input)
        passed, replay = self._recording
        replay()
        return passed
