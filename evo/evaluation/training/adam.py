"""Adam on stacked copies, one learning rate per copy."""

# The fused kernel has no public name for tensors that are no module's parameters:
# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false

from collections.abc import Mapping

import torch

_BETA_1, _BETA_2, _EPSILON = 0.9, 0.999, 1e-8


class StackedAdam:
    """Adam (Kingma & Ba 2015, arXiv 1412.6980) on stacked parameters, which it owns.

    torch's fused kernel takes one rate for all copies. Adam's direction does not depend on the
    rate, so the kernel accumulates each copy's directions, D ← D − schedule · m̂ / (√v̂ + ε), at
    rate one, and a copy's parameters are p = p₀ + rate · D. That is the same arithmetic in another
    order, in one pass over memory where separate rates take seven. All tensors are views of one, so
    that the last pass is a single kernel.

    Args:
        starts: initial values by parameter name, each (copies, …).
        rates: (copies,) learning rates.

    Attributes:
        parameters: current values by name; leaves that require a gradient.
    """

    def __init__(self, starts: Mapping[str, torch.Tensor], rates: torch.Tensor) -> None:
        self._start = torch.cat([tensor.flatten() for tensor in starts.values()])
        self._rate = torch.cat(
            [rates.repeat_interleave(tensor[0].numel()) for tensor in starts.values()]
        )
        self._current = self._start.clone()
        self._moved = torch.zeros_like(self._start)
        sizes = [tensor.numel() for tensor in starts.values()]
        shapes = [tensor.shape for tensor in starts.values()]

        def views(flat: torch.Tensor) -> list[torch.Tensor]:
            return [part.view(shape) for part, shape in zip(flat.split(sizes), shapes, strict=True)]

        self.parameters = {
            name: tensor.requires_grad_()
            for name, tensor in zip(starts, views(self._current.detach()), strict=True)
        }
        self._moved_by_tensor = views(self._moved)
        self._mean = views(torch.zeros_like(self._start))
        self._square = views(torch.zeros_like(self._start))
        self._steps = torch.zeros((), device=self._start.device)

    def step(self, gradients: list[torch.Tensor], *, schedule: float | torch.Tensor) -> None:
        """Apply one update.

        Args:
            gradients: one per parameter, in order, each (copies, …).
            schedule: factor of every copy's learning rate, a number or ().
        """
        self._steps += 1
        torch._fused_adam_(
            self._moved_by_tensor,
            # The kernel ignores strides: a transposed gradient, such as that of a penalty on
            # w @ w.T, would move the wrong weights.
            [gradient.contiguous() for gradient in gradients],
            self._mean,
            self._square,
            [],
            [self._steps] * len(gradients),
            lr=schedule,
            beta1=_BETA_1,
            beta2=_BETA_2,
            weight_decay=0.0,
            eps=_EPSILON,
            amsgrad=False,
            maximize=False,
        )
        torch.addcmul(self._start, self._moved, self._rate, out=self._current)
