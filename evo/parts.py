"""The replaceable parts of a training: where a kind's component meets a task's network."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F

Function = Callable[[torch.Tensor], torch.Tensor]

_ROWS_AT_ONCE = 256
"""Samples that are preprocessed together: what that takes is then bounded by a sample's size."""


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

    def prepared(self, samples: torch.Tensor) -> torch.Tensor:
        """Samples (n, …) as the network is to see them: each flattened, preprocessed, shaped back.

        Once for all: rows stand apart, so that the company of a sample changes nothing.
        """
        if self.preprocess is unchanged:
            return samples
        with torch.no_grad():
            rows = samples.flatten(1).split(_ROWS_AT_ONCE)
            return torch.cat([self.preprocess(part) for part in rows]).view_as(samples)

    def penalties(self, matrices: Sequence[torch.Tensor]) -> torch.Tensor | None:
        """The penalty of each copy, (copies,), for matrices (copies, outputs, inputs)."""
        if self.penalty is None:
            return None
        each = torch.func.vmap(self.penalty)
        return torch.stack([each(matrix) for matrix in matrices]).sum(0)
