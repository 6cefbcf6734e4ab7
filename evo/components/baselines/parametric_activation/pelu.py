import torch


def activation(x, a, b):
    """PELU (Trottier et al. 2016, arXiv 1605.09332) with exp(b) for its second parameter."""
    width = torch.exp(b)
    return a * torch.where(x > 0, x / width, torch.expm1(torch.clamp(x, max=0.0) / width))
