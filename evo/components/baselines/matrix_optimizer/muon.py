import torch


def orthogonal(x, steps=5):
    """Newton-Schulz steps to the nearest orthogonal matrix, with the coefficients of Muon."""
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return x


def update(g, m, v, u, w, t, norm):
    """Jordan et al. 2024, scaled as by Liu et al. 2025, arXiv 2502.16982; Adam for vectors."""
    rows, columns = g.shape
    m = 0.95 * m + 0.05 * g
    v = 0.95 * v + 0.05 * torch.square(g)
    if rows == 1:
        step = m / (1 - 0.95**t) / (torch.sqrt(v / (1 - 0.95**t)) + 1e-8)
    elif rows > columns:
        step = 0.2 * rows**0.5 * orthogonal((0.95 * m + 0.05 * g).T).T
    else:
        step = 0.2 * columns**0.5 * orthogonal(0.95 * m + 0.05 * g)
    return torch.stack([step, m, v, u])
