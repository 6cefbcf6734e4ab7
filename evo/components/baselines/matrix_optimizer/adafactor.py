import torch


def update(g, m, v, u, w, t, norm):
    """Squares by row and column alone, Shazeer & Stern 2018, arXiv 1804.04235, with momentum."""
    v = 0.99 * v + 0.01 * (torch.square(g) + 1e-12)
    rows, columns = v.mean(dim=1, keepdim=True), v.mean(dim=0, keepdim=True)
    size = torch.sqrt(rows * columns / (v.mean() + 1e-30) / (1 - 0.99**t))
    m = 0.9 * m + 0.1 * g / (size + 1e-8)
    return torch.stack([m / (1 - 0.9**t), m, v, u])
