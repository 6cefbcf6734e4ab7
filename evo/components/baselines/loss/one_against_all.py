import torch
import torch.nn.functional as F


def loss(outputs, targets):
    """Cross-entropy of each class against all others."""
    return torch.sum(F.softplus(outputs) - targets * outputs, dim=-1)
