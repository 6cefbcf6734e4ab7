"""Faster equals of ATen operators that are slow on a CPU, values and gradients alike.

Evolved components are full of them. What makes them slow is scalar code, and masks of another type
than the data; here every pass is plain float arithmetic. `benchmarks/bench_kernels.py` has the
ratios. A kernel costs some 50 µs a call more than the operator, so it must save more than that.
"""

# torch.autograd.Function has no types:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportIncompatibleMethodOverride=false, reportUntypedBaseClass=false

from collections.abc import Callable, Mapping
from typing import Any

import torch

Kernel = Callable[..., Any]

_STEEP = 1e38
"""Turns the sign of a difference into 0 or 1, and no difference into one half."""
_MISH_LINEAR = 20.0
"""Above it mish(x) is x in single precision."""
_ASINH_FAR = 1e18
"""Its square is still finite."""


class _Extreme(torch.autograd.Function):
    """One of two values; a tie gives each half of the gradient, as ATen does."""

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        (share,) = ctx.saved_tensors
        first = gradient * share
        return first, gradient - first


class _Minimum(_Extreme):
    """min(a, b)."""

    @staticmethod
    def forward(ctx: Any, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(_share(b - a))
        return torch.minimum(a, b)


class _Maximum(_Extreme):
    """max(a, b)."""

    @staticmethod
    def forward(ctx: Any, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(_share(a - b))
        return torch.maximum(a, b)


class _Mish(torch.autograd.Function):
    """x · tanh(softplus(x)) = x · n / (n + 2) with n = eˣ (eˣ + 2) (Misra 2019, 1908.08681)."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        power = x.clamp(max=_MISH_LINEAR).exp_()
        gate = (power + 2).mul_(power)
        gate = gate.div_(gate + 2)
        ctx.save_for_backward(x, power, gate)
        return x * gate

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        x, power, gate = ctx.saved_tensors
        # f' = t + x (1 − t²) σ(x), where σ(x) = eˣ / (eˣ + 1)
        slope = (power + 1).reciprocal_().mul_(power).mul_(x)
        slope = slope.addcmul_(slope * gate, gate, value=-1).add_(gate)
        return slope.mul_(gradient)


class _Asinh(torch.autograd.Function):
    """sign(x) · log(|x| + √(x² + 1)), by log1p so that small x keep their digits."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        size = x.abs().clamp_(max=_ASINH_FAR)
        square = size * size
        root = (square + 1).sqrt_()
        ctx.save_for_backward(root)
        return square.div_(root + 1).add_(size).log1p_().copysign_(x)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        (root,) = ctx.saved_tensors
        return gradient / root


def _share(lead: torch.Tensor) -> torch.Tensor:
    """1 where the first value leads, 0 where the second does, one half of a tie; in place."""
    return lead.mul_(_STEEP).add_(0.5).clamp_(0, 1)


def _if_floats(kernel: type[torch.autograd.Function], otherwise: Kernel) -> Kernel:
    """The kernel on floats of one shape that a gradient is asked of, else the operator."""

    def choose(*values: torch.Tensor) -> torch.Tensor:
        first = values[0]
        alike = all(v.dtype is torch.float32 and v.shape == first.shape for v in values)
        if alike and torch.is_grad_enabled():
            return kernel.apply(*values)
        return otherwise(*values)

    return choose


_aten = torch.ops.aten
CPU_KERNELS: Mapping[str, Kernel] = {
    "aten.arcsinh.default": _if_floats(_Asinh, _aten.arcsinh.default),
    "aten.asinh.default": _if_floats(_Asinh, _aten.asinh.default),
    "aten.max.other": _if_floats(_Maximum, _aten.max.other),
    "aten.maximum.default": _if_floats(_Maximum, _aten.maximum.default),
    "aten.min.other": _if_floats(_Minimum, _aten.min.other),
    "aten.minimum.default": _if_floats(_Minimum, _aten.minimum.default),
    "aten.mish.default": _if_floats(_Mish, _aten.mish.default),
}
"""What to call for an operator, by its full name."""


def kernels_for(device: str) -> Mapping[str, Kernel]:
    """What to call in place of operators on a device; a GPU has no slow ones."""
    return CPU_KERNELS if device == "cpu" else {}
