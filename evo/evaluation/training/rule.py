"""Any update rule on stacked copies, each copy with a learning rate and states of its own."""

from collections.abc import Mapping

import torch

from evo.networks.parts import Update


class StackedRule:
    """An optimiser by its rule; what `StackedAdam` is for Adam, and of the same form.

    Args:
        starts: initial values by name, each (copies, …).
        rates: (copies,) learning rates.
        update: of one parameter tensor of one copy, see `Parts`.

    Attributes:
        parameters: current values by name, leaves that a gradient can be asked for.
    """

    def __init__(
        self, starts: Mapping[str, torch.Tensor], rates: torch.Tensor, update: Update
    ) -> None:
        # A rule may look at a whole tensor, such as its norm: copies must stand apart.
        self._update = torch.func.vmap(update, in_dims=(0, 0, 0, 0, None))
        self._rates = rates.unsqueeze(1)
        flat = [tensor.reshape(len(tensor), -1).clone() for tensor in starts.values()]
        self._weights = flat
        self.parameters = {
            name: weights.view(start.shape).requires_grad_()
            for (name, start), weights in zip(starts.items(), flat, strict=True)
        }
        self._states = [(torch.zeros_like(weights), torch.zeros_like(weights)) for weights in flat]
        self._done = torch.zeros((), device=rates.device)

    def step(self, gradients: list[torch.Tensor], *, schedule: float) -> None:
        """One update; `schedule` scales every copy's rate."""
        self._done += 1
        rates = schedule * self._rates
        with torch.no_grad():
            for place, gradient in enumerate(gradients):
                weights = self._weights[place]
                found = self._update(
                    gradient.reshape(weights.shape), *self._states[place], weights, self._done
                )
                down, mean, square = found.unbind(1)
                weights.addcmul_(down, rates, value=-1)
                self._states[place] = (mean, square)
