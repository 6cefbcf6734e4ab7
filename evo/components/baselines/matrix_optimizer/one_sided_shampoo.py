import torch
import torch.nn.functional as F


def inverse_root(gram, steps=8):
    """The inverse square root of a positive matrix by coupled Newton-Schulz steps."""
    identity = torch.eye(gram.shape[0])
    scale = torch.sqrt(torch.sum(torch.square(gram))) + 1e-12
    y, z = gram / scale + 1e-4 * identity, identity
    for _ in range(steps):
        middle = 0.5 * (3.0 * identity - z @ y)
        y, z = y @ middle, middle @ z
    return z / torch.sqrt(scale)


def update(g, m, v, u, w, t, norm):
    """Shampoo (Gupta et al. 2018, arXiv 1802.09568) on the smaller side, as ASGO (An et al. 2025).

    The mean of g gᵀ is kept in the first columns of v; vectors have Adam's squares there.
    """
    rows, columns = g.shape
    m = 0.9 * m + 0.1 * g
    ahead = m / (1 - 0.9**t)
    if rows == 1:
        v = 0.99 * v + 0.01 * torch.square(g)
        step = ahead / (torch.sqrt(v / (1 - 0.99**t)) + 1e-8)
    elif rows > columns:
        gram = 0.95 * v[:columns] + 0.05 * g.T @ g
        step = 0.2 * rows**0.5 * ahead @ inverse_root(gram / (1 - 0.95**t))
        v = F.pad(gram, (0, 0, 0, rows - columns))
    else:
        gram = 0.95 * v[:, :rows] + 0.05 * g @ g.T
        step = 0.2 * columns**0.5 * inverse_root(gram / (1 - 0.95**t)) @ ahead
        v = F.pad(gram, (0, columns - rows))
    return torch.stack([step, m, v, u])
