"""Hard swish: x times clip(x + 3, 0, 6) / 6 (Howard et al. 2019)."""

import torch
import torch.nn.functional as F


def activation(x: torch.Tensor) -> torch.Tensor:
    return F.hardswish(x)
