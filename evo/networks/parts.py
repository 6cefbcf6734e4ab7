"""The replaceable parts of a training: where a kind's component meets a task's network."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F

from evo.core.contract import Learnable
from evo.networks.learnables import Component, FeatureCounts, on_each_copy, starts

Function = Callable[[torch.Tensor], torch.Tensor]
LossFunction = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
Update = Callable[..., torch.Tensor]

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
        normalize: of the signal at a layer, (rows, features) of one copy, rows apart. Where it
            stands is for the network to say. None leaves to the network what it has by itself.
        initialize: of standard normal numbers (outputs, inputs), with `inputs` and `outputs` as
            tensors beside them, the weights that a layer starts with. None leaves it to the
            network.
        loss: what is trained in place of the task's own objective: logits (n, classes) and one-hot
            targets (n, classes) → (n,), rows apart. None for the task's own.
        update: the optimiser's rule in place of Adam's: gradient, two states and weights of one
            parameter tensor, (p,) each, and the number of the step, () → (3, p): what the weights
            go down by, times the rate, and the new states. None for Adam.
        schedule: progress in [0, 1) → factor of the learning rate, each by itself. None for one
            that falls linearly to 0.
        judged_by: what decides a trial: the task's own loss, or the share of wrong answers.
        activation_learnables: what the activation takes besides, at each place where it stands.
        normalize_learnables: the same of the normalisation.
    """

    activation: Component = F.relu
    preprocess: Function = unchanged
    penalty: Function | None = None
    normalize: Component | None = None
    initialize: Component | None = None
    loss: LossFunction | None = None
    update: Update | None = None
    schedule: Function | None = None
    judged_by: Literal["loss", "accuracy"] = "loss"
    activation_learnables: tuple[Learnable, ...] = ()
    normalize_learnables: tuple[Learnable, ...] = ()

    def activated(
        self,
        signal: torch.Tensor,
        place: str,
        parameters: Mapping[str, torch.Tensor],
        *,
        copies_dim: int = 0,
    ) -> torch.Tensor:
        """The signal of a layer after the activation, see `on_each_copy`."""
        if not self.activation_learnables:
            return self.activation(signal)
        return on_each_copy(
            self.activation,
            self.activation_learnables,
            signal,
            place,
            parameters,
            copies_dim=copies_dim,
        )

    def normalized(
        self,
        signal: torch.Tensor,
        place: str,
        parameters: Mapping[str, torch.Tensor],
        *,
        copies_dim: int = 0,
        otherwise: Function = unchanged,
    ) -> torch.Tensor:
        """The signal of a layer, normalised, see `on_each_copy`; the network's own by default."""
        if self.normalize is None:
            return otherwise(signal)
        return on_each_copy(
            self.normalize,
            self.normalize_learnables,
            signal,
            place,
            parameters,
            copies_dim=copies_dim,
        )

    def learned(self, places: FeatureCounts) -> dict[str, torch.Tensor]:
        """What all learnables of one copy start as; empty where there are none."""
        return starts(self.activation_learnables, places.activations) | starts(
            self.normalize_learnables, places.norms
        )

    def prepared(self, samples: torch.Tensor) -> torch.Tensor:
        """Samples (n, …) as the network is to see them: each flattened, preprocessed, shaped back.

        Once for all: rows stand apart, so that the company of a sample changes nothing.
        """
        if self.preprocess is unchanged:
            return samples
        with torch.no_grad():
            rows = samples.flatten(1).split(_ROWS_AT_ONCE)
            return torch.cat([self.preprocess(part) for part in rows]).view_as(samples)

    def rate_factors(self, steps: int) -> list[float]:
        """What the learning rate is multiplied by at each step of a training."""
        progress = [step / steps for step in range(steps)]
        if self.schedule is None:
            return [1 - done for done in progress]
        with torch.no_grad():
            return self.schedule(torch.tensor(progress)).tolist()

    def penalties(self, matrices: Sequence[torch.Tensor]) -> torch.Tensor | None:
        """The penalty of each copy, (copies,), for matrices (copies, outputs, inputs)."""
        if self.penalty is None:
            return None
        each = torch.func.vmap(self.penalty)
        return torch.stack([each(matrix) for matrix in matrices]).sum(0)

    def losses(
        self, own: LossFunction, outputs: torch.Tensor, targets: torch.Tensor
    ) -> torch.Tensor:
        """What training brings down, of each sample: (copies, batch).

        Args:
            own: the losses of the task's own objective.
            outputs: of the network, (copies, batch, outputs).
            targets: (copies, batch) class indices; where no loss is set, whatever `own` takes.
        """
        if self.loss is None:
            return own(outputs, targets)
        expected = F.one_hot(targets, outputs.shape[-1]).to(outputs.dtype)
        # Rows stand apart, so the samples of all copies are rows alike.
        return self.loss(outputs.flatten(0, 1), expected.flatten(0, 1)).view(targets.shape)
