import torch


def penalize(y, gradient):
    """Double backpropagation, Drucker and LeCun 1992, on signals in place of inputs."""
    return 1e-2 * torch.mean(torch.sum(torch.square(gradient), dim=-1))
