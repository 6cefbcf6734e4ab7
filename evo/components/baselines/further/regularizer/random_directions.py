"""Length of the weights in random directions that are drawn at each step."""

import torch


def regularize(w, noise):
    return 1e-4 * torch.square((w * noise).sum(dim=-1)).sum()
