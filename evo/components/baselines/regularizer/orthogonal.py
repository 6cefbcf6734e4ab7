import torch


def regularize(w):
    """How far incoming weights of different units are from standing at right angles."""
    gram = w @ w.transpose(0, 1)
    across = gram - torch.diag(torch.diagonal(gram))
    return 1e-3 * torch.sum(torch.square(across))
