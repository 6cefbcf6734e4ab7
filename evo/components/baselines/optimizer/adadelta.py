import torch


def update(g, m, v, w, t):
    """Steps as large as steps have been, Zeiler 2012."""
    v = 0.95 * v + 0.05 * torch.square(g)
    step = torch.sqrt(m + 1e-6) / torch.sqrt(v + 1e-6) * g
    return torch.stack([step, 0.95 * m + 0.05 * torch.square(step), v])
