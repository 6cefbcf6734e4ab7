"""Evolved update rules that see whole matrices, on stacked copies."""

from collections.abc import Mapping, Sequence

import torch

from evo.core.informed import Informed
from evo.networks.parts import Update
from evo.networks.roles import Role, Weight
from evo.networks.state import Noise, drawn_like

_STATES = 3


class StackedMatrixRule:
    """An optimiser whose rule sees matrices; has the interface of `StackedAdam`.

    Args:
        starts: initial values by parameter name, each (copies, …).
        rates: (copies,) learning rates.
        update: the rule for one matrix of one copy, see `Parts`.
        roles: of the parameters, which say how weights are matrices; others are rows.
        noise: draws what an `Informed` rule takes, for one matrix of all copies.
        in_place: whether states stay where they are in memory, as a recorded step needs.

    Attributes:
        parameters: current values by name; leaves that require a gradient.
    """

    def __init__(
        self,
        starts: Mapping[str, torch.Tensor],
        rates: torch.Tensor,
        update: Update,
        roles: Mapping[str, Role],
        *,
        noise: Noise = torch.zeros,
        in_place: bool = False,
    ) -> None:
        self._in_place = in_place
        self._noise = noise if isinstance(update, Informed) else None
        of_noise = () if self._noise is None else (0,)
        self._update = torch.func.vmap(update, in_dims=(0, 0, 0, 0, 0, None, 0, *of_noise))
        self._rates = rates
        self._roles = [roles.get(name) for name in starts]
        self.parameters = {
            name: start.clone(memory_format=torch.contiguous_format).requires_grad_()
            for name, start in starts.items()
        }
        self._states = [
            [
                [torch.zeros_like(matrix) for _ in range(_STATES)]
                for matrix in _matrices(values.detach(), role)
            ]
            for values, role in zip(self.parameters.values(), self._roles, strict=True)
        ]
        self._steps = torch.zeros((), device=rates.device)

    def step(self, gradients: list[torch.Tensor], *, schedule: float | torch.Tensor) -> None:
        """Apply one update.

        Args:
            gradients: one per parameter, in order, each (copies, …).
            schedule: factor of every copy's learning rate, a number or ().
        """
        self._steps += 1
        with torch.no_grad():
            squares = [gradient.flatten(1).square().sum(1) for gradient in gradients]
            norms = torch.stack(squares).sum(0).sqrt()
            for values, gradient, role, states in zip(
                self.parameters.values(), gradients, self._roles, self._states, strict=True
            ):
                pairs = zip(_matrices(gradient, role), _matrices(values, role), strict=True)
                decreases: list[torch.Tensor] = []
                for place, (of_loss, weights) in enumerate(pairs):
                    updated = self._update(
                        *(of_loss, *states[place], weights, self._steps, norms),
                        *drawn_like(weights, self._noise),
                    )
                    decrease, *after = updated.unbind(1)
                    if self._in_place:
                        for old, new in zip(states[place], after, strict=True):
                            old.copy_(new)
                    else:
                        states[place] = after
                    decreases.append(decrease)
                decrease = _joined(decreases, role, values.shape)
                rates = (schedule * self._rates).view(-1, *[1] * (values.dim() - 1))
                values.addcmul_(decrease, rates, value=-1)


def _matrices(values: torch.Tensor, role: Role | None) -> Sequence[torch.Tensor]:
    """The matrices of stacked values, (copies, outputs, inputs) each; (copies, 1, p) of others."""
    if isinstance(role, Weight):
        return [matrix.contiguous() for matrix in role.matrices(values)]
    return [values.reshape(len(values), 1, -1)]


def _joined(matrices: Sequence[torch.Tensor], role: Role | None, shape: torch.Size) -> torch.Tensor:
    """Matrices of all copies as one tensor of the parameter's shape, the reverse of `_matrices`."""
    if not isinstance(role, Weight):
        return matrices[0].reshape(shape)
    copies = zip(*matrices, strict=True)
    return torch.stack([role.joined(of_copy, shape[1:]) for of_copy in copies])
