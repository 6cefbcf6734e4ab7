import torch


def initialize(z, fan_in, fan_out):
    """Nearly orthogonal units or inputs (Saxe et al. 2013, arXiv 1312.6120), times √2.

    Newton-Schulz steps bring all singular values towards 1; they start between 0 and about 1.
    """
    w = z / (torch.sqrt(fan_in) + torch.sqrt(fan_out))
    for _ in range(6):
        w = 1.5 * w - 0.5 * (w @ w.T) @ w
    return 1.414 * w
