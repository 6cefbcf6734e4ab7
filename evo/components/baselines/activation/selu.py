"""Self-normalising ELU (Klambauer et al. 2017)."""

import torch
import torch.nn.functional as F


def activation(x: torch.Tensor) -> torch.Tensor:
    return F.selu(x)
