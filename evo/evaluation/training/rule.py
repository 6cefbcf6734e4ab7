"""Evolved update rules on stacked copies, with a learning rate and states per copy."""

from collections.abc import Mapping

import torch

from evo.core.informed import Informed
from evo.networks.parts import Update
from evo.networks.state import Noise, drawn_like


class StackedRule:
    """An optimiser with a given update rule; has the interface of `StackedAdam`.

    Args:
        starts: initial values by parameter name, each (copies, …).
        rates: (copies,) learning rates.
        update: the rule for one parameter tensor of one copy, see `Parts`.
        noise: draws what an `Informed` rule takes, for one parameter tensor of all copies.
        in_place: whether states stay where they are in memory, as a recorded step needs.

    Attributes:
        parameters: current values by name; leaves that require a gradient.
    """

    def __init__(
        self,
        starts: Mapping[str, torch.Tensor],
        rates: torch.Tensor,
        update: Update,
        *,
        noise: Noise = torch.zeros,
        in_place: bool = False,
    ) -> None:
        self._in_place = in_place
        # A rule may use a whole tensor, such as its norm, so copies must be separate.
        self._noise = noise if isinstance(update, Informed) else None
        of_noise = () if self._noise is None else (0,)
        self._update = torch.func.vmap(update, in_dims=(0, 0, 0, 0, None, *of_noise))
        self._rates = rates.unsqueeze(1)
        flat = [tensor.reshape(len(tensor), -1).clone() for tensor in starts.values()]
        self._weights = flat
        self.parameters = {
            name: weights.view(start.shape).requires_grad_()
            for (name, start), weights in zip(starts.items(), flat, strict=True)
        }
        self._states = [(torch.zeros_like(weights), torch.zeros_like(weights)) for weights in flat]
        self._steps = torch.zeros((), device=rates.device)

    def step(self, gradients: list[torch.Tensor], *, schedule: float | torch.Tensor) -> None:
        """Apply one update.

        Args:
            gradients: one per parameter, in order, each (copies, …).
            schedule: factor of every copy's learning rate, a number or ().
        """
        self._steps += 1
        rates = schedule * self._rates
        with torch.no_grad():
            for index, gradient in enumerate(gradients):
                weights = self._weights[index]
                update = self._update(
                    gradient.reshape(weights.shape),
                    *self._states[index],
                    weights,
                    self._steps,
                    *drawn_like(weights, self._noise),
                )
                decrease, *states = update.unbind(1)
                weights.addcmul_(decrease, rates, value=-1)
                if self._in_place:
                    for old, new in zip(self._states[index], states, strict=True):
                        old.copy_(new)
                else:
                    self._states[index] = (states[0], states[1])
