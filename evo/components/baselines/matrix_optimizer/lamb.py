import torch


def update(g, m, v, u, w, t, norm):
    """Adam at the scale of the weights, You et al. 2019, arXiv 1904.00962."""
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * torch.square(g)
    step = m / (1 - 0.9**t) / (torch.sqrt(v / (1 - 0.999**t)) + 1e-6)
    trust = torch.clamp(w.norm(), 0.1, 10.0) / (step.norm() + 1e-6)
    return torch.stack([trust * step, m, v, u])
