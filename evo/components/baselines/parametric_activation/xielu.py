import torch
import torch.nn.functional as F


def activation(x, a, b):
    """xIELU (Huang & Schlag 2024, arXiv 2411.13010); both slopes start at 0.8, as there."""
    rising = F.softplus(a - 0.8) * torch.square(x)
    falling = (0.5 + F.softplus(b - 1.05)) * (torch.expm1(torch.clamp(x, max=-1e-6)) - x)
    return torch.where(x > 0, rising, falling) + 0.5 * x
