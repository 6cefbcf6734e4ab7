"""Adam with noise on gradients that decays (Neelakantan et al. 2015, arXiv 1511.06807)."""

import torch


def update(g, m, v, w, t, noise):
    g = g + torch.sqrt(1e-4 / (1 + t) ** 0.55) * noise
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * torch.square(g)
    corrected = m / (1 - 0.9**t)
    return torch.stack([corrected / (torch.sqrt(v / (1 - 0.999**t)) + 1e-8), m, v])
