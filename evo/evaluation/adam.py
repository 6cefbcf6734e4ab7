"""Adam on stacked copies, each copy with a learning rate of its own."""

# The fused kernel has no public name for tensors that are no module's parameters:
# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false

import torch

_BETA_1, _BETA_2, _EPSILON = 0.9, 0.999, 1e-8


class StackedAdam:
    """Adam (Kingma & Ba 2015, arXiv 1412.6980) in place on stacked parameters.

    torch's kernel takes one rate for all. Adam's direction does not depend on the rate, so the
    kernel collects every copy's directions, D ← D − schedule · m̂ / (√v̂ + ε), at rate one, and a
    copy's parameters are p = p₀ + rate · D. That is the same arithmetic in another order, and one
    pass over memory where a rate a row takes seven.

    Args:
        parameters: each (copies, …); they are written to.
        rates: (copies,) learning rates.
    """

    def __init__(self, parameters: list[torch.Tensor], rates: torch.Tensor) -> None:
        self._parameters = [tensor.detach() for tensor in parameters]
        self._starts = [tensor.clone() for tensor in self._parameters]
        self._rates = [rates.view(-1, *[1] * (t.dim() - 1)) for t in parameters]
        self._moved = [torch.zeros_like(tensor) for tensor in self._parameters]
        self._mean = [torch.zeros_like(tensor) for tensor in self._parameters]
        self._square = [torch.zeros_like(tensor) for tensor in self._parameters]
        self._steps = [torch.zeros((), device=tensor.device) for tensor in self._parameters]

    def step(self, gradients: list[torch.Tensor], *, schedule: float) -> None:
        """One update; `schedule` in [0, 1] scales every copy's rate."""
        torch._foreach_add_(self._steps, 1)
        torch._fused_adam_(
            self._moved,
            gradients,
            self._mean,
            self._square,
            [],
            self._steps,
            lr=schedule,
            beta1=_BETA_1,
            beta2=_BETA_2,
            weight_decay=0.0,
            eps=_EPSILON,
            amsgrad=False,
            maximize=False,
        )
        for parameter, start, rate, moved in zip(
            self._parameters, self._starts, self._rates, self._moved, strict=True
        ):
            torch.addcmul(start, moved, rate, out=parameter)
