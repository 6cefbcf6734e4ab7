"""The teacher of copies in training: each copy's own weights, averaged over its steps.

Tarvainen and Valpola 2017, arXiv 1703.01780. A loss that reads `teacher` is given its logits.
"""

import torch

from evo.networks.base import Parameters

_MEMORY = 0.98
"""Share of the average that a step leaves as it was, once there have been enough of them."""


class Teacher:
    """Averaged parameters of all copies.

    Attributes:
        parameters: stacked, running statistics averaged alike; empty before the first step.
    """

    def __init__(self) -> None:
        self.parameters: Parameters = {}
        self._steps = 0

    @torch.no_grad()
    def follow(self, parameters: Parameters) -> None:
        """Take in the parameters of a step: a mean of all of them at first, then a moving one."""
        self._steps += 1
        if not self.parameters:
            self.parameters = {name: value.detach().clone() for name, value in parameters.items()}
            return
        share = max(1 - _MEMORY, 1 / self._steps)
        for name, value in parameters.items():
            average = self.parameters[name]
            if average.is_floating_point():
                average.lerp_(value.detach(), share)
            else:  # a count of batches
                average.copy_(value)
