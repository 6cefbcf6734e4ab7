"""The replaceable parts of a training: where a kind's component meets a task's network."""

from collections.abc import Callable
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Parts:
    """What a network is built from besides its parameters; a kind sets the part that it evolves."""

    activation: Callable[[torch.Tensor], torch.Tensor]
