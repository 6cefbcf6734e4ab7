"""Adam with noise as large as a share of each matrix's gradient.

After Neelakantan et al. 2015 (arXiv 1511.06807); the noise in units of the gradient is ours.
"""

import torch


def update(g, m, v, u, w, t, norm, noise):
    size = torch.sqrt(torch.mean(torch.square(g)))
    g = g + 0.3 * size / (1 + t) ** 0.55 * noise
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * torch.square(g)
    corrected = m / (1 - 0.9**t)
    step = corrected / (torch.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return torch.stack([step, m, v, u])
