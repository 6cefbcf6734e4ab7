"""Layers and losses of torch written with operators that a graph may hold. Runs in the child.

torch's own update running statistics, make parameters, draw numbers in training, or are an operator
that no graph has. These compute what theirs do as a component meets them: with fresh parameters.
"""

# ruff: noqa: A002 - the names of arguments are torch's
from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def batch_norm(  # noqa: PLR0917
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,  # noqa: ARG001 - only for statistics that are kept
    eps: float = 1e-5,
) -> Tensor:
    """`F.batch_norm`, by the statistics of its input in training, by those given otherwise."""
    if training:
        dims = [dim for dim in range(input.dim()) if dim != 1]
        variance, mean = torch.var_mean(input, dim=dims, correction=0, keepdim=True)
    elif running_mean is None or running_var is None:
        raise ValueError("batch_norm needs running statistics unless training=True")
    else:
        mean, variance = _per_channel(running_mean, input), _per_channel(running_var, input)
    return _scaled((input - mean) * torch.rsqrt(variance + eps), weight, bias)


def instance_norm(  # noqa: PLR0917
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,  # noqa: ARG001 - only for statistics that are kept
    eps: float = 1e-5,
) -> Tensor:
    """`F.instance_norm` by the statistics of its input."""
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, eps=eps)
    dims = list(range(2, input.dim()))
    variance, mean = torch.var_mean(input, dim=dims, correction=0, keepdim=True)
    return _scaled((input - mean) * torch.rsqrt(variance + eps), weight, bias)


def _per_channel(values: Tensor, input: Tensor) -> Tensor:
    return values.reshape(-1, *[1] * (input.dim() - 2))


def _scaled(values: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    if weight is not None:
        values = values * _per_channel(weight, values)
    return values if bias is None else values + _per_channel(bias, values)


def rrelu(
    input: Tensor,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    training: bool = False,
    inplace: bool = False,  # noqa: ARG001
) -> Tensor:
    """`F.rrelu` outside training; in training it draws its slopes."""
    if training:
        raise RuntimeError("rrelu is random in training; write F.leaky_relu with its mean slope")
    return F.leaky_relu(input, (lower + upper) / 2)


def multi_margin_loss(  # noqa: PLR0917
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: None = None,  # noqa: ARG001
    reduce: None = None,  # noqa: ARG001
    reduction: str = "mean",
) -> Tensor:
    """`F.multi_margin_loss` of rows."""
    index = target.unsqueeze(-1)
    excess = torch.relu(margin - input.gather(-1, index) + input) ** p
    if weight is not None:
        excess = excess * weight[target].unsqueeze(-1)
    others = excess.scatter(-1, index, 0.0)
    loss = others.sum(-1) / input.shape[-1]
    return {"mean": torch.mean, "sum": torch.sum}.get(reduction, torch.clone)(loss)


def _without_parameters(layer: Any, *, option: str) -> Any:
    """A layer whose parameters, ones and zeros that nobody trains, are left out."""

    class Plain(layer):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            options.pop("bias", None)
            # What follows are options, of which parameters are one.
            count = {"GroupNorm": 3}.get(layer.__name__, 2)
            super().__init__(*arguments[:count], **options | {option: False})

    Plain.__name__ = Plain.__qualname__ = layer.__name__
    return Plain


class BatchNorm1d(nn.Module):
    """`nn.BatchNorm1d` by the statistics of its input, with parameters as they start, 1 and 0."""

    def __init__(self, num_features: int, eps: float = 1e-5, *_: Any, **__: Any) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps

    def forward(self, input: Tensor) -> Tensor:
        """The input with mean 0 and variance 1 for each channel."""
        if not self.training:
            raise RuntimeError("BatchNorm1d keeps no averages here; leave out eval()")
        return batch_norm(input, None, None, training=True, eps=self.eps)


STAND_INS: Mapping[tuple[Any, str], Callable[..., Any]] = {
    (F, "batch_norm"): batch_norm,
    (F, "instance_norm"): instance_norm,
    (F, "rrelu"): rrelu,
    (F, "multi_margin_loss"): multi_margin_loss,
    (nn, "BatchNorm1d"): BatchNorm1d,
    (nn, "LayerNorm"): _without_parameters(nn.LayerNorm, option="elementwise_affine"),
    (nn, "RMSNorm"): _without_parameters(nn.RMSNorm, option="elementwise_affine"),
    (nn, "GroupNorm"): _without_parameters(nn.GroupNorm, option="affine"),
}
"""Stand-in by module and name."""
