"""The replaceable parts of a training: where a kind's component meets a task's network."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F

Function = Callable[[torch.Tensor], torch.Tensor]


def unchanged(inputs: torch.Tensor) -> torch.Tensor:
    """The inputs as they are."""
    return inputs


@dataclass(frozen=True)
class Parts:
    """What a training is made of besides network and data; a kind sets the part that it evolves.

    Attributes:
        activation: after every hidden layer, on tensors of any shape.
        preprocess: on the samples before the first layer: (n, d) → (n, d), rows apart.
        penalty: of one weight matrix (outputs, inputs) → (); the training loss gains its sum over
            all matrices of the network. None for none.
    """

    activation: Function = F.relu
    preprocess: Function = unchanged
    penalty: Function | None = None
