"""Running statistics of features, for normalisations that take a mean and a variance.

In training they are those of the copy's batch, and gradients flow through them; in tests they are
averages over the batches so far, as in batch norm (Ioffe and Szegedy 2015, arXiv 1502.03167). The
averages stand among a network's parameters, and no optimiser trains them.
"""

from collections.abc import Mapping

import torch

_MOMENTUM = 0.1
"""Weight of a batch in the averages, torch's default."""
_PREFIX = "running "
"""No learnable has a name that begins so."""


def running_starts(features: Mapping[str, int]) -> dict[str, torch.Tensor]:
    """Averages of one copy before training, by parameter name: means of 0, variances of 1.

    Args:
        features: number of features at each layer with a normalisation.
    """
    return {
        _key(statistic, layer): torch.full((count,), start)
        for layer, count in features.items()
        for statistic, start in (("mean", 0.0), ("variance", 1.0))
    }


def is_running(name: str) -> bool:
    """True if a parameter of this name is such an average."""
    return name.startswith(_PREFIX)


def statistics_at(
    layer: str,
    signal: torch.Tensor,
    parameters: Mapping[str, torch.Tensor],
    *,
    rows_dim: int,
    is_training: bool,
) -> list[torch.Tensor]:
    """Mean and variance of the features of a layer: the signal's shape without its rows.

    Args:
        layer: its name.
        signal: features last.
        parameters: hold the averages, which a step of training moves in place.
        rows_dim: dimension over which the batch's are taken.
        is_training: whether this is a step of training.
    """
    averages = [parameters[_key(name, layer)] for name in ("mean", "variance")]
    if not is_training:
        return averages
    variance, mean = torch.var_mean(signal, dim=rows_dim, correction=0)
    with torch.no_grad():
        for average, value in zip(averages, (mean, variance), strict=True):
            average.mul_(1 - _MOMENTUM).add_(_MOMENTUM * value.detach())
    return [mean, variance]


def _key(statistic: str, layer: str) -> str:
    return f"{_PREFIX}{statistic}@{layer}"
