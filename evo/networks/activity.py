"""Penalties of signals: what activations give in a step of training, noted and passed on.

`Parts.activity` is the penalty of one signal. While a step runs, `TrainingState.signals` holds what
each activation gave, copies first.
"""

from collections.abc import Sequence

import torch

from evo.core.informed import Informed
from evo.networks.parts import Parts


def activity_penalties(
    parts: Parts, outputs: torch.Tensor, losses: torch.Tensor
) -> torch.Tensor | None:
    """The penalty of each copy for the signals of a step: (copies,); None without a component.

    Args:
        parts: whose state has the signals.
        outputs: of the network, (copies, batch, outputs), the last signal.
        losses: of each sample, (copies, batch), made of these signals.
    """
    if parts.activity is None:
        return None
    signals = [*(parts.state.signals or []), [outputs]]
    rows = [_rows(signal) for signal in signals]
    if not isinstance(parts.activity, Informed):
        return torch.stack([torch.func.vmap(parts.activity)(one) for one in rows]).sum(0)
    slopes = [torch.zeros_like(one) for one in rows]
    if parts.activity_sees_gradients:
        whole = [part for signal in signals for part in signal]
        gradients = iter(
            torch.autograd.grad(
                losses.sum(), whole, create_graph=True, allow_unused=True, materialize_grads=True
            )
        )
        slopes = [_rows([next(gradients) for _ in signal]) for signal in signals]
    numbers = (parts.state.progress, len(signals))
    progress, layers = (parts.state.number(number, outputs) for number in numbers)
    informed = torch.func.vmap(parts.activity, (0, 0, None, None, None))
    penalties = [
        informed(one, slope, progress, parts.state.number(n, one), layers)
        for n, (one, slope) in enumerate(zip(rows, slopes, strict=True), 1)
    ]
    return torch.stack(penalties).sum(0)


def _rows(signal: Sequence[torch.Tensor]) -> torch.Tensor:
    """A signal as rows of features: (copies, rows, features)."""
    return torch.cat([part.flatten(1, -2) for part in signal]).float()
