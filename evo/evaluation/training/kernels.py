"""Faster replacements of ATen operators that are slow on a CPU, with equal values and gradients.

Evolved components use these operators a lot. They are slow because of scalar code, and of masks
with another dtype than the data; here every pass is plain float arithmetic.
`benchmarks/bench_kernels.py` measures the ratios. A kernel costs some 50 µs more per call than the
operator, so it must save more than that.
"""

# torch.autograd.Function has no types:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportIncompatibleMethodOverride=false, reportUntypedBaseClass=false

from collections.abc import Callable, Mapping
from typing import Any

import torch

KernelFunction = Callable[..., Any]

_STEEP = 1e38
"""Slope that turns the sign of a difference into 0 or 1, and no difference into one half."""
_MISH_LINEAR = 20.0
"""Above it mish(x) = x in single precision."""
_ASINH_FAR = 1e18
"""Clamp for |x| whose square is still finite."""


class _Extreme(torch.autograd.Function):
    """Minimum or maximum; on a tie each value gets half of the gradient, as in ATen."""

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
    """Share of the gradient: 1 where `lead` > 0, 0 where it is < 0, one half at 0; in place."""
    return lead.mul_(_STEEP).add_(0.5).clamp_(0, 1)


def _if_floats(kernel: type[torch.autograd.Function], otherwise: KernelFunction) -> KernelFunction:
    """Use the kernel for float32 tensors of one shape with gradients, else the operator.

    Under `torch.func.vmap`, too, it is the operator.
    """

    def choose(*values: torch.Tensor) -> torch.Tensor:
        first = values[0]
        fits = all(v.dtype is torch.float32 and v.shape == first.shape for v in values)
        if fits and torch.is_grad_enabled() and not any(map(_is_mapped, values)):
            return kernel.apply(*values)
        return otherwise(*values)

    return choose


_is_mapped: Callable[[torch.Tensor], bool] = torch._C._functorch.is_batchedtensor  # pyright: ignore[reportAttributeAccessIssue, reportPrivateUsage] - it has no public name
"""True under `torch.func.vmap`, which a kernel cannot follow."""

_aten = torch.ops.aten
CPU_KERNELS: Mapping[str, KernelFunction] = {
    "aten.arcsinh.default": _if_floats(_Asinh, _aten.arcsinh.default),
    "aten.asinh.default": _if_floats(_Asinh, _aten.asinh.default),
    "aten.max.other": _if_floats(_Maximum, _aten.max.other),
    "aten.maximum.default": _if_floats(_Maximum, _aten.maximum.default),
    "aten.min.other": _if_floats(_Minimum, _aten.min.other),
    "aten.minimum.default": _if_floats(_Minimum, _aten.minimum.default),
    "aten.mish.default": _if_floats(_Mish, _aten.mish.default),
}
"""Replacement by full operator name."""


def kernels_for(device: str) -> Mapping[str, KernelFunction]:
    """Replacements of operators on a device; none on a GPU, where no operator is slow."""
    return CPU_KERNELS if device == "cpu" else {}
